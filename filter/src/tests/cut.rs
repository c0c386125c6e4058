//! Bodies in chunks, as they pass a gateway.

/// The body in chunks of these sizes, the last one as large as need be.
pub fn chunks<'b>(body: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let (mut rest, mut chunks) = (body, Vec::new());
    for size in sizes {
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    chunks
}
