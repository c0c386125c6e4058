//! A private rsyslog for a test, with its own configuration, state and ports, and no service manager.
//!
//! It receives syslog over UDP and TCP on one loopback port, and writes each parsed message to a file, one JSON object
//! per line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// Time limit for rsyslog to start, to stop, and to write received messages.
const LIMIT: Duration = Duration::from_secs(30);

/// A running rsyslog; killed when dropped.
#[derive(Debug)]
pub struct Rsyslog {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

/// A message as parsed by rsyslog.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Received {
    /// `user`, `local0`, …
    pub facility: String,
    /// `info`, `err`, …
    pub severity: String,
    /// Program and process id: `kong[1]`, with RFC 3164 and a colon.
    pub tag: String,
    /// The sending host.
    pub host: String,
    /// The time in the message, in RFC 3339.
    pub time: String,
    /// The text after the tag.
    pub text: String,
}

impl Rsyslog {
    /// Starts rsyslog with room for messages of `max_message_bytes`.
    ///
    /// # Errors
    ///
    /// When there is no rsyslog, or it does not start (the error has its output).
    pub async fn start(max_message_bytes: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address().await?;
        std::fs::write(
            folder.path().join("rsyslog.conf"),
            config(folder.path(), address, max_message_bytes),
        )?;
        let process = spawn(folder.path())?;
        let mut rsyslog = Self { process, address, folder };
        rsyslog.await_ready().await?;
        Ok(rsyslog)
    }

    /// The address on which it listens, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops rsyslog like a service manager (SIGTERM), so that it writes what it has read, and starts it again on
    /// the same port.
    ///
    /// # Errors
    ///
    /// When it does not end or does not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        self.process = spawn(self.folder.path())?;
        self.await_ready().await
    }

    /// Stops rsyslog (SIGTERM).
    ///
    /// # Errors
    ///
    /// When it does not end within half a minute.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.process.id() {
            let status = Command::new("kill").arg(pid.to_string()).status().await?;
            anyhow::ensure!(status.success(), "kill {pid} failed");
        }
        let end = tokio::time::timeout(LIMIT, self.process.wait()).await;
        end.with_context(|| format!("rsyslog did not end within {LIMIT:?} of SIGTERM"))??;
        Ok(())
    }

    /// The messages received so far.
    ///
    /// # Errors
    ///
    /// When the file cannot be parsed.
    pub fn received(&self) -> anyhow::Result<Vec<Received>> {
        let text = std::fs::read_to_string(self.folder.path().join("received")).unwrap_or_default();
        // The last line may be incomplete.
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        whole.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// The number of messages received so far, without parsing them.
    pub fn received_lines(&self) -> u64 {
        let bytes = std::fs::read(self.folder.path().join("received")).unwrap_or_default();
        bytes.iter().filter(|byte| **byte == b'\n').count() as u64
    }

    /// The received messages, once there are `count`.
    ///
    /// # Errors
    ///
    /// When there are fewer after half a minute; the error quotes rsyslog.
    pub async fn await_received(&self, count: usize) -> anyhow::Result<Vec<Received>> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let received = self.received()?;
            if received.len() >= count {
                return Ok(received);
            }
            if Instant::now() > deadline {
                bail!(
                    "{} of {count} messages after {LIMIT:?}; rsyslog said:\n{}",
                    received.len(),
                    self.log()
                );
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The file in the form of `/var/log/messages`, once it has `count` lines. rsyslog writes it after the other one.
    ///
    /// # Errors
    ///
    /// When it has fewer after half a minute.
    pub async fn await_messages_file(&self, count: usize) -> anyhow::Result<String> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let file = std::fs::read_to_string(self.folder.path().join("messages")).unwrap_or_default();
            if file.lines().count() >= count && file.ends_with('\n') {
                return Ok(file);
            }
            anyhow::ensure!(Instant::now() < deadline, "not {count} lines after {LIMIT:?} but:\n{file}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("rsyslog.log")).unwrap_or_default()
    }

    /// rsyslog opens its UDP port before its TCP port.
    async fn await_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + LIMIT;
        while TcpStream::connect(self.address).await.is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("rsyslog ended at once ({status}); it said:\n{}", self.log());
            }
            if Instant::now() > deadline {
                bail!("rsyslog did not listen after {LIMIT:?}; it said:\n{}", self.log());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

fn spawn(folder: &Path) -> anyhow::Result<Child> {
    let binary = find()?;
    let log = std::fs::File::options().create(true).append(true).open(folder.join("rsyslog.log"))?;
    Command::new(&binary)
        .arg("-n")
        .arg("-f")
        .arg(folder.join("rsyslog.conf"))
        .arg("-i")
        .arg(folder.join("rsyslog.pid"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} does not start", binary.display()))
}

/// The rsyslog to use: `rsyslogd` on the path or in the folders of daemons.
///
/// # Errors
///
/// When there is none; the error says how to get one.
pub fn find() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join("rsyslogd")).find(|file| file.is_file());
    found.context(
        "there is no `rsyslogd`: run this through `cargo xtask`, which installs it (Debian: rsyslog)",
    )
}

/// Checks `config` with `rsyslogd -N1`.
///
/// # Errors
///
/// The problems reported by rsyslog.
pub async fn validate(config: &Path) -> anyhow::Result<()> {
    let output = Command::new(find()?).args(["-N1", "-f"]).arg(config).output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "rsyslog refuses {}:\n{said}", config.display());
    Ok(())
}

/// An address whose port is free for UDP and TCP.
async fn free_address() -> anyhow::Result<SocketAddr> {
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = tcp.local_addr()?;
        if UdpSocket::bind(address).await.is_ok() {
            return Ok(address);
        }
    }
}

fn config(folder: &Path, address: SocketAddr, max_message_bytes: usize) -> String {
    let (folder, ip, port) = (folder.display(), address.ip(), address.port());
    format!(
        r#"
global(workDirectory="{folder}" maxMessageSize="{max_message_bytes}" net.enableDNS="off"
       internalmsg.ratelimit.burst="10000")
module(load="imudp")
module(load="imtcp" maxSessions="2000")
template(name="received" type="list" option.jsonf="on") {{
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="tag" name="syslogtag" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
ruleset(name="network") {{
  action(type="omfile" file="{folder}/received" template="received")
  action(type="omfile" file="{folder}/messages" template="RSYSLOG_TraditionalFileFormat")
}}
input(type="imudp" address="{ip}" port="{port}" ruleset="network")
input(type="imtcp" address="{ip}" port="{port}" ruleset="network")
"#
    )
}
