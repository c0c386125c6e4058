//! Log records that wait to be sent, and the requests that carry them.

use std::io::Write as _;
use std::ops::Range;

use flate2::Compression as Level;
use flate2::write::GzEncoder;
use gatelog_forward::Batch;
use gatelog_record::{AccessRecord, Timestamp};

use super::config::Compression;
use super::json::Attributes;
use super::log_record;

/// The conventions that the attributes follow.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// Log records in JSON, one after the other.
#[derive(Debug, Default)]
pub struct LogRecords {
    json: Vec<u8>,
    records: Vec<Entry>,
}

/// Where a log record ends, and whose it is.
#[derive(Debug)]
struct Entry {
    end: usize,
    /// The gateway instance.
    instance: Box<str>,
}

impl LogRecords {
    /// Appends the log record of an access record; `now` is used as the time of a record without one, `currency` is that of
    /// the price table.
    pub fn push(&mut self, record: &AccessRecord<'_>, now: Timestamp, currency: Option<&str>) {
        log_record::write(&mut self.json, record, now, currency);
        self.records.push(Entry { end: self.json.len(), instance: (&*record.instance_id).into() });
    }

    /// The parts of the batch for requests of at most `max_records` records and `max_bytes` bytes of log records, the last
    /// part first. A record that is larger makes a request of its own.
    pub fn parts(&self, max_records: usize, max_bytes: usize) -> Vec<Range<usize>> {
        let (mut parts, mut first) = (Vec::new(), 0);
        for index in 0..self.records.len() {
            let is_full = index - first >= max_records || self.bytes_of(first..index + 1) > max_bytes;
            if is_full && index > first {
                parts.push(first..index);
                first = index;
            }
        }
        if first < self.records.len() {
            parts.push(first..self.records.len());
        }
        parts.reverse();
        parts
    }

    /// The body of a request with a part of the batch.
    pub fn body(&self, part: Range<usize>, service_name: &str, compression: Compression) -> Vec<u8> {
        let json = self.request(part, service_name);
        match compression {
            Compression::None => json,
            Compression::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
                // Writing into memory does not fail.
                let _ = encoder.write_all(&json);
                encoder.finish().unwrap_or_default()
            }
        }
    }

    /// The export request in JSON: the log records of each gateway instance under a resource.
    fn request(&self, part: Range<usize>, service_name: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes_of(part.clone()) + 1_024);
        out.extend_from_slice(b"{\"resourceLogs\":[");
        let mut before: Option<&str> = None;
        for index in part {
            let Some(entry) = self.records.get(index) else { break };
            if before == Some(&entry.instance) {
                out.push(b',');
            } else {
                out.extend_from_slice(if before.is_some() { b"]}]},".as_slice() } else { b"" });
                open_resource(&mut out, service_name, &entry.instance);
                before = Some(&entry.instance);
            }
            out.extend_from_slice(self.json.get(self.start_of(index)..entry.end).unwrap_or_default());
        }
        out.extend_from_slice(if before.is_some() { b"]}]}]}".as_slice() } else { b"]}" });
        out
    }

    fn start_of(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.records.get(before)).map_or(0, |entry| entry.end)
    }

    fn bytes_of(&self, part: Range<usize>) -> usize {
        self.start_of(part.end).saturating_sub(self.start_of(part.start))
    }
}

impl Batch for LogRecords {
    fn records(&self) -> usize {
        self.records.len()
    }

    fn bytes(&self) -> usize {
        self.json.len() + self.records.len() * size_of::<Entry>()
    }
}

/// Writes what precedes the first log record of a resource.
fn open_resource(out: &mut Vec<u8>, service_name: &str, instance: &str) {
    out.extend_from_slice(b"{\"resource\":{\"attributes\":");
    let mut attributes = Attributes::new(out);
    attributes.text("service.name", service_name);
    if !instance.is_empty() {
        attributes.text("service.instance.id", instance);
    }
    attributes.finish();
    let version = env!("CARGO_PKG_VERSION");
    let scope = format!(
        "}},\"scopeLogs\":[{{\"schemaUrl\":\"{SCHEMA_URL}\",\"scope\":{{\"name\":\"gatelog\",\"version\":\"{version}\"}},\"logRecords\":["
    );
    out.extend_from_slice(scope.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::Value;

    use super::*;

    fn batch(instances: &[&'static str]) -> LogRecords {
        let mut batch = LogRecords::default();
        for (number, instance) in instances.iter().enumerate() {
            let record = AccessRecord {
                record_id: format!("id-{number}").into(),
                instance_id: (*instance).into(),
                ..AccessRecord::default()
            };
            batch.push(&record, Timestamp::MIN, None);
        }
        batch
    }

    fn ids(request: &[u8]) -> Vec<Vec<String>> {
        let request: Value = serde_json::from_slice(request).unwrap();
        let of_resource = |resource: &Value| {
            let records = resource["scopeLogs"][0]["logRecords"].as_array().unwrap();
            let id =
                |record: &Value| record["attributes"][0]["value"]["stringValue"].as_str().unwrap().to_owned();
            records.iter().map(id).collect()
        };
        request["resourceLogs"].as_array().unwrap().iter().map(of_resource).collect()
    }

    #[test]
    fn the_records_of_each_instance_are_under_its_resource() {
        let batch = batch(&["a", "a", "b", "", "a"]);
        let request = batch.body(0..5, "edge", Compression::None);
        assert_eq!(ids(&request), [vec!["id-0", "id-1"], vec!["id-2"], vec!["id-3"], vec!["id-4"]]);
        let request: Value = serde_json::from_slice(&request).unwrap();
        let attributes = |index: usize| request["resourceLogs"][index]["resource"]["attributes"].to_string();
        assert_eq!(
            attributes(1),
            r#"[{"key":"service.name","value":{"stringValue":"edge"}},{"key":"service.instance.id","value":{"stringValue":"b"}}]"#
        );
        assert_eq!(attributes(2), r#"[{"key":"service.name","value":{"stringValue":"edge"}}]"#);
        let scope = request["resourceLogs"][0]["scopeLogs"][0]["scope"].to_string();
        assert_eq!(scope, format!(r#"{{"name":"gatelog","version":"{}"}}"#, env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn a_batch_is_cut_into_requests_by_records_and_bytes_and_loses_none() {
        let batch = batch(&["a"; 10]);
        assert_eq!(batch.parts(4, usize::MAX), [8..10, 4..8, 0..4]);
        assert_eq!(batch.parts(10, usize::MAX), std::slice::from_ref(&(0..10)));
        let one = batch.bytes_of(0..1);
        assert_eq!(batch.parts(10, 3 * one), [9..10, 6..9, 3..6, 0..3]);
        assert_eq!(batch.parts(10, 1).len(), 10);
        assert!(LogRecords::default().parts(10, 10).is_empty());
        assert_eq!(ids(&batch.body(4..6, "", Compression::None)), [["id-4", "id-5"]]);
    }

    #[test]
    fn a_compressed_body_is_the_same_request() {
        let batch = batch(&["a"; 100]);
        let plain = batch.body(0..100, "s", Compression::None);
        let packed = batch.body(0..100, "s", Compression::Gzip);
        assert!(packed.len() * 5 < plain.len(), "{} {}", packed.len(), plain.len());
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
    }
}
