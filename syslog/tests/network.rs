//! Tests of delivery over real sockets to receivers in the test.

#![cfg(feature = "native")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where its set-up fails")]

use std::net::SocketAddr;
use std::time::Duration;

use gatelog_forward::Guarantee;
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_syslog::transport::native::NativeTransport;
use gatelog_syslog::{Delivery, Messages, Sink, SinkConfig};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Long enough for a loaded machine; no test waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

struct Sender {
    sink: Sink,
    delivery: Delivery<NativeTransport>,
}

impl Sender {
    fn new(protocol: &str, address: SocketAddr, settings: &[(&str, &str)], patience: Duration) -> Self {
        let text_of = |name: &str| match name {
            "protocol" => protocol.to_owned(),
            "address" => address.ip().to_string(),
            "port" => address.port().to_string(),
            _ => {
                let default = if name == "delivery" { "best_effort" } else { "" };
                settings.iter().find(|(key, _)| *key == name).map_or(default, |(_, value)| value).to_owned()
            }
        };
        let options = SinkConfig::read(text_of).unwrap().unwrap();
        let sink = Sink::new(&options, "[{}]").unwrap();
        let delivery = Delivery::new(NativeTransport::new(options.target, patience), options.promise);
        Self { sink, delivery }
    }

    fn messages(&self, paths: &[String]) -> Messages {
        let records: Vec<AccessRecord<'_>> = paths
            .iter()
            .map(|path| AccessRecord {
                path: path.as_str().into(),
                response_code: 200,
                ..AccessRecord::default()
            })
            .collect();
        self.sink.messages(&records, Timestamp::MIN)
    }

    async fn send(&self, paths: &[String]) -> Result<(), String> {
        let messages = self.messages(paths);
        self.delivery
            .deliver(&messages, || Duration::ZERO, &self.sink.stats)
            .await
            .map_err(|error| error.to_string())
    }
}

fn paths(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("/{number}")).collect()
}

/// The request URI within a message.
fn uri(message: &[u8]) -> String {
    let message = std::str::from_utf8(message).unwrap();
    let (header, json) = message.split_once(": ").unwrap();
    assert!(header.starts_with("<14>") && header.ends_with(" kong[1]"), "{header}");
    let log: Value = serde_json::from_str(json).unwrap();
    log.pointer("/request/uri").and_then(Value::as_str).unwrap().to_owned()
}

/// The next message of a stream with octet counting; `None` at its end.
async fn next(stream: &mut TcpStream) -> Option<String> {
    let mut length = 0;
    loop {
        match stream.read_u8().await {
            Ok(digit @ b'0'..=b'9') => length = length * 10 + usize::from(digit - b'0'),
            Ok(b' ') => break,
            Ok(other) => panic!("{other} within a length"),
            Err(_) => return None,
        }
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.unwrap();
    Some(uri(&message))
}

async fn take(stream: &mut TcpStream, count: usize) -> Vec<String> {
    let mut taken = Vec::new();
    for _ in 0..count {
        taken.push(next(stream).await.unwrap());
    }
    taken
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn batches_arrive_over_one_tcp_connection() {
    let (listener, address) = listener().await;
    let sender = Sender::new("tcp", address, &[], PATIENCE);
    sender.send(&paths(3)).await.unwrap();
    sender.send(&paths(2)).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    assert_eq!(take(&mut stream, 5).await, ["/0", "/1", "/2", "/0", "/1"]);
    assert_eq!(sender.sink.stats.connects.value(), 1);
}

#[tokio::test]
async fn a_connection_that_the_receiver_closed_is_replaced_without_loss() {
    let (listener, address) = listener().await;
    let sender = Sender::new("tcp", address, &[], PATIENCE);
    sender.send(&paths(1)).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    assert_eq!(take(&mut stream, 1).await, ["/0"]);
    stream.shutdown().await.unwrap();
    drop(stream);
    sender.send(&paths(2)).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    assert_eq!(take(&mut stream, 2).await, ["/0", "/1"]);
    assert_eq!(sender.sink.stats.connects.value(), 2);
    assert_eq!(sender.sink.stats.failed.value(), 0);
}

#[tokio::test]
async fn a_large_batch_of_large_messages_arrives_whole() {
    let (listener, address) = listener().await;
    let sender = Sender::new("tcp", address, &[("max_message_bytes", "262144")], PATIENCE);
    let paths: Vec<String> = (0..50).map(|number| format!("/{}", "x".repeat(20_000 + number))).collect();
    let (sent, received) = tokio::join!(sender.send(&paths), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        take(&mut stream, paths.len()).await
    });
    sent.unwrap();
    assert_eq!(received, paths);
}

#[tokio::test]
async fn a_line_based_receiver_gets_one_line_per_message() {
    for delivery in ["best_effort", "at_least_once"] {
        let (listener, address) = listener().await;
        let settings = [("framing", "newline"), ("delivery", delivery)];
        let sender = Sender::new("tcp", address, &settings, PATIENCE);
        let sent = ["/0".to_owned(), "/a\nb\r\n".to_owned(), format!("/{}", "x".repeat(1_500))];
        let (outcome, received) = tokio::join!(
            async {
                let outcome = sender.send(&sent).await;
                drop(sender);
                outcome
            },
            async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut received = Vec::new();
                stream.read_to_end(&mut received).await.unwrap();
                received
            }
        );
        outcome.unwrap();
        let lines: Vec<String> = received.split_inclusive(|byte| *byte == b'\n').map(uri).collect();
        assert_eq!(lines, sent);
    }
}

