//! Questions that come while documents are being read: those on the same documents are answered in between, from the
//! windows that are finished, on the engine's thread while the encoder waits; all others wait their turn.

use std::time::Instant;

use super::encoding::{Audience, Wish};
use super::encodings::Encodings;
use super::extent::extent;
use super::inbox::{Inbox, Question};
use super::jobs::ask::{answer_meanwhile, patience};
use super::jobs::ask_part::answer_part_meanwhile;
use super::jobs::write::Subject;
use super::offers::Offers;
use super::outlet::{Job, Outlet, caught};
use super::reading::EncodingKey;
use super::shelf::Shelf;
use crate::document::OpenDocument;
use crate::kernels::threads;
use crate::prompt::Priorities;
use crate::protocol::{AskJob, Event, Layout, Outcome, ReadJob, RequestId};

/// What a reading answers questions with.
pub(super) struct Questions<'a, 'b> {
    /// The reading.
    pub(super) request: RequestId,
    pub(super) inbox: &'a mut Inbox<'b>,
    pub(super) outlet: &'a Outlet<'a>,
    pub(super) offers: &'a mut Offers,
    pub(super) what: &'a ReadJob,
    pub(super) key: &'a EncodingKey,
    pub(super) subject: &'a Subject<'a>,
    pub(super) shelf: &'a Shelf<'a>,
    /// The question whose turn is next, and since when it waits.
    pub(super) waiting: Option<(Question, Instant)>,
    /// What was asked last, and pages that are wanted first.
    pub(super) priorities: Priorities,
}

impl Questions<'_, '_> {
    /// Gives back the question that was not answered, so that it is answered when its turn comes.
    pub(super) fn leave(self) {
        if let Some((question, _)) = self.waiting {
            self.inbox.put_back(question);
        }
    }

    /// Offers questions again that were answered from less.
    pub(super) fn offer_again(&mut self, encodings: &Encodings) {
        self.offers.tell(self.outlet, self.key, &extent(encodings));
    }

    /// Takes the next question that can be answered from this reading.
    fn take(&mut self, encodings: &Encodings) {
        let what = self.what;
        let Some(question) = self.inbox.take_question(|ask| is_on_the_same(ask, what)) else { return };
        if !can_be_answered(&question, encodings) {
            self.outlet.tell(Event::Waiting { request: question.request });
        }
        self.priorities.question = Some(question.job.question.clone());
        self.waiting = Some((question, Instant::now()));
    }

    fn answer(&mut self, question: Question, encodings: &Encodings, open: &mut [OpenDocument]) {
        let Question { request, job: what, cancel } = question;
        let job = Job { request, cancel, outlet: self.outlet };
        let ended = caught(|| {
            job.cancel.check()?;
            // Somebody waits for this, unlike for the reading around it.
            let answer = threads::in_foreground(|| {
                if what.scope.is_empty() {
                    answer_meanwhile(&job, self.subject, self.shelf, encodings, &what)
                } else {
                    answer_part_meanwhile(&job, self.subject, self.shelf, (encodings, open), &what)
                }
            });
            answer.map(Outcome::Answer)
        });
        if let Ok(Ok(Outcome::Answer(answer))) = &ended {
            let key = EncodingKey { scope: what.scope.clone(), ..self.key.clone() };
            self.offers.add(request, &key, &answer.read);
        }
        self.outlet.end(request, ended);
    }

    /// Pages that the user wants read first; the last wish counts most.
    fn take_wishes(&mut self) {
        while let Some(page) = self.inbox.take_wish(self.request) {
            self.priorities.pages.retain(|before| *before != page);
            self.priorities.pages.insert(0, page);
        }
    }
}

/// Whether there is something to answer from: a window, or, for a question on a part, that part.
fn can_be_answered(question: &Question, encodings: &Encodings) -> bool {
    encodings.has_finished() || !question.job.scope.is_empty()
}

impl Audience for Questions<'_, '_> {
    fn priorities(&self) -> Priorities {
        self.priorities.clone()
    }

    fn look(&mut self, encodings: &Encodings, open: &mut [OpenDocument]) -> Wish {
        self.take_wishes();
        if self.waiting.is_none() {
            self.take(encodings);
        }
        let is_due = |(question, since): &mut (Question, Instant)| {
            let is_patient = patience(&question.job).is_some_and(|patience| since.elapsed() < patience);
            question.cancel.is_cancelled() || can_be_answered(question, encodings) && !is_patient
        };
        if let Some((question, _)) = self.waiting.take_if(is_due) {
            self.answer(question, encodings, open);
        }
        Wish::More
    }

    fn window_finished(&mut self, encodings: &Encodings) {
        self.offer_again(encodings);
    }
}

/// Whether a question is on the documents that are being read, read in the same way by the same model.
fn is_on_the_same(ask: &AskJob, read: &ReadJob) -> bool {
    let (a, b) = (&ask.compute, &read.compute);
    ask.sources == read.sources
        && ask.reading == read.reading
        && ask.answering.layout == Layout::Document
        && (&a.model, a.device, a.dtype) == (&b.model, b.device, b.dtype)
}
