//! How far a job has come.

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Bytes done in this stage.
    pub done_bytes: u64,
    /// Bytes of the whole stage.
    pub total_bytes: u64,
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Bytes come over the network.
    Download,
    /// Files are put in place and hashed on the way.
    Copy,
    /// Files in place are hashed again.
    Verify,
}

/// Counts the bytes of one stage and tells whoever watches.
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

    /// Progress never goes back and never beyond its end.
    pub(super) fn reach(&mut self, done_bytes: u64) {
        let done_bytes = done_bytes.min(self.progress.total_bytes);
        if done_bytes > self.progress.done_bytes {
            self.progress.done_bytes = done_bytes;
            (self.observe)(self.progress);
        }
    }
}
