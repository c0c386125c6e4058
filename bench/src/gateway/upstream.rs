//! The upstream of the measurements: answers that are made once, so that it takes little of the core that it shares.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, yield_now};

use super::exchange::Kind;
use super::http_message::{content_length, head_length};

/// Bytes that are read at once.
const READ: usize = 16 << 10;

/// A running upstream; stops when dropped.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    ///
    /// When there is no free port, or an answer cannot be made.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let answers = Kind::ALL.into_iter().map(|kind| Ok((kind, kind.answer()?)));
        let answers: Arc<[(Kind, Vec<Vec<u8>>)]> = answers.collect::<anyhow::Result<_>>()?;
        let server = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let _ = connection.set_nodelay(true);
                let answers = Arc::clone(&answers);
                // A connection that ends in any way is Envoy's to notice.
                tokio::spawn(async move { serve(connection, &answers).await.unwrap_or_default() });
            }
        });
        Ok(Self { address, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut connection: TcpStream, answers: &[(Kind, Vec<Vec<u8>>)]) -> std::io::Result<()> {
    let mut received = Vec::with_capacity(READ);
    loop {
        let Some(head) = head_length(&received) else {
            if connection.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let (kind, length) = {
            let head = received.get(..head).unwrap_or_default();
            (Kind::of_request(head), head.len() + content_length(head).unwrap_or(0))
        };
        while received.len() < length {
            if connection.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        }
        received.drain(..length);
        let Some((_, parts)) = answers.iter().find(|(of, _)| *of == kind) else { return Ok(()) };
        for part in parts {
            connection.write_all(part).await?;
            // Others have their turn, so that the parts of a stream leave one by one.
            yield_now().await;
        }
    }
}
