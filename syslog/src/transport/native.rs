//! TCP and UDP over tokio, for tests and native tools.

use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::target::{Protocol, Target};
use super::{BURST, Connection, SendError, Transport, TransportError};
use crate::message::frame::Messages;

/// Connects to a target over tokio.
#[derive(Clone, Copy, Debug)]
pub struct NativeTransport {
    target: Target,
    patience: Duration,
}

/// An open socket.
#[derive(Debug)]
pub enum NativeConnection {
    /// A TCP connection.
    Tcp(TcpStream, NativeTransport),
    /// A UDP socket that sends to the target.
    Udp(UdpSocket, NativeTransport),
}

impl NativeTransport {
    /// A transport in which each wait for the receiver is at most `patience`.
    pub fn new(target: Target, patience: Duration) -> Self {
        Self { target, patience }
    }

    fn error(&self, doing: &str, reason: impl std::fmt::Display) -> TransportError {
        TransportError::new(format_args!("{doing} {}", self.target.address), reason)
    }

    async fn open(&self) -> std::io::Result<NativeConnection> {
        let address = self.target.address;
        match self.target.protocol {
            Protocol::Tcp => Ok(NativeConnection::Tcp(TcpStream::connect(address).await?, *self)),
            Protocol::Udp => {
                let any: SocketAddr =
                    if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(address).await?;
                Ok(NativeConnection::Udp(socket, *self))
            }
        }
    }
}

impl Transport for NativeTransport {
    type Connection = NativeConnection;

    async fn connect(&self) -> Result<NativeConnection, TransportError> {
        match timeout(self.patience, self.open()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(self.error("connecting to", error)),
            Err(_) => Err(self.error("connecting to", format_args!("no answer in {:?}", self.patience))),
        }
    }
}

impl Connection for NativeConnection {
    async fn is_open(&mut self) -> bool {
        // Lets the runtime process events of the socket.
        tokio::task::yield_now().await;
        match self {
            // A receiver never answers, so the only event on the connection is its end.
            Self::Tcp(stream, _) => {
                matches!(stream.try_read(&mut [0; 64]), Err(error) if error.kind() == ErrorKind::WouldBlock)
            }
            Self::Udp(..) => true,
        }
    }

    async fn send(&mut self, messages: &Messages, first: usize) -> Result<usize, SendError> {
        match self {
            Self::Tcp(stream, transport) => send_stream(stream, transport, messages, first).await,
            Self::Udp(socket, _) => Ok(send_datagrams(socket, messages, first).await),
        }
    }

    async fn finish(mut self) -> Result<(), TransportError> {
        const DOING: &str = "ending the connection to";
        let is_open = self.is_open().await;
        let Self::Tcp(stream, transport) = self else { return Ok(()) };
        if !is_open {
            return Err(transport.error(DOING, "the receiver closed it before it had everything"));
        }
        match timeout(transport.patience, end_stream(stream)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(transport.error(DOING, error)),
            Err(_) => Err(transport
                .error(DOING, format_args!("the receiver did not close it in {:?}", transport.patience))),
        }
    }
}

/// Closes this side and waits for the receiver to close its side.
async fn end_stream(stream: TcpStream) -> std::io::Result<()> {
    // Tokio's own shutdown treats a connection that no longer exists as closed properly.
    let stream = stream.into_std()?;
    stream.shutdown(Shutdown::Write)?;
    let mut stream = TcpStream::from_std(stream)?;
    stream.read_to_end(&mut Vec::new()).await?;
    stream.take_error()?.map_or(Ok(()), Err)
}

async fn send_stream(
    stream: &mut TcpStream,
    transport: &NativeTransport,
    messages: &Messages,
    first: usize,
) -> Result<usize, SendError> {
    let bytes = messages.bytes_from(first);
    let mut written = 0;
    let failed = |written, reason: &dyn std::fmt::Display| SendError {
        sent: messages.whole_within(first, written),
        error: transport.error("sending to", reason),
    };
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match timeout(transport.patience, stream.write(rest)).await {
            Ok(Ok(0)) => return Err(failed(written, &"the connection takes no more")),
            Ok(Ok(count)) => written += count,
            Ok(Err(error)) => return Err(failed(written, &error)),
            Err(_) => {
                return Err(failed(written, &format_args!("nothing taken in {:?}", transport.patience)));
            }
        }
    }
    Ok(0)
}

/// Sends each message and returns how many were refused. A refusal may concern an earlier datagram, reported only by
/// the next call, so each message gets a second try.
async fn send_datagrams(socket: &UdpSocket, messages: &Messages, first: usize) -> usize {
    let mut refused = 0;
    let (burst, pause) = BURST;
    for (message, number) in messages.iter_from(first).zip(1_usize..) {
        if socket.send(message).await.is_err() && socket.send(message).await.is_err() {
            refused += 1;
        }
        if number.is_multiple_of(burst) {
            tokio::time::sleep(pause).await;
        }
    }
    refused
}
