//! The component's paths.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use spin_sdk::http::{BoxBody, FullBody, IntoResponse, Request, Response, StatusCode, box_body};
use spin_sdk::wasip3::clocks::monotonic_clock;
use spin_sdk::{http_service, variables, wit_bindgen};

use crate::{mysql, net, sql};

/// Requests that this instance has seen.
static REQUESTS: AtomicU64 = AtomicU64::new(0);
/// Requests that wait in this instance.
static WAITING: AtomicU64 = AtomicU64::new(0);
/// Whether the waiting requests may continue.
static RELEASED: AtomicBool = AtomicBool::new(false);

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    let path = request.uri().path().to_owned();
    let (area, rest) =
        path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    if area == "echo" {
        return Response::new(box_body(request.into_body()));
    }
    let text = match area {
        "hello" => "hello".to_owned(),
        "number" => number.to_string(),
        "headers" => headers(&request),
        "trap" => trap(),
        "wait" => wait(rest).await,
        "release" => release(),
        "busy" => busy(Duration::from_millis(rest.parse().unwrap_or(0))),
        "background" => background(rest.to_owned()),
        "print" => print(rest),
        "variable" => format!("{:?}", variables::get(rest).await),
        "environment" => format!("{:?}", std::env::var(rest)),
        "read" => format!("{:?}", std::fs::read_to_string(format!("/{rest}"))),
        "write" => format!("{:?}", std::fs::write(format!("/{rest}"), "x").map_err(|error| error.kind())),
        "net" => net::answer(rest).await,
        "mysql" => match request.into_body().collect().await {
            Ok(body) => mysql::answer(rest, &String::from_utf8_lossy(&body.to_bytes())).await,
            Err(error) => format!("{error:?}"),
        },
        "sql" => match request.into_body().collect().await {
            Ok(body) => sql::answer(rest, String::from_utf8_lossy(&body.to_bytes()).into_owned()).await,
            Err(error) => format!("{error:?}"),
        },
        _ => {
            let mut response = Response::new(full(String::new()));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        }
    };
    Response::new(full(text))
}

fn full(text: String) -> BoxBody {
    box_body(FullBody::new(bytes::Bytes::from(text)))
}

fn headers(request: &Request) -> String {
    let mut lines: Vec<String> =
        request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    lines.sort();
    lines.join("\n")
}

/// Ends the instance.
fn trap() -> String {
    #[expect(clippy::panic, reason = "the trap is what is tried")]
    {
        panic!("the probe traps")
    }
}

/// Responds when another request to the same instance calls [`release`].
async fn wait(name: &str) -> String {
    let place = WAITING.fetch_add(1, Ordering::Relaxed) + 1;
    println!("waiting {place} {name}");
    while !RELEASED.load(Ordering::Relaxed) {
        monotonic_clock::wait_for(1_000_000).await;
    }
    place.to_string()
}

fn release() -> String {
    RELEASED.store(true, Ordering::Relaxed);
    WAITING.load(Ordering::Relaxed).to_string()
}

/// Computes for a while without yielding.
fn busy(time: Duration) -> String {
    println!("busy");
    let start = Instant::now();
    let mut rounds = 0_u64;
    while start.elapsed() < time {
        rounds += 1;
    }
    format!("{}", rounds > 0)
}

/// Leaves work running after the response.
fn background(name: String) -> String {
    wit_bindgen::spawn(async move {
        monotonic_clock::wait_for(20_000_000).await;
        println!("background {name} is done");
    });
    "started".to_owned()
}

fn print(text: &str) -> String {
    println!("to stdout: {text}");
    eprintln!("to stderr: {text}");
    "printed".to_owned()
}
