//! Responses to export requests, in the encoding of the request.

use serde::Serialize;

use crate::request::Encoding;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    partial_success: Partial<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Partial<'a> {
    /// A 64-bit number is a text in protobuf's JSON.
    rejected_log_records: String,
    error_message: &'a str,
}

#[derive(Serialize)]
struct Status<'a> {
    code: u64,
    message: &'a str,
}

/// The body of a response to a request that was served: `ExportLogsServiceResponse`. `rejected` log records were not
/// stored, for the reasons in `message`; the sender must not send them again.
pub fn served(encoding: Encoding, rejected: usize, message: &str) -> Vec<u8> {
    let rejected = i64::try_from(rejected).unwrap_or(i64::MAX);
    match encoding {
        _ if rejected == 0 && message.is_empty() => match encoding {
            Encoding::Protobuf => Vec::new(),
            Encoding::Json => b"{}".to_vec(),
        },
        Encoding::Protobuf => {
            let mut partial = Vec::new();
            number(&mut partial, 1, rejected.unsigned_abs());
            bytes(&mut partial, 2, message.as_bytes());
            let mut response = Vec::new();
            bytes(&mut response, 1, &partial);
            response
        }
        Encoding::Json => {
            let partial = Partial { rejected_log_records: rejected.to_string(), error_message: message };
            to_json(&Response { partial_success: partial })
        }
    }
}

/// The body of a response to a request that was not served: `google.rpc.Status` with the code of the HTTP status.
pub fn failed(encoding: Encoding, http_status: u16, message: &str) -> Vec<u8> {
    let code = code(http_status);
    match encoding {
        Encoding::Protobuf => {
            let mut status = Vec::new();
            number(&mut status, 1, code);
            bytes(&mut status, 2, message.as_bytes());
            status
        }
        Encoding::Json => to_json(&Status { code, message }),
    }
}

fn to_json(message: &impl Serialize) -> Vec<u8> {
    // Numbers and texts can always be written.
    serde_json::to_vec(message).unwrap_or_default()
}

/// The gRPC code for an HTTP status.
fn code(http_status: u16) -> u64 {
    match http_status {
        400 | 415 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        405 => 12,
        413 | 429 => 8,
        500 => 13,
        503 => 14,
        _ => 2,
    }
}

fn number(message: &mut Vec<u8>, field: u8, value: u64) {
    message.push(field << 3);
    varint(message, value);
}

fn bytes(message: &mut Vec<u8>, field: u8, value: &[u8]) {
    message.push(field << 3 | 2);
    varint(message, u64::try_from(value.len()).unwrap_or(u64::MAX));
    message.extend_from_slice(value);
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_whose_records_are_all_stored_gets_an_empty_message() {
        assert_eq!(served(Encoding::Protobuf, 0, ""), b"");
        assert_eq!(served(Encoding::Json, 0, ""), b"{}");
    }

    #[test]
    fn rejected_records_are_a_partial_success() {
        assert_eq!(served(Encoding::Protobuf, 300, "no"), b"\x0a\x07\x08\xac\x02\x12\x02no");
        assert_eq!(
            served(Encoding::Json, 1, "no"),
            br#"{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}"#
        );
    }

    #[test]
    fn a_failure_is_a_status() {
        assert_eq!(failed(Encoding::Protobuf, 401, "no"), b"\x08\x10\x12\x02no");
        assert_eq!(failed(Encoding::Json, 503, "no"), br#"{"code":14,"message":"no"}"#);
    }
}
