//! WebDriver, as far as tests and benchmarks speak it: commands over HTTP, each a JSON object, each answered by one
//! (<https://www.w3.org/TR/webdriver2/>).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::Client;

/// The key of an element's id in answers, which the standard fixes.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session: one browser with one window.
#[derive(Debug)]
pub struct Session {
    client: Client,
    url: String,
}

impl Session {
    /// Starts a browser by the driver at `driver`, with these capabilities.
    ///
    /// # Errors
    ///
    /// The driver's, for example: no browser.
    pub async fn start(driver: &str, capabilities: &Value) -> anyhow::Result<Self> {
        let client = Client::default();
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let answer = send(&client, Method::POST, &format!("{driver}/session"), &body).await?;
        let id = answer.get("sessionId").and_then(Value::as_str).context("a session without an id")?;
        Ok(Self { client, url: format!("{driver}/session/{id}") })
    }

    /// Sends a command with its parameters.
    ///
    /// # Errors
    ///
    /// The driver's, and when it does not answer.
    pub async fn post(&self, command: &str, parameters: &Value) -> anyhow::Result<Value> {
        send(&self.client, Method::POST, &format!("{}/{command}", self.url), parameters).await
    }

    /// Asks for something.
    ///
    /// # Errors
    ///
    /// The driver's, and when it does not answer.
    pub async fn get(&self, command: &str) -> anyhow::Result<Value> {
        send(&self.client, Method::GET, &format!("{}/{command}", self.url), &Value::Null).await
    }

    /// Ends the browser.
    ///
    /// # Errors
    ///
    /// The driver's, and when it does not answer.
    pub async fn end(&self) -> anyhow::Result<()> {
        send(&self.client, Method::DELETE, &self.url, &Value::Null).await.map(drop)
    }

    /// Ends the browser, if it has not ended, from where nothing can be awaited: a test that panics drops it.
    ///
    /// # Errors
    ///
    /// The driver's, and when it does not answer.
    pub fn end_at_drop(&self) -> anyhow::Result<()> {
        let (host, path) =
            self.url.strip_prefix("http://").and_then(|url| url.split_once('/')).context("no address")?;
        let mut driver = TcpStream::connect(host)?;
        driver.set_read_timeout(Some(Duration::from_secs(60)))?;
        write!(driver, "DELETE /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
        // The driver answers when the browser has ended, and keeps the connection.
        _ = driver.read(&mut [0; 1024])?;
        Ok(())
    }

    /// What a script in the page returns; `kind` is `sync`, or `async` for one that calls its last argument.
    ///
    /// # Errors
    ///
    /// The driver's, and when it does not answer.
    pub async fn execute(&self, kind: &str, script: &str) -> anyhow::Result<Value> {
        self.post(&format!("execute/{kind}"), &json!({"script": script, "args": []})).await
    }

    /// Clicks the first element that a CSS selector finds, as a mouse does.
    ///
    /// # Errors
    ///
    /// The driver's, and when it does not answer.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        let found = self.post("element", &json!({"using": "css selector", "value": selector})).await?;
        self.post(&format!("element/{}/click", element(&found)?), &json!({})).await.map(drop)
    }

    /// Presses keys, one after the other, in the element that has the focus.
    ///
    /// # Errors
    ///
    /// The driver's, and when it does not answer.
    pub async fn type_keys(&self, keys: &str) -> anyhow::Result<()> {
        let active = self.get("element/active").await?;
        self.post(&format!("element/{}/value", element(&active)?), &json!({"text": keys})).await.map(drop)
    }
}

fn element(answer: &Value) -> anyhow::Result<&str> {
    answer.get(ELEMENT).and_then(Value::as_str).context("an answer without an element")
}

async fn send(client: &Client, method: Method, url: &str, body: &Value) -> anyhow::Result<Value> {
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
    let request = Request::builder().method(method).uri(url).header("content-type", "application/json");
    let answer = client.send(request.body(body)?).await?;
    let mut read: Value = serde_json::from_slice(answer.body())?;
    let value = read.get_mut("value").map(Value::take).unwrap_or_default();
    ensure!(answer.status() == 200, "{url}: {value}");
    Ok(value)
}
