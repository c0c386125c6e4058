//! A local stand-in for `spin up`: runs the components of a `spin.toml` on wasmtime, with SQLite from libSQL.
//!
//! ```no_run
//! # async fn run() -> anyhow::Result<()> {
//! use gatelog_spin_host::App;
//!
//! let app = App::builder("spin.toml").variable("store", "libsql").sqlite_file("logs.db").start().await?;
//! println!("{}", app.url("/health"));
//! app.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The path of a request
//!
//! `server` accepts a request, `dispatch` finds the component by its route ([`router`]), a handler from
//! `wasmtime-wasi-http` gives it to an instance whose lifetime `instance` controls, and `state` holds what that
//! instance owns. `component` creates instances; they may call `sqlite`, `mysql`, `variables`, `outbound_http`
//! and `sockets`; `logs` keeps their output. `app` assembles everything from [`manifest`] and
//! [`runtime_config`].
//!
//! # What is the same as in Spin 4.1
//!
//! A component that works here must work in Spin, so the unpleasant behaviour is copied too:
//!
//! - an instance serves up to 128 requests, 16 at once, and ends after a second without work; statics live that
//!   long; a trap ends every request in flight in it; work that a handler leaves behind continues; a busy
//!   component keeps the other requests of its instance waiting;
//! - SQLite: only databases named in the manifest, at most [`MAX_CONNECTIONS`] connections per instance; one
//!   statement per call, the rest of the text is ignored; journal mode `delete` until it is set; a wait of 5 s for a
//!   lock; results of at most 128 MiB; no `ATTACH` of files; an SQL error arrives in the result's future, never from
//!   `execute`;
//! - SQLite on a libSQL server (`type = "libsql"`): one request for each statement; changed rows are counted as 0;
//! - MySQL: each `open` is a new connection; every statement is prepared; dates, decimals and texts of the types MEDIUM_BLOB
//!   and LONG_BLOB fail the statement; `query` does not report the server's errors, `execute` does;
//! - variables, `allowed_outbound_hosts`, sockets and files: anything not granted by the manifest is refused; a rule must
//!   be valid with the defaults of its variables;
//! - HTTP: no TCP_NODELAY, so a response without `Content-Length`, which takes two writes, takes up to 40 ms longer;
//!   a request without a readable host gets no response and its connection is closed; a header that is not UTF-8 is
//!   answered with 500; a client's values under the names of Spin's own headers come before Spin's;
//! - output that cannot be written is an error, which makes `eprintln!` trap the component ([`Logs::set_full`]).
//!
//! # Known differences
//!
//! - SQLite is 3.47 (libSQL's), Spin's is 3.49.
//! - For a libSQL server, Spin's client rewrites each statement, so a column without an alias has another name; it also
//!   sends and reads bytes, which the local host refuses.
//! - Databases are reached without TLS: a libSQL server at `https://`, or MySQL with `?ssl-mode=`, is refused.
//! - Stricter: a rule of `allowed_outbound_hosts` that the given values of variables make invalid, two triggers with one route, a value for an undeclared variable, requests to the application itself
//!   (`self`, `*.spin.internal`), static responses, inline components, key-value stores, AI models, component dependencies, triggers other than HTTP, WASI 0.2 components and downloads are refused at
//!   the start; so is a database file that cannot be opened, which Spin notices only at the first statement.
//! - A component that computes endlessly yields every 10 ms, so that it cannot keep other components from
//!   answering; Spin needs a free thread for that.
//! - `changes` and `last-insert-rowid` with unread rows hang the component as in Spin, and the log says so.
//! - TCP and UDP through WASI 0.2 sockets may be bound to the unspecified address, which Spin refuses. WASI 0.3
//!   sockets behave as in Spin.
//! - A UDP or TCP address is checked against the rules, not against blocked networks of a runtime configuration.
//! - A client that hangs up right after a request: the server is the same, and drops a request whose connection has ended
//!   before the request is read, unless it carries `expect: 100-continue`. Spin reads later and so drops more: 296 of
//!   300, and none with `expect: 100-continue`.
//! - Files are copied into one folder that the component sees as `/`.
//! - Outbound HTTP opens a connection for each request. There is no TLS on the listener, no `/.well-known/spin/info`,
//!   no log folder, no telemetry, and no variable provider other than flags and the environment.

mod app;
mod bindings;
mod component;
mod component_handle;
mod dispatch;
mod files;
mod instance;
mod logs;
pub mod manifest;
mod mysql;
pub mod outbound;
mod outbound_http;
mod resource;
pub mod router;
mod running;
pub mod runtime_config;
mod server;
mod sockets;
mod sqlite;
mod state;
mod taking_up;
pub mod template;
mod variables;

pub use app::{App, AppBuilder};
pub use logs::{LogLine, LogSource, Logs};
pub use running::RunningApp;
pub use sqlite::MAX_CONNECTIONS;
