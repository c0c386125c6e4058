//! Upgraded connections: a server that takes every upgrade, as for WebSocket.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Time limit for each byte of a head.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts a server that accepts every upgrade and sends back what it gets.
///
/// # Errors
///
/// When there is no free port.
pub async fn echo() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback port for the tunnel")?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // The connection ends when the client closes it.
            tokio::spawn(async move { serve(connection).await.unwrap_or_default() });
        }
    });
    Ok(address)
}

async fn serve(mut connection: TcpStream) -> anyhow::Result<()> {
    read_head(&mut connection).await?;
    let head = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    connection.write_all(head.as_bytes()).await?;
    let (mut reader, mut writer) = connection.split();
    tokio::io::copy(&mut reader, &mut writer).await?;
    Ok(())
}

/// Reads up to the empty line after the headers.
///
/// # Errors
///
/// When the connection ends before, or stays silent.
pub async fn read_head(connection: &mut TcpStream) -> anyhow::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(LIMIT, connection.read_u8()).await.context("no head")??);
    }
    Ok(String::from_utf8(head)?)
}
