//! Values that arrive from another thread.

/// A value that another thread supplies.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Remote<T> {
    /// Not requested.
    #[default]
    Absent,
    /// Requested.
    Pending,
    /// Available.
    Ready(T),
    /// Failed; the error card says why.
    Failed,
}
