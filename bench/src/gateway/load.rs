//! Load on a gateway in slices of a tenth of a second, over connections that stay open between them.
//!
//! `wrk` runs for whole seconds and opens connections anew for each run. So this sends by itself: a request on every
//! connection, then each next one as soon as the answer before it is there, in turn.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::exchange::Kind;
use super::http_message::message_length;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections to one gateway that send one kind of request.
#[derive(Debug)]
pub struct Load {
    connections: Vec<Connection>,
    request: Vec<u8>,
}

/// When sending ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After as many requests, or a few more so that each connection sends as many.
    Sent(u64),
}

/// The result of one slice.
#[derive(Clone, Copy, Debug)]
pub struct Throughput {
    /// Requests that were answered with 200: all that were sent.
    pub requests: u64,
    /// Requests answered per second.
    pub per_second: f64,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    part: Vec<u8>,
}

impl Load {
    /// Opens the connections.
    ///
    /// # Errors
    ///
    /// When the gateway does not take one.
    pub fn open(gateway: SocketAddr, kind: Kind, connections: u32) -> anyhow::Result<Self> {
        let connect = |_| -> anyhow::Result<Connection> {
            let stream = TcpStream::connect(gateway)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(Connection { stream, received: Vec::new(), part: vec![0; 16 << 10] })
        };
        let connections = (0..connections).map(connect).collect::<anyhow::Result<_>>()?;
        Ok(Self { connections, request: kind.request() })
    }

    /// Sends requests, and waits for the answers to all of them.
    ///
    /// # Errors
    ///
    /// When a request fails or is not answered with 200: a failure is cheaper than an answer and would count as speed.
    pub fn run(&mut self, until: Until) -> anyhow::Result<Throughput> {
        let Self { connections, request } = self;
        let start = Instant::now();
        let mut requests = 0;
        for connection in &mut *connections {
            connection.stream.write_all(request)?;
            requests += 1;
        }
        loop {
            let is_over = match until {
                Until::Elapsed(time) => start.elapsed() >= time,
                Until::Sent(enough) => requests >= enough,
            };
            for connection in &mut *connections {
                connection.await_answer()?;
                if !is_over {
                    connection.stream.write_all(request)?;
                    requests += 1;
                }
            }
            if is_over {
                return Ok(Throughput {
                    requests,
                    per_second: requests as f64 / start.elapsed().as_secs_f64(),
                });
            }
        }
    }
}

impl Connection {
    fn await_answer(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some(length) = message_length(&self.received) {
                let is_ok = self.received.starts_with(b"HTTP/1.1 200 ");
                anyhow::ensure!(is_ok, "the gateway answered {}", String::from_utf8_lossy(&self.received));
                self.received.drain(..length);
                return Ok(());
            }
            let count = self.stream.read(&mut self.part).context("no answer")?;
            anyhow::ensure!(count > 0, "the gateway closed a connection");
            self.received.extend_from_slice(self.part.get(..count).unwrap_or_default());
        }
    }
}
