//! A private Turso server: `tursodb --sync-server`, a real Turso database behind Turso's HTTP protocol.

use std::net::TcpStream;

use tempfile::TempDir;

use crate::server::{self, Server};
use crate::shim::Shim;

const INSTALL: &str = "install Turso's npm package (npm install turso), whose program is tursodb";

/// A Turso server; killed when dropped.
#[derive(Debug)]
pub struct Turso {
    shim: Shim,
    _server: Server,
    _folder: TempDir,
}

impl Turso {
    /// The token that the server requires.
    pub const TOKEN: &'static str = "t0ken-of-tests";

    /// Starts a server with an empty database. It supports `POST /v2/pipeline` with the requests `execute`, `batch`
    /// and `close`, and `POST /v3/cursor` with one statement.
    ///
    /// # Errors
    ///
    /// When `tursodb` is not installed (the error says how to install it) or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let program = server::find("tursodb", "GATELOG_TURSODB", INSTALL)?;
        let folder = TempDir::with_prefix("gatelog-turso-")?;
        let address = format!("127.0.0.1:{}", server::free_port()?);
        let arguments =
            ["--sync-server".into(), address.clone().into(), folder.path().join("turso.db").into()];
        let mut server = Server::start(&program, &arguments, folder.path())?;
        server.await_ready(|| TcpStream::connect(&address).is_ok())?;
        let shim = Shim::start(format!("http://{address}"), Self::TOKEN.to_owned())?;
        Ok(Self { shim, _server: server, _folder: folder })
    }

    /// The server's URL: `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.shim.address())
    }
}
