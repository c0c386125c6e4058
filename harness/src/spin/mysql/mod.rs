//! `spin:mysql@3.0.0` on MySQL or MariaDB servers.
//!
//! What a component sees is what Spin's own host shows it:
//!
//! - a server only when `allowed_outbound_hosts` names it as `mysql://host:port`; each `open` is a new connection to it;
//! - every statement is prepared, so `BEGIN` fails; dropping the connection rolls back what is open;
//! - dates, decimals and other types that the interface does not know fail the statement, unless the value is NULL;
//!   JSON, long texts and texts with a binary collation come as bytes;
//! - an error of the server is told by `execute`; `query` says no more than "channel closed";
//! - nobody is told how many rows a statement changed;
//! - results of at most 128 MiB.
//!
//! Connections with TLS (`?ssl-mode=` in the URL) are refused; Spin offers them.

mod connection;
mod host;
mod rows;
mod values;

pub use connection::Connection;
