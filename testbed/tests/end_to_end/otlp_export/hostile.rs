//! Tests with receivers that break off at any point, answer without end, or do nothing: none may cause an instance of the
//! component to fail, and every record is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::component::Exporting;

/// What a receiver does with the connection of the given number.
type Behaviour = fn(TcpStream, usize) -> futures::future::BoxFuture<'static, std::io::Result<()>>;

struct Hostile {
    endpoint: String,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Hostile {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counter.fetch_add(1, Ordering::Relaxed);
                // An error means that the other side ended the connection, which may happen at any point.
                tokio::spawn(async move { behaviour(stream, number).await.unwrap_or_default() });
            }
        });
        Self { endpoint, connections, task }
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads the start of a request.
async fn read_some(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.read(&mut [0; 16 * 1024]).await.map(drop)
}

/// Answers each time with more than the time before, and ends the connection in different ways.
fn cuts_off(
    mut stream: TcpStream,
    number: usize,
) -> futures::future::BoxFuture<'static, std::io::Result<()>> {
    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 21\r\n\r\n{\"partialSuccess\":{}}";
    Box::pin(async move {
        let turn = number / 3;
        if !turn.is_multiple_of(4) {
            read_some(&mut stream).await?;
        }
        let sent = (turn * 7) % ANSWER.len();
        stream.write_all(&ANSWER[..sent]).await?;
        match number % 3 {
            0 => Ok(()),
            1 => stream.set_zero_linger(),
            _ => {
                stream.shutdown().await?;
                read_some(&mut stream).await
            }
        }
    })
}

/// Answers with a body of a declared endless length.
fn never_ends(mut stream: TcpStream, _: usize) -> futures::future::BoxFuture<'static, std::io::Result<()>> {
    Box::pin(async move {
        read_some(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
        loop {
            stream.write_all(b"10000\r\n").await?;
            stream.write_all(&[b' '; 0x10000]).await?;
            stream.write_all(b"\r\n").await?;
        }
    })
}

/// Answers one byte of a body at a time.
fn drips(mut stream: TcpStream, _: usize) -> futures::future::BoxFuture<'static, std::io::Result<()>> {
    Box::pin(async move {
        read_some(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await?;
        loop {
            stream.write_all(b" ").await?;
            sleep(Duration::from_millis(20)).await;
        }
    })
}

/// Answers with headers without end.
fn endless_headers(
    mut stream: TcpStream,
    _: usize,
) -> futures::future::BoxFuture<'static, std::io::Result<()>> {
    Box::pin(async move {
        read_some(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
        for number in 0_u64.. {
            stream.write_all(format!("x-{number}: {}\r\n", "a".repeat(1_000)).as_bytes()).await?;
        }
        Ok(())
    })
}

/// Answers with something else.
fn no_http(mut stream: TcpStream, _: usize) -> futures::future::BoxFuture<'static, std::io::Result<()>> {
    Box::pin(async move {
        read_some(&mut stream).await?;
        stream.write_all(b"220 mail.example.com ESMTP\r\n").await?;
        read_some(&mut stream).await
    })
}

/// Reads and says nothing.
fn silent(mut stream: TcpStream, _: usize) -> futures::future::BoxFuture<'static, std::io::Result<()>> {
    Box::pin(async move {
        while stream.read(&mut [0; 16 * 1024]).await? > 0 {}
        Ok(())
    })
}

/// Takes the connection and reads nothing.
fn deaf(stream: TcpStream, _: usize) -> futures::future::BoxFuture<'static, std::io::Result<()>> {
    Box::pin(async move {
        futures::future::pending::<()>().await;
        drop(stream);
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_no_receiver_harms_the_component_and_every_record_is_counted() {
    let receivers: [(Behaviour, &[&str]); 7] = [
        (cuts_off, &["sent", "unreachable"]),
        (never_ends, &["sent"]),
        (drips, &["unreachable"]),
        (endless_headers, &["unreachable"]),
        (no_http, &["unreachable"]),
        (silent, &["unreachable"]),
        (deaf, &["unreachable"]),
    ];
    for (behaviour, outcomes) in receivers {
        let receiver = Hostile::start(behaviour).await;
        let more = [("timeout_ms", "300"), ("max_retry_ms", "400")];
        let exporting = Exporting::to(&receiver.endpoint, "best_effort", &more).await;
        for batch in 0..40 {
            let (status, answer) = exporting.post(batch * 5, batch * 5 + 4).await;
            assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &5.into()), "{answer}");
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        while exporting.counted().await < 200 {
            assert!(Instant::now() < deadline, "{outcomes:?}: {}", exporting.functions.log());
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(exporting.counted().await, 200, "{outcomes:?}");
        if let [outcome] = outcomes {
            exporting.await_counted(&[(outcome, 200)]).await;
        }
        exporting.assert_no_instance_failed();
        assert_eq!(exporting.stored().await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_at_least_once_no_way_of_ending_a_connection_harms_the_component() {
    const CLIENTS: usize = 8;
    const CONNECTIONS: usize = 150;
    let receiver = Hostile::start(cuts_off).await;
    let exporting = Exporting::to(&receiver.endpoint, "at_least_once", &[("timeout_ms", "500")]).await;
    let deadline = Instant::now() + Duration::from_secs(120);
    let client = |client: usize| {
        let (exporting, connections) = (&exporting, &receiver.connections);
        async move {
            while connections.load(Ordering::Relaxed) < CONNECTIONS {
                assert!(Instant::now() < deadline, "{}", exporting.functions.log());
                let (status, answer) = exporting.post(client * 5, client * 5 + 4).await;
                assert!(
                    [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&status),
                    "{status} {answer}"
                );
            }
        }
    };
    futures::future::join_all((0..CLIENTS).map(client)).await;
    exporting.assert_no_instance_failed();
    assert_eq!(exporting.stored().await, (CLIENTS * 5) as u64);
}
