//! What the decoder sees of the encoder: keys and values per layer, or one memory shared by all layers.
//!
//! Keys of the encoder get the key norm but no rotation, so windows that were encoded apart are simply concatenated.
//! A layer's keys and values are linear in the encoder's output up to one scalar per token and key head, the inverse
//! norm `s`: `q·k = s · ((q ⊙ (1+w)) W_k)·h` and `Σ a·v = W_v (Σ a·h)`. All layers can therefore read the output itself,
//! which is much smaller than their keys and values. It is still read once per layer: this saves space, not time.

pub use super::memory_kind::MemoryKind;
use super::{candle, native};

/// The encoder's output, prepared for every decoder layer.
#[derive(Debug)]
pub struct Memory(Option<Prepared>);

/// In the form that a backend reads.
#[derive(Debug)]
enum Prepared {
    Native(native::Memory),
    Candle(candle::Memory),
}

impl Memory {
    /// A memory that holds nothing: the decoder alone.
    pub fn empty() -> Self {
        Self(None)
    }

    /// Encoded tokens.
    pub fn len(&self) -> usize {
        match &self.0 {
            None => 0,
            Some(Prepared::Native(memory)) => memory.len(),
            Some(Prepared::Candle(memory)) => memory.len(),
        }
    }

    /// Whether nothing was encoded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is stored.
    pub fn kind(&self) -> MemoryKind {
        match &self.0 {
            None => MemoryKind::Shared,
            Some(Prepared::Native(memory)) => memory.kind(),
            Some(Prepared::Candle(memory)) => memory.kind(),
        }
    }

    /// Its size in bytes; what layers share is counted once.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            None => 0,
            Some(Prepared::Native(memory)) => memory.bytes(),
            Some(Prepared::Candle(memory)) => memory.bytes(),
        }
    }

    /// For the native backend; nothing where the memory is empty or another backend's.
    pub(super) fn native(&self) -> Option<&native::Memory> {
        match &self.0 {
            Some(Prepared::Native(memory)) => Some(memory),
            _ => None,
        }
    }

    /// For the candle backend; nothing where the memory is empty or another backend's.
    pub(super) fn candle(&self) -> Option<&candle::Memory> {
        match &self.0 {
            Some(Prepared::Candle(memory)) => Some(memory),
            _ => None,
        }
    }
}

impl From<native::Memory> for Memory {
    fn from(memory: native::Memory) -> Self {
        Self(Some(Prepared::Native(memory)))
    }
}

impl From<candle::Memory> for Memory {
    fn from(memory: candle::Memory) -> Self {
        Self(Some(Prepared::Candle(memory)))
    }
}
