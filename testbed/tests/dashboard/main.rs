//! The dashboard in a real Chromium, over the functions and a database with records of every kind.

#![expect(clippy::unwrap_used, reason = "what a browser cannot do fails the test")]
#![expect(clippy::panic, reason = "a page that never shows what it should fails the test")]

mod accessibility;
mod filters;
mod live;
mod one_request;
mod page;
mod records;
mod site;
mod tabs;
mod token;
mod views;
