//! A matrix of f32 or bf16 in panels.

#![expect(unsafe_code, clippy::inline_always, reason = "one step of innermost loops, on pointers")]

use half::bf16;

use super::super::PANEL;
use super::lanes::Lanes;

/// A type that weights are held in: it widens to f32 without loss.
pub trait Number: Copy + Default + Send + Sync + 'static {
    /// The nearest number of this type.
    fn narrow(value: f32) -> Self;

    /// Reads and widens 16 numbers.
    ///
    /// # Safety
    /// `from` points at 16 numbers; the CPU has the instructions of `L`.
    unsafe fn load<L: Lanes>(from: *const Self) -> L::Sixteen;
}

impl Number for f32 {
    #[inline(always)]
    fn narrow(value: f32) -> Self {
        value
    }

    #[inline(always)]
    unsafe fn load<L: Lanes>(from: *const Self) -> L::Sixteen {
        // SAFETY: the caller's promise is the same.
        unsafe { L::load(from) }
    }
}

impl Number for bf16 {
    #[inline(always)]
    fn narrow(value: f32) -> Self {
        Self::from_f32(value)
    }

    #[inline(always)]
    unsafe fn load<L: Lanes>(from: *const Self) -> L::Sixteen {
        // SAFETY: the caller's promise is the same.
        unsafe { L::load_bf16(from) }
    }
}

/// A matrix `[out, in]` packed for [`super::multiply()`]: panels of 16 output columns, `[panels][in][16]`.
#[derive(Clone, Debug, Default)]
pub struct PackedMatrix<T> {
    values: Vec<T>,
    outputs: usize,
    inner: usize,
}

impl<T: Number> PackedMatrix<T> {
    /// A matrix `[outputs, inner]` of zeros, to be filled column by column or row by row.
    pub fn zeros(outputs: usize, inner: usize) -> Self {
        Self { values: vec![T::default(); outputs.next_multiple_of(PANEL) * inner], outputs, inner }
    }

    /// Makes it `[outputs, inner]`, all zeros, keeping its memory.
    pub fn reset(&mut self, outputs: usize, inner: usize) {
        self.values.clear();
        self.values.resize(outputs.next_multiple_of(PANEL) * inner, T::default());
        (self.outputs, self.inner) = (outputs, inner);
    }

    /// Sets the `inner` weights of one output.
    pub fn set_output(&mut self, output: usize, weights: &[f32]) {
        let panel = &mut self.values[output / PANEL * PANEL * self.inner..][..PANEL * self.inner];
        for (to, weight) in panel.iter_mut().skip(output % PANEL).step_by(PANEL).zip(weights) {
            *to = T::narrow(*weight);
        }
    }

    /// Sets what the inner index `k` has for each output.
    pub fn set_inner(&mut self, k: usize, weights: &[f32]) {
        for (panel, weights) in self.values.chunks_exact_mut(PANEL * self.inner).zip(weights.chunks(PANEL)) {
            for (to, weight) in panel[k * PANEL..].iter_mut().zip(weights) {
                *to = T::narrow(*weight);
            }
        }
    }

    /// Output columns.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Numbers in a column.
    pub fn inner(&self) -> usize {
        self.inner
    }

    /// Bytes held.
    pub fn num_bytes(&self) -> usize {
        size_of_val(&self.values[..])
    }

    /// A panel, `[in][16]`.
    pub(super) fn panel(&self, panel: usize) -> &[T] {
        &self.values[panel * PANEL * self.inner..][..PANEL * self.inner]
    }
}
