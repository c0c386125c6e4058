//! The fields of an access record that may hold secrets.

use std::borrow::Cow;

use gatelog_record::json::write::write_text;
use gatelog_record::{AccessRecord, members};
use serde_json::value::RawValue;

use crate::redact::Redact;

impl Redact {
    /// Redacts the texts of a record. Captured headers are not among them, because the filter redacts each header as it
    /// captures it; [`Redact::headers_of`] does it afterwards.
    // A function of its own, because large functions take more of the gateway's memory when it compiles them.
    #[inline(never)]
    pub fn texts_of(&self, record: &mut AccessRecord<'_>) {
        hide(&mut record.authority, |text| self.authority(text));
        hide(&mut record.path, |text| self.path(text));
        hide(&mut record.upstream_path, |text| self.path(text));
        hide(&mut record.request_body, |text| self.text(text));
        hide(&mut record.response_body, |text| self.text(text));
    }

    /// Redacts the captured headers of a record: objects whose members are texts or lists of texts.
    pub fn headers_of(&self, record: &mut AccessRecord<'_>) {
        for headers in [&mut record.request_headers, &mut record.response_headers] {
            if let Some(hidden) = headers.as_deref().and_then(|headers| self.members(headers.get())) {
                *headers = RawValue::from_string(hidden).ok().map(Cow::Owned);
            }
        }
    }

    /// The object with each header redacted; `None` when there is nothing to redact.
    fn members(&self, json: &str) -> Option<String> {
        let (mut out, mut has_secrets) = (String::from("{"), false);
        for member in members::members(json)? {
            if out.len() > 1 {
                out.push(',');
            }
            let name: String = serde_json::from_str(member.key).unwrap_or_default();
            match self.member(&name, member.value) {
                Some(hidden) => {
                    has_secrets = true;
                    out.extend([member.key, ":", &hidden]);
                }
                None => out.push_str(member.text),
            }
        }
        out.push('}');
        has_secrets.then_some(out)
    }

    /// The redacted value of a header as JSON; `None` when there is nothing to redact.
    fn member(&self, name: &str, json: &str) -> Option<String> {
        if let Ok(values) = serde_json::from_str::<Vec<Cow<'_, str>>>(json) {
            let hidden: Vec<String> =
                values.iter().map(|value| self.header(name, value).into_owned()).collect();
            return (hidden != values).then(|| {
                format!("[{}]", hidden.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","))
            });
        }
        let value: String = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
        let hidden = self.header(name, &value);
        (*hidden != value).then(|| quoted(&hidden))
    }
}

fn hide(text: &mut Cow<'_, str>, redact: impl Fn(&str) -> Cow<'_, str>) {
    if let Cow::Owned(hidden) = redact(text) {
        *text = Cow::Owned(hidden);
    }
}

fn quoted(text: &str) -> String {
    let mut json = Vec::new();
    write_text(&mut json, text);
    String::from_utf8(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::REDACTED;

    fn raw(json: &str) -> Option<Cow<'static, RawValue>> {
        Some(Cow::Owned(RawValue::from_string(json.to_owned()).unwrap()))
    }

    #[test]
    fn no_field_that_may_hold_a_secret_is_left_out() {
        let secret = "https://u:s3cr3t@h/a?token=s3cr3t";
        let headers = format!(r#"{{"referer":"{secret}","cookie":["s3cr3t","s3cr3t"]}}"#);
        let mut record = AccessRecord {
            authority: "u:s3cr3t@h".into(),
            path: secret.into(),
            upstream_path: secret.into(),
            request_body: secret.into(),
            response_body: secret.into(),
            request_headers: raw(&headers),
            response_headers: raw(&headers),
            ..AccessRecord::default()
        };
        let redact = Redact::default();
        redact.texts_of(&mut record);
        redact.headers_of(&mut record);
        let hidden = "https://REDACTED@h/a?token=REDACTED";
        assert_eq!(record.authority, "REDACTED@h");
        for text in [&record.path, &record.upstream_path, &record.request_body, &record.response_body] {
            assert_eq!(*text, hidden);
        }
        let headers = format!(r#"{{"referer":"{hidden}","cookie":["{REDACTED}","{REDACTED}"]}}"#);
        for object in [&record.request_headers, &record.response_headers] {
            assert_eq!(object.as_deref().map(RawValue::get), Some(&*headers));
        }
    }

    #[test]
    fn captured_headers_keep_everything_else() {
        for (json, expected) in [
            (r#"{ "accept" : "*/*" , "x-a":["1","2"],"x-b":7}"#, None),
            ("{}", None),
            (r#"["token"]"#, None),
            (r#"{"a" : "é\n","X-Api-Key":"s"}"#, Some(r#"{"a" : "é\n","X-Api-Key":"REDACTED"}"#)),
            (r#"{"x-to\u006ben":"s"}"#, Some(r#"{"x-to\u006ben":"REDACTED"}"#)),
            (r#"{"token":7,"cookie":{"a":[1]}}"#, Some(r#"{"token":"REDACTED","cookie":"REDACTED"}"#)),
            (r#"{"x":"Basic s"}"#, Some(r#"{"x":"REDACTED"}"#)),
            (
                r#"{"location":["/a?b=\"1\"","/a?code=s"]}"#,
                Some(r#"{"location":["/a?b=\"1\"","/a?code=REDACTED"]}"#),
            ),
            (r#"{"x":"{\"token\":\"s\"}"}"#, Some(r#"{"x":"{\"token\":\"REDACTED\"}"}"#)),
        ] {
            assert_eq!(Redact::default().members(json).as_deref(), expected, "{json}");
        }
    }
}
