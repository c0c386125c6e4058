//! Tests of every coding: whole, at any split, as a stream, too large, damaged, and mislabelled.

use std::io::Write;

use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use miniz_oxide::{MZFlush, MZStatus};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::CompressionLevel;

use super::*;
use crate::tests::cut::chunks;

/// An event stream, and its encodings by the reference implementation of Zstandard: as a stream that is flushed after each
/// event, and as a whole at level 19 with a checksum.
const CHAT: &[u8] = include_bytes!("../../../testdata/encoded/chat.sse");
const CHAT_ZSTD: &[u8] = include_bytes!("../../../testdata/encoded/chat.sse.zst");
const CHAT_ZSTD_19: &[u8] = include_bytes!("../../../testdata/encoded/chat.sse.19.zst");
/// Bytes of the encoded stream and of its content, at each flush.
const CHAT_FLUSHES: &str = include_str!("../../../testdata/encoded/chat.sse.zst.flushes");

const CODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

fn encode(coding: &str, body: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => gzip(body, 0),
        "deflate" => compress_to_vec_zlib(body, 6),
        "raw deflate" => compress_to_vec(body, 6),
        "br" => brotli_flushed(&[body]).concat(),
        "zstd" => zstd_encoded(body),
        _ => panic!("{coding}"),
    }
}

/// A member of a gzip file with the optional parts given by the flags.
fn gzip(body: &[u8], flags: u8) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255];
    for (flag, part) in [(4, &b"\x03\0ab\0"[..]), (8, b"name\0"), (16, b"a comment\0"), (2, b"\x01\x02")] {
        if flags & flag != 0 {
            file.extend_from_slice(part);
        }
    }
    file.extend(compress_to_vec(body, 6));
    file.extend([7; 8]);
    file
}

fn zstd_encoded(body: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(body, CompressionLevel::Fastest)
}

/// The parts, each flushed before the next; the last one with the end.
fn brotli_flushed(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut encoder = ::brotli::CompressorWriter::new(Vec::new(), 4096, 5, 18);
    let mut encoded: Vec<Vec<u8>> = Vec::new();
    for part in parts {
        encoder.write_all(part).unwrap();
        encoder.flush().unwrap();
        let before: usize = encoded.iter().map(Vec::len).sum();
        encoded.push(encoder.get_ref()[before..].to_vec());
    }
    let whole = encoder.into_inner();
    let before: usize = encoded.iter().map(Vec::len).sum();
    encoded.last_mut().unwrap().extend_from_slice(&whole[before..]);
    encoded
}

/// Like above, in the formats that begin with such a header.
fn deflate_flushed(header: &[u8], parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut state = Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(6, -15, 0)));
    let mut header = header.to_vec();
    let mut encode = |part: &[u8], flush| {
        let (mut encoded, mut output, mut rest) = (std::mem::take(&mut header), [0; 1 << 14], part);
        loop {
            let result = deflate(&mut state, rest, &mut output, flush);
            rest = &rest[result.bytes_consumed..];
            encoded.extend_from_slice(&output[..result.bytes_written]);
            if rest.is_empty()
                && (result.bytes_written < output.len() || result.status == Ok(MZStatus::StreamEnd))
            {
                return encoded;
            }
        }
    };
    parts.iter().map(|part| encode(part, MZFlush::Sync)).collect()
}

fn decode_with(coding: &str, limits: &Limits, chunks: &[&[u8]]) -> (Vec<u8>, Option<Stop>) {
    let (budget, mut body) = (Budget::default(), Vec::new());
    let mut decoder = Decoder::with_limits(Some(coding), limits, &budget);
    for chunk in chunks {
        decoder.feed(chunk, &mut |bytes| body.extend_from_slice(bytes));
        assert!(budget.taken() <= limits.total_bytes);
    }
    let stopped = decoder.stopped();
    drop(decoder);
    assert_eq!(budget.taken(), 0, "memory that was not given back");
    (body, stopped)
}

