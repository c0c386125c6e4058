//! The dashboard's page in a browser: looking at it, using it, and what must hold of every one when a test ends.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use gatelog_testbed::browser::Browser;
use gatelog_testbed::web_driver::Session;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::site::Site;

/// How long the page may take to show something: longer than it takes on any busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at the page.
const PAUSE: Duration = Duration::from_millis(50);

/// The page of a site, in a browser of its own.
pub struct Page {
    pub browser: Browser,
    origin: String,
    /// Beginnings of the errors that the test provokes.
    expected: Vec<&'static str>,
}

impl Page {
    /// The page, given the token, with this query string, when it shows something.
    pub async fn open(site: &Site, search: &str) -> Self {
        let page = Self::open_at(site, &format!("{search}#token={}", site.token())).await;
        page.eventually("a tab", "document.querySelector('[role=tab][aria-selected=true]')").await;
        page
    }

    /// The page at a query string and fragment.
    pub async fn open_at(site: &Site, rest: &str) -> Self {
        let browser = Browser::start().await.unwrap_or_else(|error| panic!("{error:#}"));
        let page = Self { browser, origin: site.origin(), expected: Vec::new() };
        page.goto(rest).await;
        page
    }

    pub async fn goto(&self, rest: &str) {
        let url = format!("{}/ui/{rest}", self.origin);
        self.session().post("url", &json!({"url": url})).await.unwrap();
    }

    /// Accepts errors of the console that hold this text.
    pub fn expecting(mut self, error: &'static str) -> Self {
        self.expected.push(error);
        self
    }

    fn session(&self) -> &Session {
        &self.browser.session
    }

    /// The address that the browser shows.
    pub async fn address(&self) -> String {
        self.session().get("url").await.unwrap().as_str().unwrap().to_owned()
    }

    /// The browser's button back.
    pub async fn back(&self) {
        self.session().post("back", &json!({})).await.unwrap();
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.session().post("refresh", &json!({})).await.unwrap();
    }

    /// The value of an expression in the page.
    pub async fn value(&self, expression: &str) -> Value {
        self.execute("sync", &format!("return {expression};")).await
    }

    /// What a script returns; `kind` as in [`Session::execute`].
    pub async fn execute(&self, kind: &str, script: &str) -> Value {
        self.session().execute(kind, script).await.unwrap_or_else(|error| panic!("{script}: {error:#}"))
    }

    /// The text of the first element that a selector finds; empty without one.
    pub async fn text(&self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector({selector:?})?.innerText ?? ''")).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true; `what` says what for.
    pub async fn eventually(&self, what: &str, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_true(expression).await {
            if Instant::now() >= deadline {
                self.screenshot("failed").await;
                let body: String = self.text("body").await.chars().take(1_000).collect();
                panic!("the page does not show {what}: {body}");
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits until the text of the first element that a selector finds holds `part`.
    pub async fn eventually_says(&self, selector: &str, part: &str) {
        let expression = format!("document.querySelector({selector:?})?.innerText.includes({part:?})");
        self.eventually(&format!("{part:?} in {selector}"), &expression).await;
    }

    async fn is_true(&self, expression: &str) -> bool {
        self.value(&format!("Boolean({expression})")).await == json!(true)
    }

    /// Clicks the first element that a selector finds, once it is there.
    pub async fn click(&self, selector: &str) {
        self.eventually(selector, &format!("document.querySelector({selector:?})")).await;
        // A page that is drawn again meanwhile has another element in its place.
        for _ in 0..3 {
            if self.session().click(selector).await.is_ok() {
                return;
            }
            sleep(PAUSE).await;
        }
        self.session().click(selector).await.unwrap();
    }

    /// Clicks the first element of a selector whose text holds `part`.
    pub async fn click_text(&self, selector: &str, part: &str) {
        let find = format!(
            "[...document.querySelectorAll({selector:?})].find((one) => one.innerText.includes({part:?}))"
        );
        self.eventually(&format!("{part:?} among {selector}"), &find).await;
        self.value(&format!("({find}).click()")).await;
    }

    /// Types into the element that has the focus.
    pub async fn type_keys(&self, keys: &str) {
        self.session().type_keys(keys).await.unwrap();
    }

    /// Draws with the mouse from one share of an element's width to another.
    pub async fn draw_over(&self, selector: &str, from: f64, to: f64) {
        let place = format!(
            "(({{ left, top, width, height }}) => [left, top, width, height])(document.querySelector({selector:?}).getBoundingClientRect())"
        );
        let place: Vec<f64> = serde_json::from_value(self.value(&place).await).unwrap();
        let [left, top, width, height] = place.try_into().unwrap();
        let move_to = |share: f64| {
            let (x, y) = ((left + width * share).round(), (top + height / 2.0).round());
            json!({"type": "pointerMove", "duration": 100, "x": x as i64, "y": y as i64})
        };
        let actions = [
            move_to(from),
            json!({"type": "pointerDown", "button": 0}),
            move_to((from + to) / 2.0),
            move_to(to),
            json!({"type": "pointerUp", "button": 0}),
        ];
        let mouse = json!({"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]});
        self.session().post("actions", &mouse).await.unwrap();
    }

    /// The size of the window, in CSS pixels, and its colours: `light` or `dark`.
    pub async fn look(&self, width: u32, height: u32, scheme: &str) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.session().post("goog/cdp/execute", &body).await.unwrap();
    }

    /// Keeps a picture of the page beside the build, for people to look at.
    pub async fn screenshot(&self, name: &str) {
        let folder = gatelog_artifacts::workspace().join("target/dashboard");
        fs::create_dir_all(&folder).unwrap();
        let picture = self.session().get("screenshot").await.unwrap();
        let picture = base64::prelude::BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// What must hold when a test is over: no error was logged, which a broken policy would be too, nothing was asked of
    /// another host, and no token was in an address.
    pub async fn finish(self, site: &Site) {
        for entry in self.log("browser").await {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let message = text("message");
            let is_expected = self.expected.iter().any(|expected| message.contains(expected));
            assert!(text("level") != "SEVERE" || is_expected, "the console says: {message}");
        }
        for entry in self.log("performance").await {
            let event: Value =
                serde_json::from_str(entry.get("message").and_then(Value::as_str).unwrap()).unwrap();
            let Some(url) = event.pointer("/message/params/request/url").and_then(Value::as_str) else {
                continue;
            };
            let is_own =
                url.starts_with(&self.origin) || url.starts_with("blob:") || url.starts_with("data:");
            assert!(is_own, "the page asked {url}");
            assert!(!url.contains(site.token()), "the token is in {url}");
        }
        self.session().end().await.unwrap();
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let answer = self.session().post("se/log", &json!({"type": kind})).await.unwrap();
        answer.as_array().cloned().unwrap_or_default()
    }
}
