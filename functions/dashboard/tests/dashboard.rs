//! What browsers get from the function.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use std::io::Read as _;

use gatelog_dashboard::coding::Coding;
use gatelog_dashboard::{files, handle};
use gatelog_functions_shared::Response;
use http::Request;

/// The most that a browser loads for the page, compressed with gzip, in bytes.
const MAX_WIRE_BYTES: usize = 80_000;

fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    let request =
        headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    handle(&request.body(()).unwrap())
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn asset(path: &str) -> String {
    format!("/ui/{}/{path}", files::VERSION)
}

#[test]
fn the_page_and_all_its_files_stay_below_the_limit() {
    let sizes = std::iter::once(&files::INDEX)
        .chain(files::FILES)
        .map(|file| (file.path, file.content(Coding::Gzip).len()));
    let all: usize = sizes.clone().map(|(_, bytes)| bytes).sum();
    assert!(all <= MAX_WIRE_BYTES, "{all} bytes: {:?}", sizes.collect::<Vec<_>>());
}

#[test]
fn the_index_is_asked_for_each_time_and_files_are_kept_for_ever() {
    let index = get("/ui/", &[]);
    assert_eq!((index.status().as_u16(), header(&index, "content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(header(&index, "cache-control"), "no-cache");
    let script = get(&asset("app.js"), &[]);
    assert_eq!(
        (script.status().as_u16(), header(&script, "content-type")),
        (200, "text/javascript; charset=utf-8")
    );
    assert_eq!(header(&script, "cache-control"), "public, max-age=31536000, immutable");
}

#[test]
fn every_file_that_the_index_names_is_there() {
    let index = String::from_utf8(get("/ui/", &[]).into_body().as_bytes().to_vec()).unwrap();
    let named: Vec<&str> =
        index.split(['"']).filter_map(|part| part.strip_prefix(files::VERSION)?.strip_prefix('/')).collect();
    assert!(named.len() > 5, "{named:?}");
    for path in named {
        assert_eq!(get(&asset(path), &[]).status(), 200, "{path}");
    }
}

#[test]
fn a_file_is_the_same_in_every_coding() {
    for path in ["app.js", "vendor/preact.mjs", "style.css"] {
        let plain = get(&asset(path), &[]).into_body().as_bytes().to_vec();
        let gzip = get(&asset(path), &[("accept-encoding", "gzip")]);
        assert_eq!((header(&gzip, "content-encoding"), header(&gzip, "vary")), ("gzip", "accept-encoding"));
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(gzip.body().as_bytes()).read_to_end(&mut read).unwrap();
        assert_eq!(read, plain, "{path}");
        let brotli = get(&asset(path), &[("accept-encoding", "gzip, br")]);
        assert_eq!(header(&brotli, "content-encoding"), "br");
        let mut read = Vec::new();
        brotli::Decompressor::new(brotli.body().as_bytes(), 4_096).read_to_end(&mut read).unwrap();
        assert_eq!(read, plain, "{path}");
    }
}

#[test]
fn what_the_browser_has_is_not_sent_again() {
    for path in ["/ui/".to_owned(), asset("app.js")] {
        let accepted = ("accept-encoding", "gzip");
        let first = get(&path, &[accepted]);
        let tag = header(&first, "etag").to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = get(&path, &[accepted, ("if-none-match", &known)]);
            assert_eq!((again.status().as_u16(), again.body().as_bytes().len()), (304, 0), "{known}");
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(header(&again, name), header(&first, name), "{name}");
            }
            assert!(!again.headers().contains_key("content-encoding"));
        }
        assert_eq!(get(&path, &[accepted, ("if-none-match", "\"other\"")]).status(), 200);
        assert_eq!(get(&path, &[("if-none-match", &tag)]).status(), 200, "the tag of another coding");
    }
}

#[test]
fn every_answer_forbids_browsers_what_the_page_does_not_need() {
    let post = handle(&Request::post("/ui/").body(()).unwrap());
    for response in
        [get("/ui/", &[]), get(&asset("app.js"), &[]), get("/ui/none", &[]), get("/ui", &[]), post]
    {
        let policy = header(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'self'"), "{policy}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
    }
}

#[test]
fn the_path_without_a_slash_leads_to_the_page_and_keeps_the_view() {
    for (path, location) in [("/ui", "ui/"), ("/ui?tab=ai&f=model:qwen", "ui/?tab=ai&f=model:qwen")] {
        let response = get(path, &[]);
        assert_eq!((response.status().as_u16(), header(&response, "location")), (308, location));
    }
}

#[test]
fn what_is_not_there_or_not_allowed_is_said_in_a_sentence() {
    for path in [
        "/ui/none",
        "/ui/0000000000000000/app.js",
        "/ui//",
        &asset(""),
        &asset("vendor"),
        &asset("../lib.rs"),
    ] {
        let response = get(path, &[]);
        assert_eq!(response.status(), 404, "{path}");
        let body = std::str::from_utf8(response.body().as_bytes()).unwrap();
        assert!(body.contains("there is nothing at"), "{body}");
        assert_eq!(header(&response, "cache-control"), "");
    }
    let response = handle(&Request::delete("/ui/").body(()).unwrap());
    assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, "GET, HEAD"));
}

#[test]
fn head_is_answered_like_get() {
    let request = Request::head("/ui/").header("accept-encoding", "gzip").body(()).unwrap();
    let (head, get) = (handle(&request), get("/ui/", &[("accept-encoding", "gzip")]));
    assert_eq!((head.status(), head.headers()), (get.status(), get.headers()));
}