#[tokio::test]
async fn at_least_once_succeeds_when_the_receiver_has_read_everything() {
    let (listener, address) = listener().await;
    let sender = Sender::new("tcp", address, &[("delivery", "at_least_once")], PATIENCE);
    assert_eq!(sender.delivery.promise(), Guarantee::AtLeastOnce);
    let paths = paths(2);
    let (sent, received) = tokio::join!(sender.send(&paths), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let received = take(&mut stream, 2).await;
        assert_eq!(next(&mut stream).await, None);
        received
    });
    sent.unwrap();
    assert_eq!(received, paths);
}

#[tokio::test]
async fn at_least_once_fails_when_the_receiver_stops_without_reading() {
    for looks in [false, true] {
        let (listener, address) = listener().await;
        let sender = Sender::new("tcp", address, &[("delivery", "at_least_once")], PATIENCE);
        let paths = paths(2);
        let (sent, ()) = tokio::join!(sender.send(&paths), async {
            let (stream, _) = listener.accept().await.unwrap();
            if looks {
                // A socket that is closed with unread data resets the connection.
                stream.peek(&mut [0; 8]).await.unwrap();
            }
        });
        let error = sent.unwrap_err();
        assert!(error.starts_with("2 of 2 syslog messages were not delivered: "), "{error}");
        assert_eq!(sender.sink.stats.sent.value(), 0);
    }
}

#[tokio::test]
async fn a_receiver_that_does_nothing_is_given_up() {
    let (_listener, address) = listener().await;
    let patience = Duration::from_millis(50);
    let sender = Sender::new("tcp", address, &[("delivery", "at_least_once")], patience);
    let error = sender.send(&paths(1)).await.unwrap_err();
    assert!(error.contains("did not close it in 50ms"), "{error}");
}

#[tokio::test]
async fn an_absent_receiver_is_an_error_that_names_it() {
    let (listener, address) = listener().await;
    drop(listener);
    let sender = Sender::new("tcp", address, &[], PATIENCE);
    let error = sender.send(&paths(4)).await.unwrap_err();
    assert!(
        error.contains(&format!("4 of 4 syslog messages were not delivered: connecting to {address}")),
        "{error}"
    );
    assert!(sender.send(&paths(1)).await.unwrap_err().contains("has failed before"));
    assert_eq!(sender.sink.stats.failed.value(), 5);
}

#[tokio::test]
async fn each_message_is_a_datagram() {
    let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sender = Sender::new("udp", receiver.local_addr().unwrap(), &[], PATIENCE);
    sender.send(&paths(3)).await.unwrap();
    let mut buffer = vec![0; 65_536];
    for number in 0..3 {
        let length = receiver.recv(&mut buffer).await.unwrap();
        assert_eq!(uri(buffer.get(..length).unwrap()), format!("/{number}"));
    }
    assert_eq!(sender.sink.stats.sent.value(), 3);
}

#[tokio::test]
async fn the_largest_datagram_is_sent_whole() {
    let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = receiver.local_addr().unwrap();
    let sender = Sender::new("udp", address, &[("max_message_bytes", "65507")], PATIENCE);
    let long = format!("/{}", "x".repeat(30_000));
    sender.send(std::slice::from_ref(&long)).await.unwrap();
    let mut buffer = vec![0; 65_536];
    let length = receiver.recv(&mut buffer).await.unwrap();
    assert!(length > 60_000, "{length}");
    assert_eq!(uri(buffer.get(..length).unwrap()), long);
}

#[tokio::test]
async fn an_absent_receiver_of_datagrams_does_not_stop_the_others() {
    let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = receiver.local_addr().unwrap();
    drop(receiver);
    let sender = Sender::new("udp", address, &[], PATIENCE);
    // Whether the system reports an absent receiver depends on timing; sending again must work in any case.
    let _ = sender.send(&paths(3)).await;
    let receiver = UdpSocket::bind(address).await.unwrap();
    sender.send(&paths(1)).await.unwrap();
    let mut buffer = vec![0; 65_536];
    let length = receiver.recv(&mut buffer).await.unwrap();
    assert_eq!(uri(buffer.get(..length).unwrap()), "/0");
}
