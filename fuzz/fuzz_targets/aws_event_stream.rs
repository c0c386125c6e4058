//! Frames of Bedrock's streams: any split yields the same events, and none that was not sent.
#![no_main]

use gatelog_filter::ai::aws_event_stream::Frames;
use libfuzzer_sys::fuzz_target;

fn events(chunks: &[&[u8]]) -> (Vec<(String, Vec<u8>)>, bool) {
    let (mut frames, mut events) = (Frames::default(), Vec::new());
    for chunk in chunks {
        frames.feed(chunk, &mut |kind, payload| events.push((kind.to_owned(), payload.to_vec())));
    }
    (events, frames.is_damaged())
}

fuzz_target!(|data: &[u8]| {
    let Some((at, body)) = data.split_first() else { return };
    let (one, other) = body.split_at(usize::from(*at).min(body.len()));
    let whole = events(&[body]);
    assert_eq!(events(&[one, other]), whole);
    assert!(whole.0.iter().map(|(_, payload)| payload.len()).sum::<usize>() <= body.len());
});
