//! Lists from another process: their length is checked during deserialisation, before memory is allocated.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Elements for which memory is reserved in advance, whatever the announced length.
const AHEAD: usize = 1024;

/// Deserialises a list of at most `MOST` elements; a longer one is an error. For `#[serde(deserialize_with = "…")]`.
pub(super) fn at_most<'de, D, T, const MOST: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(List::<T, MOST>(PhantomData))
}

struct List<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for List<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MOST} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let announced = sequence.size_hint().unwrap_or(0);
        if announced > MOST {
            return Err(A::Error::invalid_length(announced, &self));
        }
        let mut list = Vec::with_capacity(announced.min(AHEAD));
        while let Some(element) = sequence.next_element()? {
            if list.len() >= MOST {
                return Err(A::Error::invalid_length(MOST + 1, &self));
            }
            list.push(element);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Three(#[serde(deserialize_with = "at_most::<_, _, 3>")] Vec<Option<String>>);

    #[test]
    fn a_list_that_is_too_long_is_rejected_before_it_is_allocated() {
        let read = |bytes: &[u8]| postcard::from_bytes::<Three>(bytes);
        assert_eq!(read(&[3, 0, 0, 0]).unwrap().0.len(), 3);
        assert!(read(&[4, 0, 0, 0, 0]).is_err());
        // Announced length: four thousand million.
        assert!(read(&[0x80, 0xd0, 0xac, 0xf3, 0x0e, 0]).is_err());
        // Formats without announced lengths.
        assert!(serde_json::from_str::<Three>("[null, null, null]").is_ok());
        assert!(serde_json::from_str::<Three>("[null, null, null, null]").is_err());
    }
}
