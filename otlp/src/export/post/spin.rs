//! Requests over Spin's outbound HTTP.

use http_body_util::BodyExt as _;
use spin_sdk::http::{self, FullBody};

use super::{MAX_RESPONSE_BYTES, Post, PostRequest, PostResponse};

/// Sends requests as the component.
#[derive(Clone, Copy, Debug)]
pub struct SpinPost;

impl Post for SpinPost {
    async fn post(&self, request: PostRequest<'_>) -> Result<PostResponse, String> {
        let length = request.body.len();
        let mut sent = ::http::Request::post(request.url)
            .body(FullBody::new(request.body))
            .map_err(|error| error.to_string())?;
        *sent.headers_mut() = request.headers;
        // Without it the body goes out in chunks, which not every server in front of a receiver takes.
        sent.headers_mut().insert(::http::header::CONTENT_LENGTH, length.into());
        let response = http::send(sent).await.map_err(|error| format!("{error:?}"))?;
        let (parts, mut body) = response.into_parts();
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| format!("the response is cut off: {error:?}"))?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            let room = MAX_RESPONSE_BYTES.saturating_sub(read.len());
            read.extend_from_slice(data.get(..room).unwrap_or(data));
            if data.len() >= room {
                break;
            }
        }
        let retry_after = parts.headers.get(::http::header::RETRY_AFTER);
        Ok(PostResponse {
            status: parts.status.as_u16(),
            retry_after: retry_after.and_then(|value| value.to_str().ok()).map(ToOwned::to_owned),
            body: read,
        })
    }
}
