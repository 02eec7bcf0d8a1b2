//! Where products go.

#![expect(clippy::inline_always, reason = "loops that melt into a function that names the CPU's instructions")]

/// f32 rows that a product writes.
pub struct Destination<'a> {
    /// The numbers of row 0 begin here.
    pub values: &'a mut [f32],
    /// Numbers from one row to the next.
    pub stride: usize,
    /// Whether products are added to what is there.
    pub accumulate: bool,
}

impl Destination<'_> {
    /// Writes some columns of a row.
    #[inline(always)]
    pub(super) fn put(&mut self, row: usize, first_column: usize, values: &[f32]) {
        let to = &mut self.values[row * self.stride + first_column..][..values.len()];
        if self.accumulate {
            for (to, value) in to.iter_mut().zip(values) {
                *to += value;
            }
        } else {
            to.copy_from_slice(values);
        }
    }
}
