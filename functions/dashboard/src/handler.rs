//! From a request to a response.
//!
//! - `GET /ui`: 308 to `ui/`, which is relative, so that it works behind a gateway that adds a prefix to the path.
//! - `GET /ui/`: the page, which browsers request every time; they get 304 while it is unchanged.
//! - `GET /ui/{version}/…`: its scripts and styles. The version is a hash of them all, so browsers keep them forever.
//!
//! Every response forbids what the page does not need: scripts, styles and connections of other hosts, inline scripts and
//! styles, guessing content types, and sending a referrer.

use bytes::Bytes;
use gatelog_functions_shared::http::{method, response};
use gatelog_functions_shared::{Body, Failure, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Request, StatusCode};

use crate::coding::Coding;
use crate::files::{self, File};

/// Path of the page, as routed in `spin.toml`.
const ROOT: &str = "/ui";

/// What the page is allowed to do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// On every response.
const SECURITY: [(HeaderName, &str); 3] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

const ASK_EACH_TIME: &str = "no-cache";
const KEEP_FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Serves one request.
pub fn handle<B>(request: &Request<B>) -> Response {
    let answered = method::require_read(request.method()).and_then(|()| answer(request));
    let mut answer = answered.unwrap_or_else(|failure| response::failure(&failure));
    for (name, value) in SECURITY {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn answer<B>(request: &Request<B>) -> Result<Response, Failure> {
    let path = request.uri().path();
    let below = path.strip_prefix(ROOT).unwrap_or(path);
    match below {
        "" => Ok(to_the_folder(request.uri().query())),
        "/" | "/index.html" => Ok(file(&files::INDEX, ASK_EACH_TIME, request.headers())),
        _ => {
            let name =
                below.strip_prefix('/').and_then(|rest| rest.strip_prefix(files::VERSION)?.strip_prefix('/'));
            let found = name.and_then(files::find).ok_or_else(|| Failure::NotFound {
                message: format!("there is nothing at {path}; the dashboard is at {ROOT}/"),
            })?;
            Ok(file(found, KEEP_FOR_EVER, request.headers()))
        }
    }
}

fn to_the_folder(query: Option<&str>) -> Response {
    let location = query.map_or_else(|| "ui/".to_owned(), |query| format!("ui/?{query}"));
    let mut answer = response::text(StatusCode::PERMANENT_REDIRECT, "the dashboard is at ui/\n");
    // A query string that came as one is a header's value too.
    let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("ui/"));
    answer.headers_mut().insert(LOCATION, location);
    answer
}

fn file(file: &File, caching: &'static str, asked: &HeaderMap) -> Response {
    let coding = Coding::choose(asked);
    // The codings of a file are different bytes, so each has a tag of its own.
    let tag = format!("\"{}-{}\"", files::VERSION, coding.name().unwrap_or("identity"));
    let mut answer = if is_known(asked, &tag) {
        let mut answer = Response::new(Body::Full(Bytes::new()));
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        let content = Bytes::from_static(file.content(coding));
        response::with_content_type(StatusCode::OK, file.content_type(), Body::Full(content))
    };
    let headers = answer.headers_mut();
    if headers.contains_key(CONTENT_TYPE)
        && let Some(name) = coding.name()
    {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    answer
}

/// Whether the client already has the file with this tag (RFC 9110, 13.1.2: a weak comparison).
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let values = asked.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
