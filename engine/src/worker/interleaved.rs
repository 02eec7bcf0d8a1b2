//! Questions that arrive while documents are being read. Those on the same documents are answered between two layers of the
//! encoder, on the engine thread, from the windows that are finished; all others stay in the queue.

use std::ops::ControlFlow;
use std::time::Instant;

use super::answer::prepare::time_limit;
use super::answer::run_interleaved;
use super::answer::write::AnswerContext;
use super::command_queue::{CommandQueue, Question};
use super::encoding::cache::EncodingCache;
use super::encoding::coverage::coverage;
use super::encoding::encode::EncodeObserver;
use super::encoding::windows::{EncodingKey, WindowEncodings};
use super::event_sink::{EventSink, Job, catch_panic};
use super::partial_answers::PartialAnswers;
use crate::document::OpenDocument;
use crate::kernels::threads;
use crate::prompt::Priorities;
use crate::protocol::{AskJob, Event, Layout, Outcome, ReadJob, RequestId};

/// Answers questions during a read job, as the observer of its encoding run.
pub(super) struct InterleavedQuestions<'a, 'b> {
    /// The read job's request.
    pub(super) request: RequestId,
    pub(super) queue: &'a mut CommandQueue<'b>,
    pub(super) sink: &'a EventSink<'a>,
    pub(super) partial_answers: &'a mut PartialAnswers,
    pub(super) read_job: &'a ReadJob,
    pub(super) key: &'a EncodingKey,
    pub(super) context: &'a AnswerContext<'a>,
    pub(super) cache: &'a EncodingCache<'a>,
    /// The next question to answer, and when it was taken from the queue.
    pub(super) next: Option<(Question, Instant)>,
    /// The latest question, and the pages to read first.
    pub(super) priorities: Priorities,
}

impl InterleavedQuestions<'_, '_> {
    /// Puts a question that was not answered back into the queue.
    pub(super) fn put_back_unanswered(self) {
        if let Some((question, _)) = self.next {
            self.queue.put_back(question);
        }
    }

    /// Tells the user about earlier answers for which more has been read since.
    pub(super) fn report_more_read(&mut self, encodings: &WindowEncodings) {
        self.partial_answers.report_more_read(self.sink, self.key, &coverage(encodings));
    }

    /// Takes the next question that this read job can answer from the queue.
    fn take_question(&mut self, encodings: &WindowEncodings) {
        let read_job = self.read_job;
        let Some(question) = self.queue.take_question(|ask| is_on_same_documents(ask, read_job)) else { return };
        if !is_answerable(&question, encodings) {
            self.sink.send(Event::Waiting { request: question.request });
        }
        self.priorities.question = Some(question.job.question.clone());
        self.next = Some((question, Instant::now()));
    }

    fn answer(&mut self, question: Question, encodings: &WindowEncodings, open: &mut [OpenDocument]) {
        let Question { request, job: ask, cancel } = question;
        let job = Job { request, cancel, sink: self.sink };
        let result = catch_panic(|| {
            job.cancel.check()?;
            // The user waits for the answer, so it runs at normal priority even if the read job does not.
            let answer =
                threads::in_foreground(|| run_interleaved(&job, self.context, self.cache, (encodings, open), &ask));
            answer.map(Outcome::Answer)
        });
        if let Ok(Ok(Outcome::Answer(answer))) = &result {
            let key = EncodingKey { scope: ask.scope.clone(), ..self.key.clone() };
            self.partial_answers.add(request, &key, &answer.read);
        }
        self.sink.finish(request, result);
    }

    /// Takes requests to read pages first; the latest comes first.
    fn take_page_requests(&mut self) {
        while let Some(page) = self.queue.take_page_request(self.request) {
            self.priorities.pages.retain(|before| *before != page);
            self.priorities.pages.insert(0, page);
        }
    }
}

/// Whether there is anything to answer from: a finished window, or the scope of the question, which is encoded for it.
fn is_answerable(question: &Question, encodings: &WindowEncodings) -> bool {
    encodings.has_finished() || !question.job.scope.is_empty()
}

impl EncodeObserver for InterleavedQuestions<'_, '_> {
    fn priorities(&self) -> Priorities {
        self.priorities.clone()
    }

    fn poll(&mut self, encodings: &WindowEncodings, open: &mut [OpenDocument]) -> ControlFlow<()> {
        self.take_page_requests();
        if self.next.is_none() {
            self.take_question(encodings);
        }
        let is_due = |(question, since): &mut (Question, Instant)| {
            let can_wait = time_limit(&question.job).is_some_and(|limit| since.elapsed() < limit);
            question.cancel.is_cancelled() || is_answerable(question, encodings) && !can_wait
        };
        if let Some((question, _)) = self.next.take_if(is_due) {
            self.answer(question, encodings, open);
        }
        ControlFlow::Continue(())
    }

    fn window_finished(&mut self, encodings: &WindowEncodings) {
        self.report_more_read(encodings);
    }
}

/// Whether a question is on the documents that are being read, with the same reading options and model.
fn is_on_same_documents(ask: &AskJob, read: &ReadJob) -> bool {
    let (a, b) = (&ask.compute, &read.compute);
    ask.sources == read.sources
        && ask.reading == read.reading
        && ask.answering.layout == Layout::Document
        && (&a.model, a.device, a.dtype) == (&b.model, b.device, b.dtype)
}
