//! `spin:mysql@3.0.0` on MySQL or MariaDB servers.
//!
//! A component sees the behaviour of Spin's own host:
//!
//! - a server is reachable only when `allowed_outbound_hosts` names it as `mysql://host:port`; each `open` makes a new
//!   connection;
//! - every statement is prepared, so `BEGIN` fails; dropping the connection rolls back an open transaction;
//! - texts are read where the server reports STRING, VAR_STRING or BLOB, which are VARCHAR, `CAST(x AS CHAR(n))`, `LEFT(x,
//!   n)` and a bare TEXT of any length; those with a binary collation, including MariaDB's JSON, are returned as bytes;
//! - dates, decimals, MySQL's JSON, MEDIUM_BLOB and LONG_BLOB (`CAST(x AS CHAR)` of a long text, many columns of
//!   `information_schema`) and every other type fail the statement, unless the value is NULL;
//! - `execute` reports a server error; `query` reports only "channel closed";
//! - a connection that is dropped while another one is being opened hangs the component;
//! - the number of changed rows is not reported;
//! - results are at most 128 MiB.
//!
//! Connections with TLS (`?ssl-mode=` in the URL) are refused; Spin offers them.

mod connection;
mod host;
mod rows;
mod values;

pub use connection::Connection;
