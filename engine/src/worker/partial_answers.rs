//! Questions answered before their documents were read completely. As more is read, the user is told that a fuller answer
//! is available.

use super::encoding::windows::EncodingKey;
use super::event_sink::EventSink;
use crate::protocol::{Event, ReadSoFar, RequestId};

/// Most answers that are tracked; the oldest are dropped first.
const MAX_TRACKED: usize = 64;

/// Answers that were based on part of their documents.
#[derive(Default)]
pub(super) struct PartialAnswers(Vec<PartialAnswer>);

struct PartialAnswer {
    request: RequestId,
    key: EncodingKey,
    /// Windows that had been read when the user was last told.
    windows: u32,
}

impl PartialAnswer {
    fn is_scoped_to_part_of(&self, key: &EncodingKey) -> bool {
        !self.key.scope.is_empty() && self.key.unscoped() == *key
    }
}

impl PartialAnswers {
    /// Tracks an answer, unless everything had been read for it.
    pub(super) fn add(&mut self, request: RequestId, key: &EncodingKey, read: &ReadSoFar) {
        if read.is_all() {
            return;
        }
        if self.0.len() == MAX_TRACKED {
            self.0.remove(0);
        }
        self.0.push(PartialAnswer { request, key: key.clone(), windows: read.windows.0 });
    }

    /// Sends [`Event::MoreRead`] for each answer on these documents of which more has been read since. Answers scoped to
    /// part of the documents are reported only once everything is read; after that none is tracked any more.
    pub(super) fn report_more_read(&mut self, sink: &EventSink<'_>, key: &EncodingKey, read: &ReadSoFar) {
        let is_all = read.is_all();
        for answer in &mut self.0 {
            let has_more = answer.key == *key && answer.windows < read.windows.0;
            if has_more || is_all && answer.is_scoped_to_part_of(key) {
                answer.windows = read.windows.0;
                sink.send(Event::MoreRead { request: answer.request, read: read.clone() });
            }
        }
        self.0.retain(|answer| !(is_all && (answer.key == *key || answer.is_scoped_to_part_of(key))));
    }
}
