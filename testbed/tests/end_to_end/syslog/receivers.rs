//! Tests with receivers that close, half-close or reset a connection at any point, or do nothing until the component
//! gives up: none may cause an instance of the component to fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::component::Ingest;

/// A receiver that ends each connection in a different way, and reads every other one to the end.
struct Moody {
    port: String,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy)]
enum End {
    Close,
    Reset,
    HalfClose,
}

/// Records in a request; their messages together are about three kilobytes.
const BATCH: usize = 5;
/// The most bytes after which a connection is ended: more than a batch.
const MOST_BYTES: usize = 4_000;

impl Moody {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counter.fetch_add(1, Ordering::Relaxed);
                // An error means that the other side ended the connection, which may happen at any point.
                tokio::spawn(async move { receive(stream, number).await.unwrap_or_default() });
            }
        });
        Self { port, connections, task }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Moody {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(mut stream: TcpStream, number: usize) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let turn = number / 2;
    if number % 2 == 1 {
        while stream.read(&mut buffer).await? > 0 {}
        return Ok(());
    }
    let end = [End::Close, End::Reset, End::HalfClose][turn % 3];
    let mut left = turn * 389 % MOST_BYTES;
    while left > 0 {
        let room = left.min(buffer.len());
        match stream.read(&mut buffer[..room]).await? {
            0 => break,
            count => left -= count,
        }
    }
    // Hits moments shortly after the component has sent, for which a timer is too coarse.
    let (start, delay) = (Instant::now(), Duration::from_micros((turn % 16 * 8) as u64));
    while start.elapsed() < delay {
        std::hint::spin_loop();
    }
    match end {
        End::Close => {}
        End::Reset => stream.set_zero_linger()?,
        End::HalfClose => {
            stream.shutdown().await?;
            while stream.read(&mut buffer).await? > 0 {}
        }
    }
    Ok(())
}

async fn with(receiver: &Moody, delivery: &str) -> Ingest {
    let variables =
        [("syslog_delivery", delivery), ("syslog_port", &*receiver.port), ("syslog_timeout_ms", "1000")];
    Ingest::start(&variables).await
}

fn assert_no_instance_failed(ingest: &Ingest) {
    let log = ingest.functions.log();
    let failed: Vec<&str> = log.lines().filter(|line| line.contains("an instance failed")).collect();
    assert!(failed.is_empty(), "{} failed, the first: {}", failed.len(), failed[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_no_way_of_ending_a_connection_harms_the_component() {
    const CLIENTS: usize = 8;
    const REQUESTS: usize = 250;
    let receiver = Moody::start().await;
    let ingest = with(&receiver, "best_effort").await;
    let client = |client: usize| {
        let ingest = &ingest;
        async move {
            for request in 0..REQUESTS {
                let first = (client * REQUESTS + request) * BATCH;
                let (status, answer) = ingest.post(first, first + BATCH - 1).await;
                assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &BATCH.into()), "{answer}");
            }
        }
    };
    futures::future::join_all((0..CLIENTS).map(client)).await;
    assert_no_instance_failed(&ingest);
    assert_eq!(ingest.stored().await, (CLIENTS * REQUESTS * BATCH) as u64);
    // Every kind of end has occurred, each followed by a connection that is read to its end.
    assert!(receiver.connections() >= 6, "{} connections", receiver.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn under_at_least_once_no_way_of_ending_a_connection_harms_the_component() {
    const CLIENTS: usize = 8;
    const CONNECTIONS: usize = 400;
    let receiver = Moody::start().await;
    let ingest = with(&receiver, "at_least_once").await;
    let deadline = Instant::now() + Duration::from_secs(120);
    let client = |client: usize| {
        let (ingest, receiver) = (&ingest, &receiver);
        async move {
            let (mut acknowledged, first) = (0, client * BATCH);
            while receiver.connections() < CONNECTIONS {
                assert!(Instant::now() < deadline, "{} connections", receiver.connections());
                let (status, answer) = ingest.post(first, first + BATCH - 1).await;
                match status {
                    StatusCode::OK => acknowledged += 1,
                    StatusCode::SERVICE_UNAVAILABLE => {}
                    _ => panic!("{status} {answer}"),
                }
            }
            acknowledged
        }
    };
    let acknowledged = futures::future::join_all((0..CLIENTS).map(client)).await;
    assert_no_instance_failed(&ingest);
    assert_eq!(ingest.stored().await, (CLIENTS * BATCH) as u64);
    assert!(acknowledged.iter().sum::<usize>() > 0, "what the receiver reads to the end is acknowledged");
}

/// Listens with room for one unaccepted connection, and with a small receive buffer.
async fn tight_listener() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(1).unwrap()
}

/// Connects until the listener has no room for another connection: the next one waits.
async fn fill(listener: &TcpListener) -> Vec<TcpStream> {
    let mut held = Vec::new();
    let address = listener.local_addr().unwrap();
    while let Ok(connected) =
        tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(address)).await
    {
        held.push(connected.unwrap());
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_while_connecting_sending_or_closing_does_not_harm_the_component() {
    for (is_full, records, doing) in
        [(true, 1, "connecting to"), (false, 4_000, "sending to"), (false, 1, "ending the connection to")]
    {
        let listener = tight_listener().await;
        let _held = if is_full { fill(&listener).await } else { Vec::new() };
        let port = listener.local_addr().unwrap().port().to_string();
        let variables = [
            ("syslog_delivery", "at_least_once"),
            ("syslog_port", &*port),
            ("syslog_timeout_ms", "50"),
            ("syslog_queue_max_bytes", "33554432"),
        ];
        let ingest = Ingest::start(&variables).await;
        // Messages of several records exceed the buffers in between.
        let behind = "?".to_owned() + &"x".repeat(900);
        let accept = async {
            if is_full {
                return std::future::pending::<()>().await;
            }
            let mut taken = Vec::new();
            loop {
                taken.push(listener.accept().await);
            }
        };
        let post = async {
            let deadline = Instant::now() + Duration::from_secs(60);
            let given_up = || {
                let log = ingest.functions.log();
                log.lines()
                    .filter(|line| line.contains(doing) && line.contains("nothing happened in 50ms"))
                    .count()
            };
            while given_up() < 4 {
                assert!(Instant::now() < deadline, "{doing}: {}", ingest.functions.log());
                let (status, answer) = ingest.post_with(1, records, &behind).await;
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{doing}: {answer}");
            }
        };
        tokio::select! {
            () = post => {}
            () = accept => {}
        }
        assert_no_instance_failed(&ingest);
        assert_eq!(ingest.stored().await, records as u64, "{doing}");
    }
}
