//! Reading numbers and strings from a file, with bounds checks.

use std::io::Read;

use super::GgufError;

/// A cursor over the header that knows how many bytes are left.
pub(super) struct Reader<R> {
    inner: R,
    position: u64,
    end: u64,
}

impl<R: Read> Reader<R> {
    /// Reads at most `end` bytes of `inner`.
    pub(super) fn new(inner: R, end: u64) -> Self {
        Self { inner, position: 0, end }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Checks that `count` items of at least `each_bytes` can still follow.
    pub(super) fn require(&self, what: &str, count: u64, each_bytes: u64) -> Result<(), GgufError> {
        let left_bytes = self.end - self.position;
        let needed_bytes = count.saturating_mul(each_bytes);
        if needed_bytes <= left_bytes {
            return Ok(());
        }
        Err(GgufError::Truncated { what: what.to_owned(), needed_bytes, left_bytes })
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8, GgufError> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, GgufError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64, GgufError> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A string with a length prefix. Not all strings of real vocabularies are UTF-8, so invalid bytes are replaced.
    pub(super) fn string(&mut self, what: &str) -> Result<String, GgufError> {
        let length = self.u64(what)?;
        self.require(what, length, 1)?;
        let mut bytes = vec![0; length as usize];
        self.fill(what, &mut bytes)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(not_utf8) => String::from_utf8_lossy(not_utf8.as_bytes()).into_owned(),
        })
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        self.require(what, N as u64, 1)?;
        self.fill(what, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, what: &str, bytes: &mut [u8]) -> Result<(), GgufError> {
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            // The file became shorter while it was read.
            std::io::ErrorKind::UnexpectedEof => {
                GgufError::Truncated { what: what.to_owned(), needed_bytes: bytes.len() as u64, left_bytes: 0 }
            }
            _ => GgufError::Io(error),
        })?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}