fn decode(coding: &str, chunks: &[&[u8]]) -> (Vec<u8>, Option<Stop>) {
    decode_with(coding, &Limits::default(), chunks)
}

#[test]
fn every_coding_is_decoded_at_every_split() {
    let bodies: [&[u8]; 4] = [b"", b"x", br#"{"model":"gpt-4o","usage":{"total_tokens":7}}"#, CHAT];
    for body in bodies {
        for coding in ["gzip", "deflate", "raw deflate", "br", "zstd"] {
            let encoded = encode(coding, body);
            let name = coding.trim_start_matches("raw ");
            for at in 0..=encoded.len() {
                let (one, other) = encoded.split_at(at);
                let (decoded, stopped) = decode(name, &[one, other]);
                assert!(
                    decoded == body && stopped.is_none(),
                    "{coding} of {} bytes at {at}: {stopped:?}",
                    body.len()
                );
            }
            let bytes: Vec<&[u8]> = encoded.chunks(1).collect();
            assert_eq!(decode(name, &bytes), (body.to_vec(), None), "{coding} byte by byte");
        }
    }
    for encoded in [CHAT_ZSTD, CHAT_ZSTD_19] {
        for at in 0..=encoded.len() {
            let (one, other) = encoded.split_at(at);
            assert_eq!(decode("zstd", &[one, other]), (CHAT.to_vec(), None), "at {at}");
        }
    }
}

#[test]
fn flushed_content_of_a_stream_is_available_at_once() {
    let events: Vec<&[u8]> = CHAT.split_inclusive(|byte| *byte == b'}').collect();
    let gzip_header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    for (coding, parts) in [
        ("br", brotli_flushed(&events)),
        ("gzip", deflate_flushed(&gzip_header, &events)),
        ("deflate", deflate_flushed(&[0x78, 0x9c], &events)),
        ("deflate", deflate_flushed(&[], &events)),
    ] {
        let mut decoder = Decoder::new(Some(coding));
        for (part, event) in parts.iter().zip(&events) {
            let mut decoded = Vec::new();
            decoder.feed(part, &mut |bytes| decoded.extend_from_slice(bytes));
            assert_eq!(decoded, *event, "{coding}");
        }
        assert_eq!(decoder.stopped(), None, "{coding}");
    }
    let (mut decoder, mut body, mut fed) = (Decoder::new(Some("zstd")), Vec::new(), 0);
    for line in CHAT_FLUSHES.lines() {
        let (encoded, decoded) = line.split_once(' ').unwrap();
        let (encoded, decoded): (usize, usize) = (encoded.parse().unwrap(), decoded.parse().unwrap());
        decoder.feed(&CHAT_ZSTD[fed..encoded], &mut |bytes| body.extend_from_slice(bytes));
        fed = encoded;
        assert_eq!(body, &CHAT[..decoded]);
    }
}

#[test]
fn names_of_codings_are_recognised_in_any_case_and_several_are_undone_in_turn() {
    let body = b"{\"model\":\"m\"}";
    let once = encode("gzip", body);
    for (name, encoded) in [
        ("GZIP", once.clone()),
        ("x-gzip", once.clone()),
        (" gzip ", once.clone()),
        ("identity, gzip", once.clone()),
        ("gzip,", once.clone()),
        ("identity", body.to_vec()),
        ("", body.to_vec()),
        ("gzip, br", encode("br", &once)),
        ("gzip, zstd, br", encode("br", &encode("zstd", &once))),
    ] {
        let bytes: Vec<&[u8]> = encoded.chunks(3).collect();
        assert_eq!(decode(name, &bytes), (body.to_vec(), None), "{name}");
    }
    let mut plain = Vec::new();
    Decoder::new(None).feed(body, &mut |bytes| plain.extend_from_slice(bytes));
    assert_eq!(plain, body);
}

#[test]
fn an_unknown_coding_yields_nothing() {
    for name in ["compress", "gzip, dcb", "aes128gcm, gzip", "gzip,gzip,gzip,gzip", "*", "brotli"] {
        let decoder = Decoder::new(Some(name));
        assert!(!decoder.is_known() && decoder.is_over(), "{name}");
        assert_eq!(decode(name, &[b"{\"model\":\"m\"}"]), (Vec::new(), None), "{name}");
    }
    assert!(Decoder::new(Some("br")).is_known() && Decoder::new(None).is_known());
}

#[test]
fn a_body_that_claims_a_coding_but_has_none_is_read_unchanged() {
    for coding in ["gzip", "zstd"] {
        for body in [&b"{\"model\":\"m\"}"[..], b"data: {}\n\n", b"[1,2]", b"\xef\xbb\xbf{}  "] {
            for at in 0..=body.len() {
                let (one, other) = body.split_at(at);
                assert_eq!(decode(coding, &[one, other]), (body.to_vec(), None), "{coding} at {at}");
            }
        }
    }
}

#[test]
fn every_part_of_a_gzip_header_is_skipped_and_members_follow_one_another() {
    for flags in 0..32 {
        let file = gzip(b"abc", flags);
        let bytes: Vec<&[u8]> = file.chunks(1).collect();
        assert_eq!(decode("gzip", &bytes), (b"abc".to_vec(), None), "{flags:#b}");
    }
    let members = [gzip(b"abc", 8), gzip(b"", 0), gzip(b"def", 0), vec![0; 20]].concat();
    for at in 0..=members.len() {
        let (one, other) = members.split_at(at);
        assert_eq!(decode("gzip", &[one, other]), (b"abcdef".to_vec(), None));
    }
}

#[test]
fn frames_of_zstandard_follow_one_another_and_some_are_skipped() {
    let frames = [
        b"\x5f\x2a\x4d\x18\x03\0\0\0abc".to_vec(),
        zstd_encoded(b"abc"),
        b"\x50\x2a\x4d\x18\0\0\0\0".to_vec(),
        CHAT_ZSTD_19.to_vec(),
        zstd_encoded(b""),
    ]
    .concat();
    let expected = [b"abc", CHAT].concat();
    for at in 0..=frames.len() {
        let (one, other) = frames.split_at(at);
        assert_eq!(decode("zstd", &[one, other]), (expected.clone(), None), "{at}");
    }
}

#[test]
fn reading_of_a_bomb_stops_at_the_limit_however_it_is_split() {
    let zeros = vec![b' '; 20 << 20];
    let limits = Limits { body_bytes: 3 << 20, ratio: 1_000_000, ..Limits::default() };
    let of_ratio = Limits { ratio: 2, ..Limits::default() };
    for coding in CODINGS {
        let bomb = encode(coding, &zeros);
        for size in [1, 100, usize::MAX] {
            let chunks: Vec<&[u8]> = bomb.chunks(size).collect();
            let (decoded, stopped) = decode_with(coding, &limits, &chunks);
            assert_eq!((decoded.len(), stopped), (limits.body_bytes, Some(Stop::OverLimit)), "{coding}");
            let (decoded, stopped) = decode_with(coding, &of_ratio, &chunks);
            assert!(
                decoded.len() >= FREE_OF_RATIO && decoded.len() <= FREE_OF_RATIO + 2 * bomb.len(),
                "{coding}"
            );
            assert_eq!(stopped, Some(Stop::OverLimit), "{coding}");
        }
        // A nested bomb: the inner one is a bomb too.
        let twice = encode("gzip", &bomb);
        let (decoded, stopped) = decode_with(&format!("{coding}, gzip"), &limits, &[&twice]);
        assert_eq!((decoded.len(), stopped), (limits.body_bytes, Some(Stop::OverLimit)), "{coding}");
    }
}

#[test]
fn nothing_more_is_decoded_once_the_reader_has_enough() {
    let body = vec![b'x'; 4 << 20];
    for coding in CODINGS {
        let (encoded, mut read) = (encode(coding, &body), 0);
        let mut decoder = Decoder::with_limits(
            Some(coding),
            &Limits { ratio: 1_000_000, ..Limits::default() },
            &Budget::default(),
        );
        let mut feed = |chunk: &[u8]| {
            decoder.feed_while(chunk, &mut |bytes| {
                read += bytes.len();
                read < 1_000
            });
            (decoder.is_over(), decoder.stopped())
        };
        assert_eq!((feed(&encoded), feed(&encoded)), ((true, None), (true, None)), "{coding}");
        assert!((1_000..=1_000 + (128 << 10)).contains(&read), "{coding}: {read}");
    }
}

#[test]
fn a_window_that_is_too_large_is_not_allocated() {
    // A frame that asks for 16 MB; and Brotli's largest window.
    let frame = b"\x28\xb5\x2f\xfd\x00\x70\x01\0\0";
    assert_eq!(decode("zstd", &[frame]), (Vec::new(), Some(Stop::OverLimit)));
    assert_eq!(decode("br", &[&[0x0f, 0, 0]]), (Vec::new(), Some(Stop::OverLimit)));
    let wide = Limits { window_bytes: 16 << 20, ..Limits::default() };
    assert_eq!(decode_with("zstd", &wide, &[frame]), (Vec::new(), None));
    // Large windows of Brotli's extension.
    assert_eq!(decode_with("br", &wide, &[&[0x11, 0x5e, 0, 0]]).1, Some(Stop::Damaged));
}

#[test]
fn all_bodies_together_stay_within_the_memory_limit() {
    let limits = Limits { total_bytes: 1 << 20, ..Limits::default() };
    let body = vec![b'x'; 600_000];
    for coding in CODINGS {
        let (budget, encoded) = (Budget::default(), encode(coding, &body));
        let mut decoders: Vec<Decoder> =
            (0..100).map(|_| Decoder::with_limits(Some(coding), &limits, &budget)).collect();
        for chunk in encoded.chunks(encoded.len().div_ceil(3)) {
            decoders.iter_mut().for_each(|decoder| decoder.feed(chunk, &mut |_| {}));
            assert!(budget.taken() <= limits.total_bytes, "{coding}");
        }
        let stopped = decoders.iter().filter(|decoder| decoder.stopped() == Some(Stop::OverLimit)).count();
        assert!((1..100).contains(&stopped), "{coding}: {stopped}");
        decoders.iter_mut().for_each(Decoder::end);
        assert_eq!(budget.taken(), 0, "{coding}");
    }
}

#[test]
fn a_truncated_body_yields_its_content_so_far_and_is_not_called_damaged() {
    for (coding, encoded) in
        [("gzip", gzip(CHAT, 0)), ("br", encode("br", CHAT)), ("zstd", CHAT_ZSTD.to_vec())]
    {
        let (decoded, stopped) = decode(coding, &[&encoded[..encoded.len() * 3 / 4]]);
        assert!(CHAT.starts_with(&decoded) && decoded.len() > CHAT.len() / 4, "{coding}: {}", decoded.len());
        assert_eq!(stopped, None, "{coding}");
    }
}

#[test]
fn reading_stops_at_damage() {
    for (coding, damaged) in [
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff\xff".to_vec()),
        ("gzip", b"\x1f\x8b\x07\0\0\0\0\0\0\x03".to_vec()),
        ("deflate", b"\x78\x9c\xff\xff\xff".to_vec()),
        ("br", vec![0x11; 20]),
        ("zstd", b"\x28\xb5\x2f\xfd\x20\x05\x07\0\0".to_vec()),
        // A dictionary, a reserved bit, and bytes after a frame that are not a frame.
        ("zstd", b"\x28\xb5\x2f\xfd\x21\x07\x05\x01\0\0".to_vec()),
        ("zstd", b"\x28\xb5\x2f\xfd\x28\x05\x01\0\0".to_vec()),
        ("zstd", [zstd_encoded(b"abc"), b"abcd".to_vec()].concat()),
    ] {
        assert_eq!(decode(coding, &[&damaged]).1, Some(Stop::Damaged), "{coding} {damaged:x?}");
    }
}

#[test]
fn a_body_truncated_anywhere_yields_the_same_in_any_chunks() {
    // More than a window of DEFLATE, and repeats that end in the middle of one.
    let body = [vec![b'x'; 70_000], CHAT.to_vec()].concat();
    for coding in ["gzip", "deflate", "raw deflate", "br"] {
        let (encoded, name) = (encode(coding, &body), coding.trim_start_matches("raw "));
        for end in 0..encoded.len() {
            let whole = decode(name, &[&encoded[..end]]);
            let bytes: Vec<&[u8]> = encoded[..end].chunks(1).collect();
            assert!(decode(name, &bytes) == whole && whole.1.is_none(), "{coding}, {end} bytes");
        }
    }
}

fn reference_zstd(encoded: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut body) = (encoded, Vec::new());
    let mut decoder = StreamingDecoder::new(&mut rest).ok()?;
    std::io::copy(&mut decoder, &mut body).ok()?;
    drop(decoder);
    rest.is_empty().then_some(body)
}

