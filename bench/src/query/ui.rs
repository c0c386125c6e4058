//! The dashboard in a real Chromium over the table: its first paint, and when charts, rows and values show.

use std::time::Duration;

use anyhow::Context as _;
use gatelog_record::Timestamp;
use gatelog_testbed::browser::Browser;
use serde_json::{Value, json};

use super::client::Client;
use super::database::END_MICROS;
use super::times::percentile;

/// Runs in the page before its own scripts: notes in each frame that is drawn what it shows, in milliseconds since the page was
/// asked for.
const WATCH: &str = "
(() => {
  const shown = {};
  const selectors = { chart: '.histogram canvas', rows: '.row:not(.unknown)', values: '.facet .value' };
  const look = () => {
    for (const [name, selector] of Object.entries(selectors)) {
      if (!(name in shown) && document.querySelector(selector)) shown[name] = performance.now();
    }
    if (Object.keys(selectors).every((name) => name in shown)) window.gatelogShown = shown;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();";
/// Waits for [`WATCH`], and then for the browser's own note of the first paint.
const SHOWN: &str = "
const done = arguments[arguments.length - 1];
const look = () => {
  const [paint] = performance.getEntriesByName('first-contentful-paint');
  if (window.gatelogShown && paint) done({ paint: paint.startTime, ...window.gatelogShown });
  else setTimeout(look, 20);
};
look();";
/// The longest that a page may take, in milliseconds; `/query` gives up a statement sooner.
const PATIENCE_MS: u32 = 300_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// Medians of one range, in milliseconds since the page was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The range: `hour`, `day`.
    pub range: &'static str,
    /// Until the first content is painted.
    pub paint: f64,
    /// Until the chart of the requests is drawn.
    pub chart: f64,
    /// Until the first rows are.
    pub rows: f64,
    /// Until the values of fields with their counts are.
    pub values: f64,
}

/// Loads the page so often, each time in a new browser, over the last hour and the last day of the table.
///
/// # Errors
///
/// When Chromium does not start, or the page does not show its charts.
pub async fn measure(client: &Client, rounds: u32) -> anyhow::Result<Vec<Load>> {
    let mut loads = Vec::new();
    for (range, micros) in [("hour", HOUR_MICROS), ("day", 24 * HOUR_MICROS)] {
        let (mut paint, mut chart, mut rows, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let shown = load(client, micros).await?;
            let time = |name: &str| {
                let ms = shown.get(name).and_then(Value::as_f64).context("the page notes no time")?;
                anyhow::Ok(Duration::from_secs_f64(ms / 1e3))
            };
            paint.push(time("paint")?);
            chart.push(time("chart")?);
            rows.push(time("rows")?);
            values.push(time("values")?);
        }
        let [paint, chart, rows, values] = [paint, chart, rows, values].map(|times| percentile(&times, 50));
        loads.push(Load { range, paint, chart, rows, values });
    }
    Ok(loads)
}

async fn load(client: &Client, micros: i64) -> anyhow::Result<Value> {
    let browser = Browser::start().await?;
    let session = &browser.session;
    session.post("timeouts", &json!({ "script": PATIENCE_MS })).await?;
    let watch = json!({ "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": { "source": WATCH } });
    session.post("goog/cdp/execute", &watch).await?;
    let since = Timestamp::from_micros(END_MICROS - micros);
    let until = Timestamp::from_micros(END_MICROS);
    let url = format!("http://{}/ui/?from={since}&to={until}", client.address());
    session.post("url", &json!({ "url": url })).await?;
    let shown = session.execute("async", SHOWN).await.context("the page does not show its charts")?;
    session.end().await?;
    Ok(shown)
}
