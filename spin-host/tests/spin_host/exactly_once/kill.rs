//! The host is repeatedly killed (SIGKILL) between the commit and the response, and the batch is sent again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gatelog_artifacts::workspace;

use super::resend::number;
use super::store::{assert_stored_once, body, connect, ids, stored};

/// Records in a batch.
const RECORDS: usize = 50;
/// How often the host must die after the commit and before the response.
const KILLS: usize = 200;
/// Starts after which the test gives up, because the kill does not always hit the moment.
const MAX_STARTS: usize = 1_500;
/// Longer than a commit ever takes here.
const PATIENCE: Duration = Duration::from_secs(20);

/// When the host died.
#[derive(Debug, Default)]
struct Deaths {
    before_the_commit: usize,
    between_commit_and_answer: usize,
    after_the_answer: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_between_commit_and_response_200_times_loses_and_duplicates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("gatelog.db");
    // Creates the tables, so that every later commit is that of a batch.
    let mut first = Host::start(&database);
    first.address();
    assert_eq!(first.post(&body(ids(0, RECORDS))), (RECORDS, 0));
    drop(first);
    let watch = connect(&database).await;
    let mut deaths = Deaths::default();
    let mut batch = 1;
    let mut next = Host::start(&database);
    while deaths.between_commit_and_answer < KILLS {
        assert!(batch < MAX_STARTS, "the moment is met too rarely: {deaths:?}");
        let mut host = next;
        host.address();
        // The next host starts while this one dies.
        next = Host::start(&database);
        // The client does not know the outcome of the previous batch, so it sends it again, the second half
        // first.
        let (new, old) = host.post(&body(ids(batch - 1, RECORDS).skip(RECORDS / 2)));
        assert!((new, old) == (0, RECORDS / 2) || (new, old) == (RECORDS / 2, 0), "{new} new, {old} old");
        let (new, old) = host.post(&body(ids(batch - 1, RECORDS)));
        assert!(
            (new, old) == (0, RECORDS) || (new, old) == (RECORDS / 2, RECORDS / 2),
            "{new} new, {old} old"
        );
        let before = data_version(&watch).await;
        let mut connection = host.send(&body(ids(batch, RECORDS)));
        let sent = Instant::now();
        while data_version(&watch).await == before {
            assert!(sent.elapsed() < PATIENCE, "the batch was not committed");
        }
        host.process.kill().unwrap();
        host.process.wait().unwrap();
        let mut answer = Vec::new();
        // A broken connection is expected here.
        let _ = connection.read_to_end(&mut answer);
        let stored = stored(&watch, &format!("batch-{batch}-")).await.len();
        match (stored, answer.is_empty()) {
            (RECORDS, true) => deaths.between_commit_and_answer += 1,
            (RECORDS, false) => deaths.after_the_answer += 1,
            (0, true) => deaths.before_the_commit += 1,
            _ => panic!("{stored} of {RECORDS} records are stored: {}", String::from_utf8_lossy(&answer)),
        }
        batch += 1;
    }
    next.address();
    let (new, old) = next.post(&body(ids(batch - 1, RECORDS)));
    assert_eq!(new + old, RECORDS);
    drop(next);
    println!("the host was killed {} times: {deaths:?}", batch - 1);
    assert_stored_once(&database, (0..batch).flat_map(|batch| ids(batch, RECORDS))).await;
}

/// Changes when another connection has committed.
async fn data_version(connection: &libsql::Connection) -> i64 {
    let mut rows = connection.query("PRAGMA data_version", ()).await.unwrap();
    rows.next().await.unwrap().unwrap().get(0).unwrap()
}

/// A process that serves the functions; killed when dropped.
struct Host {
    process: Child,
    address: Option<String>,
}

impl Host {
    /// Starts a process without waiting for it.
    fn start(database: &Path) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_gatelog-local"))
            .args(["up", "--quiet", "--listen", "127.0.0.1:0", "--from"])
            .arg(workspace().join("spin.toml"))
            .arg("--sqlite-file")
            .arg(database)
            // Files that a killed host cannot remove are deleted with the database.
            .env("TMPDIR", database.parent().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { process, address: None }
    }

    /// The address of the process, once it serves.
    fn address(&mut self) -> &str {
        let process = &mut self.process;
        self.address.get_or_insert_with(|| {
            let mut line = String::new();
            BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            let (_, address) =
                line.trim().split_once("http://").unwrap_or_else(|| panic!("no address in {line:?}"));
            address.to_owned()
        })
    }

    /// Sends a batch, and returns the connection on which the response arrives.
    fn send(&mut self, body: &str) -> TcpStream {
        let mut connection = TcpStream::connect(self.address()).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "POST /ingest HTTP/1.1\r\nhost: gatelog.test\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all((head + body).as_bytes()).unwrap();
        connection
    }

    /// Sends a batch that must be acknowledged, and returns the numbers of accepted and duplicate records.
    fn post(&mut self, body: &str) -> (usize, usize) {
        let mut answer = String::new();
        self.send(body).read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        (number(&answer, "accepted"), number(&answer, "duplicates"))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
