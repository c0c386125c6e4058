//! TCP and UDP through wasi:sockets 0.3, as Spin's host provides them to a component.
//!
//! A connection outlives the request that opened it, and the host ends a request only when none of its operations
//! is pending; so no operation is left pending between two calls.
//!
//! The host traps when a stream is used after the host has reported that the other end is gone. It also reports this in
//! the result of an operation that is cancelled because it was dropped or timed out. The result of every operation on a
//! stream is therefore checked: [`Answers`] never reads again after the end, and [`Tcp::write`] writes no more.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, select};
use spin_sdk::wasip3::clocks::monotonic_clock;
use spin_sdk::wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket, UdpSocket,
};
use spin_sdk::wasip3::wit_bindgen::rt::async_support::{
    FutureReader, StreamReader, StreamResult, StreamWriter,
};
use spin_sdk::wasip3::wit_stream;

use super::target::{Protocol, Target};
use super::{BURST, Connection, SendError, Transport, TransportError};
use crate::message::frame::Messages;

/// Connects to a target through the host.
#[derive(Clone, Copy, Debug)]
pub struct WasiTransport {
    target: Target,
    patience: Duration,
}

/// An open socket.
pub enum WasiConnection {
    /// A TCP connection.
    Tcp(Box<Tcp>),
    /// A UDP socket that sends to the target.
    Udp(UdpSocket, WasiTransport),
}

/// A TCP connection: bytes written to `writer` are sent, and the receiver's bytes are read from `answers`.
pub struct Tcp {
    writer: StreamWriter<u8>,
    sent: FutureReader<Result<(), ErrorCode>>,
    answers: Answers,
    received: FutureReader<Result<(), ErrorCode>>,
    transport: WasiTransport,
    /// Ends the connection when dropped, so it is dropped last.
    _socket: TcpSocket,
}

/// The receiver's side of the stream, from which only the end is expected.
struct Answers {
    reader: StreamReader<u8>,
    /// Whether the end has been reached.
    ended: bool,
}

/// Bytes written at a time; the transport's patience applies to each piece.
const CHUNK_BYTES: usize = 64 * 1024;
/// Buffer for the receiver's bytes; none are expected.
const ANSWER_BYTES: usize = 64;

impl WasiTransport {
    /// A transport in which each wait for the receiver is at most `patience`.
    pub fn new(target: Target, patience: Duration) -> Self {
        Self { target, patience }
    }

    fn error(&self, doing: &str, reason: impl std::fmt::Display) -> TransportError {
        TransportError::new(format_args!("{doing} {}", self.target.address), reason)
    }

    fn code(&self, doing: &str, code: &ErrorCode) -> TransportError {
        self.error(doing, format_args!("{code:?}"))
    }

    /// The future's result, or an error when it takes too long.
    async fn within<F: Future>(&self, doing: &str, future: F) -> Result<F::Output, TransportError> {
        match select(pin!(future), pin!(monotonic_clock::wait_for(nanos(self.patience)))).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => {
                Err(self.error(doing, format_args!("nothing happened in {:?}", self.patience)))
            }
        }
    }
}

impl Transport for WasiTransport {
    type Connection = WasiConnection;

    async fn connect(&self) -> Result<WasiConnection, TransportError> {
        const DOING: &str = "connecting to";
        let (family, address) = wasi_address(self.target.address);
        match self.target.protocol {
            Protocol::Tcp => {
                let socket = TcpSocket::create(family).map_err(|code| self.code(DOING, &code))?;
                let connected = self.within(DOING, socket.connect(address)).await?;
                connected.map_err(|code| self.code(DOING, &code))?;
                let (writer, outgoing) = wit_stream::new();
                let sent = socket.send(outgoing);
                let (reader, received) = socket.receive();
                let transport = *self;
                Ok(WasiConnection::Tcp(Box::new(Tcp {
                    writer,
                    sent,
                    answers: Answers { reader, ended: false },
                    received,
                    transport,
                    _socket: socket,
                })))
            }
            Protocol::Udp => {
                let socket = UdpSocket::create(family).map_err(|code| self.code(DOING, &code))?;
                // Spin refuses datagrams from a socket that is not connected.
                socket.connect(address).map_err(|code| self.code(DOING, &code))?;
                Ok(WasiConnection::Udp(socket, *self))
            }
        }
    }
}

