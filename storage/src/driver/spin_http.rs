//! Spin's outbound HTTP, used by [`Turso`](super::turso::Turso).

use std::time::Duration;

use http_body_util::BodyExt as _;
use spin_sdk::http::{self, FullBody};

use super::turso::Http;

/// Sends requests as the component.
#[derive(Clone, Copy, Debug)]
pub struct SpinHttp;

impl Http for SpinHttp {
    async fn post(&self, url: &str, authorization: &str, json: String) -> Result<(u16, Vec<u8>), String> {
        let mut request = ::http::Request::post(url).header("content-type", "application/json");
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let request =
            request.body(FullBody::new(bytes::Bytes::from(json))).map_err(|error| error.to_string())?;
        let response = http::send(request).await.map_err(|error| format!("{error:?}"))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("the response is cut off: {error:?}"))?;
        Ok((parts.status.as_u16(), body.to_bytes().to_vec()))
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}
