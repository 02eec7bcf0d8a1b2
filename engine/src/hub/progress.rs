//! Progress of a download or installation.

/// Progress of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Bytes done in this stage.
    pub done_bytes: u64,
    /// Bytes of the whole stage.
    pub total_bytes: u64,
}

/// The stages of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Downloading.
    Download,
    /// Copying files into place, hashing them on the way.
    Copy,
    /// Hashing installed files again.
    Verify,
}

/// Counts the bytes of one stage and reports progress.
pub(super) struct Meter<'a> {
    progress: Progress,
    observe: &'a mut dyn FnMut(Progress),
}

impl<'a> Meter<'a> {
    pub(super) fn new(stage: Stage, total_bytes: u64, observe: &'a mut dyn FnMut(Progress)) -> Self {
        let progress = Progress { stage, done_bytes: 0, total_bytes };
        observe(progress);
        Self { progress, observe }
    }

    pub(super) fn add(&mut self, bytes: u64) {
        self.reach(self.progress.done_bytes.saturating_add(bytes));
    }

    /// Progress never decreases and never exceeds the total.
    pub(super) fn reach(&mut self, done_bytes: u64) {
        let done_bytes = done_bytes.min(self.progress.total_bytes);
        if done_bytes > self.progress.done_bytes {
            self.progress.done_bytes = done_bytes;
            (self.observe)(self.progress);
        }
    }
}