impl Connection for WasiConnection {
    async fn is_open(&mut self) -> bool {
        match self {
            Self::Tcp(tcp) => !tcp.answers.have_ended(),
            Self::Udp(..) => true,
        }
    }

    async fn send(&mut self, messages: &Messages, first: usize) -> Result<usize, SendError> {
        match self {
            Self::Tcp(tcp) => tcp.send(messages, first).await,
            Self::Udp(socket, transport) => Ok(transport.send_datagrams(socket, messages, first).await),
        }
    }

    async fn finish(mut self) -> Result<(), TransportError> {
        let is_open = self.is_open().await;
        match self {
            Self::Tcp(tcp) if !is_open => {
                let reason = "the receiver closed it before it had everything";
                Err(tcp.transport.error("ending the connection to", reason))
            }
            Self::Tcp(tcp) => tcp.finish().await,
            Self::Udp(..) => Ok(()),
        }
    }
}

impl Tcp {
    async fn send(&mut self, messages: &Messages, first: usize) -> Result<usize, SendError> {
        const DOING: &str = "sending to";
        let mut written = 0;
        let failed = |written, error| SendError { sent: messages.whole_within(first, written), error };
        for chunk in messages.bytes_from(first).chunks(CHUNK_BYTES) {
            let transport = self.transport;
            let writing = transport.within(DOING, self.write(chunk)).await;
            // Part of a chunk that was given up may have been sent, so messages in it may arrive twice.
            let count = writing.map_err(|error| failed(written, error))?;
            written += count;
            if count < chunk.len() {
                let error = transport.error(DOING, "the connection takes no more");
                return Err(failed(written, error));
            }
        }
        Ok(0)
    }

    /// Writes as much of the chunk as the connection takes, and returns the number of bytes.
    async fn write(&mut self, chunk: &[u8]) -> usize {
        let (mut status, mut rest) = self.writer.write(chunk.to_vec()).await;
        while rest.remaining() > 0 && status != StreamResult::Dropped {
            (status, rest) = self.writer.write_buf(rest).await;
        }
        chunk.len().saturating_sub(rest.remaining())
    }

    async fn finish(self) -> Result<(), TransportError> {
        const DOING: &str = "ending the connection to";
        let Self { writer, sent, mut answers, received, transport, _socket } = self;
        let ended = async {
            drop(writer);
            sent.await?;
            answers.end().await;
            received.await
        };
        transport.within(DOING, ended).await?.map_err(|code| transport.code(DOING, &code))
    }
}

impl Answers {
    /// Whether the end is known to have been reached.
    fn have_ended(&mut self) -> bool {
        if !self.ended {
            let mut read = pin!(self.reader.read(Vec::with_capacity(ANSWER_BYTES)));
            let (status, _) = match read.as_mut().now_or_never() {
                Some(answer) => answer,
                // Cancelling the read may reveal that the end was reached meanwhile.
                None => read.cancel(),
            };
            self.ended = status == StreamResult::Dropped;
        }
        self.ended
    }

    /// Waits for the end.
    async fn end(&mut self) {
        let mut answer = Vec::with_capacity(ANSWER_BYTES);
        while !self.ended {
            answer.clear();
            let (status, buffer) = self.reader.read(answer).await;
            answer = buffer;
            self.ended = status == StreamResult::Dropped;
        }
    }
}

impl WasiTransport {
    /// Sends each message and returns how many were refused. A refusal may concern an earlier datagram, reported
    /// only by the next call, so each message gets a second try.
    async fn send_datagrams(&self, socket: &UdpSocket, messages: &Messages, first: usize) -> usize {
        let mut refused = 0;
        let (burst, pause) = BURST;
        for (message, number) in messages.iter_from(first).zip(1_usize..) {
            let mut sent = false;
            for _ in 0..2 {
                let sending = self.within("sending to", socket.send(message.to_vec(), None)).await;
                sent = matches!(sending, Ok(Ok(())));
                if sent {
                    break;
                }
            }
            refused += usize::from(!sent);
            if number.is_multiple_of(burst) {
                monotonic_clock::wait_for(nanos(pause)).await;
            }
        }
        refused
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn wasi_address(address: SocketAddr) -> (IpAddressFamily, IpSocketAddress) {
    let port = address.port();
    match address.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, g, h] = ip.segments();
            let address = (a, b, c, d, e, f, g, h);
            let socket = Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 };
            (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(socket))
        }
    }
}
