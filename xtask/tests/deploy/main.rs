//! What people deploy, checked with the tools that they use: the image of the filter, the manifests, the release.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is of another shape fails the test"
)]

mod image;
mod manifests;
mod release;
mod run;
mod systemd;
mod target;
