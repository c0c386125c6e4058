//! Protobuf's wire format, read in place: nothing is copied, and a message costs no memory until somebody keeps a part of
//! it. A message of a few bytes for each of millions of empty elements is therefore as cheap as any other.
//!
//! A text that is not UTF-8 does not spoil the message that it is in, as it would in most readers: Envoy sends what clients
//! sent.

use thiserror::Error;

/// One field of a message: its number and its value.
pub type Field<'a> = (u32, Value<'a>);

/// The value of a field, by wire type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number or a truth value.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
}

/// The bytes are no message.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("it is not a protobuf message: {problem} at {left} bytes before its end")]
pub struct Malformed {
    problem: &'static str,
    left: usize,
}

impl Malformed {
    /// For a part that is larger than its reader takes.
    pub(crate) fn too_large() -> Self {
        Self { problem: "a value is too large", left: 0 }
    }
}

/// The fields of a message in their order. After an error there are no more.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// The fields of `message`.
pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

/// The messages, texts or bytes in the fields with this number.
///
/// # Errors
///
/// [`Malformed`].
pub fn parts(message: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Malformed>> {
    fields(message).filter_map(move |field| match field {
        Ok((found, Value::Bytes(bytes))) if found == number => Some(Ok(bytes)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<Field<'a>, Malformed> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| self.malformed("a field's number is wrong"))?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(self.malformed("a field has an unknown type")),
        };
        Ok((number, value))
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number is too long"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| self.malformed("a number is cut off"))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| self.malformed("a field is cut off"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn malformed(&self, problem: &'static str) -> Malformed {
        Malformed { problem, left: self.rest.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_type_are_read() {
        let message = [8, 0xac, 2, 0x11, 1, 0, 0, 0, 0, 0, 0, 0, 0x1a, 2, b'o', b'k', 0x25, 2, 0, 0, 0];
        let read: Vec<_> = fields(&message).map(Result::unwrap).collect();
        assert_eq!(
            read,
            [
                (1, Value::Varint(300)),
                (2, Value::Fixed64(1)),
                (3, Value::Bytes(b"ok")),
                (4, Value::Fixed32(2))
            ]
        );
        assert_eq!(parts(&message, 3).collect::<Vec<_>>(), [Ok(&b"ok"[..])]);
    }

    #[test]
    fn what_is_no_message_says_why_and_ends() {
        for (bytes, problem) in [
            (&[0x0a, 5, 1][..], "a field is cut off"),
            (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], "a field is cut off"),
            (&[0xff; 12], "a number is too long"),
            (&[0], "a field's number is wrong"),
            (&[0x0b], "an unknown type"),
            (&[0x09, 1], "a field is cut off"),
            (&[0x80], "a field is cut off"),
        ] {
            let mut read = fields(bytes);
            let error = read.next().unwrap().unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
            assert!(read.next().is_none());
        }
    }
}
