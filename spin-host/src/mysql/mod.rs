//! `spin:mysql@3.0.0` on MySQL or MariaDB servers.
//!
//! What a component sees is what Spin's own host shows it:
//!
//! - a server only when `allowed_outbound_hosts` names it as `mysql://host:port`; each `open` is a new connection to it;
//! - every statement is prepared, so `BEGIN` fails; dropping the connection rolls back what is open;
//! - texts are read where the server says STRING, VAR_STRING or BLOB, which are VARCHAR, `CAST(x AS CHAR(n))`, `LEFT(x, n)`
//!   and a bare TEXT of any length; those with a binary collation, MariaDB's JSON among them, come as bytes;
//! - dates, decimals, MySQL's JSON, MEDIUM_BLOB and LONG_BLOB (`CAST(x AS CHAR)` of a long text, many columns of
//!   `information_schema`) and every other type fail the statement, unless the value is NULL;
//! - an error of the server is told by `execute`; `query` says no more than "channel closed";
//! - a connection that is dropped while another one is being opened hangs the component;
//! - nobody is told how many rows a statement changed;
//! - results of at most 128 MiB.
//!
//! Connections with TLS (`?ssl-mode=` in the URL) are refused; Spin offers them.

mod connection;
mod host;
mod rows;
mod values;

pub use connection::Connection;