/// Bodies that compress: runs, repeats, and bytes of any kind.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        vec(any::<u8>(), 0..300),
        "[a-e {}\":,0-9]{0,300}".prop_map(String::into_bytes),
        (any::<u8>(), 0_usize..5_000).prop_map(|(byte, count)| vec![byte; count]),
        (0_usize..CHAT.len(), 0_usize..3_000).prop_map(|(from, count)| CHAT[from..]
            .iter()
            .copied()
            .take(count)
            .collect()),
    ];
    vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_body_is_decoded_in_any_chunks(
        body in any_body(),
        coding in proptest::sample::select(&CODINGS[..]),
        sizes in vec(0_usize..400, 0..30),
    ) {
        let encoded = encode(coding, &body);
        prop_assert_eq!(decode(coding, &chunks(&encoded, &sizes)), (body, None));
    }

    #[test]
    fn any_bytes_are_harmless_and_give_the_same_result_in_any_chunks(
        body in any_body(),
        coding in proptest::sample::select(&CODINGS[..]),
        changes in vec((any::<Index>(), any::<u8>()), 0..4),
        end in any::<Index>(),
        more in vec(any::<u8>(), 0..60),
        sizes in vec(0_usize..50, 0..30),
    ) {
        let mut encoded = encode(coding, &body);
        for (at, byte) in &changes {
            let at = at.index(encoded.len());
            encoded[at] = *byte;
        }
        if changes.len() > 2 {
            encoded.truncate(end.index(encoded.len()));
            encoded.extend(more);
        }
        let whole = decode(coding, &[&encoded]);
        let cut = decode(coding, &chunks(&encoded, &sizes));
        let is_damaged = |read: &(Vec<u8>, Option<Stop>)| read.1 == Some(Stop::Damaged);
        // The Brotli decoder misses some faults, depending on where the chunks end.
        prop_assert!(cut.1 == whole.1 || (coding == "br" && (is_damaged(&cut) || is_damaged(&whole))));
        // The amount decoded before the damage depends on this, too.
        let is_prefix = cut.0.starts_with(&whole.0) || whole.0.starts_with(&cut.0);
        prop_assert!(cut.0 == whole.0 || ((is_damaged(&cut) || is_damaged(&whole)) && is_prefix));
        // The reference accepts windows of any size, and frames with reserved bits.
        let is_compared = coding == "zstd" && whole.1.is_none();
        if let Some(body) = reference_zstd(&encoded).filter(|_| is_compared) {
            prop_assert_eq!(whole, (body, None));
        }
    }
}
