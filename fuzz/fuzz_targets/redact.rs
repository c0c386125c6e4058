//! Paths, headers and bodies of any kind: a secret appended to them does not survive redaction.
#![no_main]

use gatelog_redact::Redact;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "s3cr3t-s3cr3t";

fuzz_target!(|text: &str| {
    let redact = Redact::default();
    let _ = (redact.text(text), redact.header("location", text), redact.authority(text));
    if text.contains(SECRET) {
        return;
    }
    let path = format!("/{text}&token={SECRET}");
    assert!(!redact.path(&path).contains(SECRET), "{path}");
    let location = format!("https://h/{text}?code={SECRET}");
    assert!(!redact.header("location", &location).contains(SECRET), "{location}");
});
