//! The two forms of a memory.

/// How the encoder's output is stored for the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Keys and values of every layer: faster, `2 · k · d` numbers per token and layer.
    KeysValues,
    /// The encoder's output itself: `c` numbers per token, and `k` scalars per token and layer.
    Shared,
}
