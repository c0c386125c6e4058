//! Records that travel together: their JSON in one text, which is the body of a push.

use crate::config::sink::QueueLimits;
use crate::host::Instant;

/// Records that travel together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[` and the records, each but the first after a `,`.
    text: Vec<u8>,
    /// Where each record ends in `text`.
    ends: Vec<usize>,
    /// Index of the oldest record that was not dropped.
    first: usize,
    opened_at: Instant,
}

impl Batch {
    /// A batch of one record, with room for `room` bytes of text.
    pub fn new(json: &[u8], opened_at: Instant, room: usize) -> Self {
        let mut text = Vec::with_capacity(room.max(json.len() + 2));
        text.push(b'[');
        text.extend_from_slice(json);
        let mut batch = Self { text, ends: Vec::new(), first: 0, opened_at };
        batch.ends.push(batch.text.len());
        batch
    }

    /// When the batch was begun.
    pub fn opened_at(&self) -> Instant {
        self.opened_at
    }

    /// Records in the batch.
    pub fn entries(&self) -> usize {
        self.ends.len() - self.first
    }

    /// Bytes of the records.
    pub fn bytes(&self) -> usize {
        // There is one comma less than there are records.
        (self.end() + 1).saturating_sub(self.start(self.first) + self.entries())
    }

    /// The batch as a JSON array.
    pub fn array(&mut self) -> &[u8] {
        let bracket = self.start(self.first) - 1;
        if let Some(byte) = self.text.get_mut(bracket) {
            *byte = b'[';
        }
        self.text.truncate(self.end());
        self.text.push(b']');
        self.text.get(bracket..).unwrap_or_default()
    }

    /// The oldest record alone, as a JSON object.
    pub fn object(&self) -> &[u8] {
        self.record(self.first)
    }

    /// The records, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        (self.first..self.ends.len()).map(|index| self.record(index))
    }

    fn record(&self, index: usize) -> &[u8] {
        let end = self.ends.get(index).copied().unwrap_or_default();
        self.text.get(self.start(index)..end).unwrap_or_default()
    }

    /// Splits off the newer half; none when only one record is left.
    pub fn split(&mut self) -> Option<Batch> {
        let kept = self.first + self.entries().div_ceil(2);
        if self.entries() < 2 {
            return None;
        }
        let start = self.start(kept);
        let end = self.end();
        let mut text = vec![b'['];
        text.extend_from_slice(self.text.get(start..end)?);
        let ends = self.ends.split_off(kept).into_iter().map(|end| end - start + 1).collect();
        self.text.truncate(start - 1);
        Some(Batch { text, ends, first: 0, opened_at: self.opened_at })
    }

    /// True when there is no room for another record; dropped records count.
    pub fn is_full(&self, limits: &QueueLimits) -> bool {
        self.ends.len() >= limits.max_batch_size
    }

    /// True when there is room for this record; dropped records count.
    pub fn fits(&self, json: &[u8], limits: &QueueLimits) -> bool {
        !self.is_full(limits) && self.record_bytes() + json.len() <= limits.max_batch_bytes
    }

    /// Bytes of the records, dropped ones included.
    fn record_bytes(&self) -> usize {
        // Before each record there is a bracket or a comma.
        self.end().saturating_sub(self.ends.len())
    }

    /// Bytes of the text that the dropped records take, with the separator before each.
    pub fn dropped_bytes(&self) -> usize {
        self.end().saturating_sub(self.bytes() + self.entries())
    }

    /// Adds a record; the text takes at most `spare` bytes of memory more than it must.
    pub fn add(&mut self, json: &[u8], spare: usize) {
        self.text.truncate(self.end());
        let added = json.len() + 2;
        if self.text.len() + added > self.text.capacity() {
            // Doubles, as any vector does.
            self.text.reserve_exact(self.text.len().min(spare).max(added));
        }
        self.text.push(b',');
        self.text.extend_from_slice(json);
        self.ends.push(self.text.len());
    }

    /// Adds the records of another batch.
    pub fn append(&mut self, other: &Batch) {
        let start = other.start(other.first);
        self.text.truncate(self.end());
        self.text.push(b',');
        let base = self.text.len();
        self.text.extend_from_slice(other.text.get(start..other.end()).unwrap_or_default());
        self.ends.extend(other.ends.iter().skip(other.first).map(|end| end - start + base));
    }

    /// Gives back the memory that a closed batch does not need; the bracket at its end keeps its place.
    pub fn give_back_room(&mut self) {
        self.text.shrink_to(self.text.len() + 1);
        self.ends.shrink_to_fit();
    }

    /// Drops the oldest record and returns its bytes. Its text stays until the whole batch goes.
    pub fn drop_oldest(&mut self) -> usize {
        let bytes = self.object().len();
        self.first += 1;
        bytes
    }

    /// Bytes of memory that the text takes.
    #[cfg(test)]
    pub fn text_capacity(&self) -> usize {
        self.text.capacity()
    }

    /// Records that the table of ends has memory for.
    #[cfg(test)]
    pub fn ends_capacity(&self) -> usize {
        self.ends.capacity()
    }

    /// Where the last record ends in the text.
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(1)
    }

    /// Where record `index` begins in the text.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(1, |end| end + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_splits_into_halves_until_one_record_is_left() {
        let mut batch = Batch::new(b"0", Instant::default(), 0);
        batch.add(b"1", 0);
        batch.add(b"2", 0);
        assert_eq!(batch.array(), b"[0,1,2]");
        assert_eq!(batch.array(), b"[0,1,2]");
        let mut newer = batch.split().unwrap();
        assert_eq!((batch.array(), newer.array()), (&b"[0,1]"[..], &b"[2]"[..]));
        assert_eq!((batch.bytes(), newer.bytes()), (2, 1));
        assert!(newer.split().is_none());
        assert_eq!(batch.object(), b"0");
    }
}
