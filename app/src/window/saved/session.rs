//! The saved session: reports, positions in them, conversations, and the layout of the window.
//!
//! A report is identified by its content, so a moved or renamed file keeps its conversation.

use std::path::{Path, PathBuf};

use engine::cite::is_not_found;
use engine::protocol::{PageEvidence, Place, ReadSoFar};
use engine::viewer::ViewInfo;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::window::pages::{Paging, Rotation, SavedView, Spot, Zoom};
use crate::window::saved::lenient::{self, Losses};
use crate::window::state::report::{Editing, ErrorNotice, State, Turn, TurnEnd};
use crate::window::state::scope::Scope;
use crate::window::state::screen::Screen;

/// Most reports saved; the least recently opened are dropped.
const MOST_REPORTS: usize = 500;

/// Most questions saved per report; the oldest are dropped.
const MOST_TURNS: usize = 500;

/// The layout of the window, and the known reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SavedSession {
    /// Most recently opened first.
    reports: Vec<KeptReport>,
    /// Hashes of the open reports, from left to right.
    pub open: Vec<String>,
    /// Tabs whose content is not known: files that were named and not yet shown, or could not be opened.
    pub unvisited: Vec<UnvisitedTab>,
    /// Hash of the one in front.
    pub front: Option<String>,
    /// The screen shown.
    pub screen: Screen,
    /// Query of the library search.
    pub query: String,
    /// Width of the panel with questions and answers, in points.
    pub conversation_width: Option<f32>,
    /// Width and height of the window, in points.
    pub window: Option<(f32, f32)>,
}

/// A tab that is known by its path alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnvisitedTab {
    /// Its position among all tabs, from left to right.
    pub at: usize,
    /// The file.
    #[serde(with = "engine::store::path_text")]
    pub path: PathBuf,
    /// Whether it was in front.
    #[serde(default)]
    pub is_front: bool,
}

/// A report, with its view and draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptReport {
    /// SHA-256 of the file.
    pub hash: String,
    /// The file.
    #[serde(with = "engine::store::path_text")]
    pub path: PathBuf,
    /// The file's name without its folder.
    #[serde(default)]
    pub name: String,
    /// Pages in the file.
    #[serde(default)]
    pub pages: u32,
    /// Unix time when it was last opened, in seconds.
    #[serde(default)]
    pub opened_secs: u64,
    /// Position at the top of the view.
    #[serde(default)]
    pub top: Spot,
    /// Zoom.
    #[serde(default)]
    pub zoom: Zoom,
    /// Draft in the question field.
    #[serde(default)]
    pub question: String,
    /// The question being edited there.
    #[serde(default)]
    pub editing: Option<Editing>,
    /// Query of the search in the report.
    #[serde(default)]
    pub find: String,
    /// Excluded figures.
    #[serde(default)]
    pub left_out: Vec<Place>,
    /// Rotation of pages.
    #[serde(default)]
    pub rotation: Rotation,
    /// Single or continuous pages.
    #[serde(default)]
    pub paging: Paging,
    /// Whether the table of contents was shown.
    #[serde(default)]
    pub shows_contents: bool,
}

/// A question and its answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct KeptTurn {
    question: String,
    scope: Scope,
    answer: String,
    evidence: Vec<PageEvidence>,
    /// `None` in conversations that were saved before the engine said so.
    not_found: Option<bool>,
    source: usize,
    end: TurnEnd,
    warnings: Vec<String>,
    from_part: Option<ReadSoFar>,
    trouble: Option<ErrorNotice>,
    model: Option<String>,
    others: Vec<KeptTurn>,
    shown: usize,
}

impl SavedSession {
    /// Reads what [`SavedSession::to_bytes`] wrote, as far as it can be understood.
    pub(crate) fn from_bytes(bytes: Option<&[u8]>) -> Self {
        bytes.map(|bytes| Self::read(bytes).0).unwrap_or_default()
    }

    /// Reads what [`SavedSession::to_bytes`] wrote, and says what could not be understood.
    pub(crate) fn read(bytes: &[u8]) -> (Self, Losses) {
        let mut losses = Losses::default();
        if let Ok(session) = serde_json::from_slice(bytes) {
            return (session, losses);
        }
        let mut map = lenient::object(bytes, &mut losses);
        let (reports, unvisited) = (map.remove("reports"), map.remove("unvisited"));
        let mut session: Self = lenient::fields(map, &[], &mut losses).unwrap_or_default();
        session.reports =
            lenient::entries(reports, &mut losses, |map, losses| lenient::fields(map, &["hash", "path"], losses));
        session.unvisited =
            lenient::entries(unvisited, &mut losses, |map, losses| lenient::fields(map, &["at", "path"], losses));
        (session, losses)
    }

    /// As it is written down.
    ///
    /// # Errors
    /// Fails if a value has no form in JSON; then nothing may be replaced by it.
    pub(crate) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// Reports, most recently opened first.
    pub(crate) fn reports(&self) -> impl Iterator<Item = &KeptReport> {
        self.reports.iter()
    }

    /// The report with this hash.
    pub(crate) fn report(&self, hash: &str) -> Option<&KeptReport> {
        self.reports.iter().find(|report| report.hash == hash)
    }

    /// Reports that were open and known, from left to right.
    pub(crate) fn open_reports(&self) -> impl Iterator<Item = &KeptReport> {
        self.open.iter().filter_map(|hash| self.report(hash))
    }

    /// Tabs from left to right: path, name where it is known, and whether it was in front.
    pub(crate) fn tabs(&self) -> Vec<(PathBuf, Option<String>, bool)> {
        let is_front = |report: &KeptReport| self.front.as_ref() == Some(&report.hash);
        let known =
            self.open_reports().map(|report| (report.path.clone(), Some(report.name.clone()), is_front(report)));
        let mut tabs: Vec<_> = known.collect();
        let mut unvisited: Vec<&UnvisitedTab> = self.unvisited.iter().collect();
        unvisited.sort_by_key(|tab| tab.at);
        for tab in unvisited {
            tabs.insert(tab.at.min(tabs.len()), (tab.path.clone(), None, tab.is_front));
        }
        tabs
    }

    /// Takes other reports, the one that was opened last first.
    pub(super) fn replace_reports(&mut self, reports: Vec<KeptReport>) {
        self.reports = reports;
        self.reports.truncate(MOST_REPORTS);
    }

    /// Adds or moves a report to the front of the list.
    pub(crate) fn put_first(&mut self, report: KeptReport) {
        self.reports.retain(|other| other.hash != report.hash);
        self.reports.insert(0, report);
        self.reports.truncate(MOST_REPORTS);
    }

    /// Saves the draft and the excluded figures of an open report.
    pub(crate) fn note_question(&mut self, hash: &str, state: &State) {
        if let Some(report) = self.reports.iter_mut().find(|report| report.hash == hash) {
            report.question.clone_from(&state.question);
            report.editing.clone_from(&state.editing);
            report.left_out.clone_from(&state.left_out);
        }
    }

    /// Saves the view of an open report.
    pub(crate) fn note(&mut self, hash: &str, view: &SavedView) {
        if let Some(report) = self.reports.iter_mut().find(|report| report.hash == hash) {
            report.top = view.top;
            report.zoom = view.zoom;
            report.find.clone_from(&view.query);
            report.rotation = view.rotation;
            report.paging = view.paging;
            report.shows_contents = view.shows_contents;
        }
    }

    /// Forgets a report.
    pub(crate) fn forget(&mut self, hash: &str) {
        self.reports.retain(|report| report.hash != hash);
        self.open.retain(|open| open != hash);
    }
}

impl KeptReport {
    /// A report opened at `opened_secs`, with the view from `before`, or at its first page.
    pub(crate) fn opened(info: &ViewInfo, path: &Path, before: Option<&Self>, opened_secs: u64) -> Self {
        Self {
            hash: info.hash.clone(),
            path: path.to_owned(),
            name: info.name.clone(),
            pages: info.sizes_pt.len() as u32,
            opened_secs,
            top: before.map_or_else(Spot::default, |before| before.top),
            zoom: before.map_or_else(Zoom::default, |before| before.zoom),
            question: before.map(|before| before.question.clone()).unwrap_or_default(),
            editing: before.and_then(|before| before.editing.clone()),
            find: before.map(|before| before.find.clone()).unwrap_or_default(),
            left_out: before.map(|before| before.left_out.clone()).unwrap_or_default(),
            rotation: before.map_or_else(Rotation::default, |before| before.rotation),
            paging: before.map_or_else(Paging::default, |before| before.paging),
            shows_contents: before.is_some_and(|before| before.shows_contents),
        }
    }

    /// Its saved view.
    pub(crate) fn view(&self) -> SavedView {
        SavedView {
            top: self.top,
            zoom: self.zoom,
            rotation: self.rotation,
            paging: self.paging,
            query: self.find.clone(),
            shows_contents: self.shows_contents,
        }
    }
}

impl KeptTurn {
    fn new(turn: &Turn) -> Self {
        Self {
            question: turn.question.clone(),
            answer: turn.answer.clone(),
            scope: turn.scope.clone(),
            evidence: turn.evidence.clone(),
            not_found: Some(turn.not_found),
            source: turn.source,
            end: turn.end,
            warnings: turn.warnings.clone(),
            from_part: turn.from_part.clone(),
            trouble: turn.error.clone(),
            model: turn.model.clone(),
            others: turn.others.iter().map(Self::new).collect(),
            shown: turn.shown,
        }
    }

    /// Reads a turn field by field.
    fn read(mut map: Map<String, Value>, losses: &mut Losses) -> Option<Self> {
        let others = lenient::entries(map.remove("others"), losses, Self::read);
        let turn: Self = lenient::fields(map, &[], losses)?;
        Some(Self { others, ..turn })
    }

    fn turn(&self) -> Turn {
        Turn {
            request: None,
            question: self.question.clone(),
            scope: self.scope.clone(),
            answer: self.answer.clone(),
            evidence: self.evidence.clone(),
            not_found: self.not_found.unwrap_or_else(|| is_not_found(&self.answer, &self.evidence)),
            source: self.source,
            warnings: self.warnings.clone(),
            from_part: self.from_part.clone(),
            more_read: None,
            end: if self.end == TurnEnd::Open { TurnEnd::Cancelled } else { self.end },
            error: self.trouble.clone(),
            model: self.model.clone(),
            others: self.others.iter().map(Self::turn).collect(),
            shown: self.shown.min(self.others.len()),
        }
    }
}

/// A saved conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Conversation {
    turns: Vec<KeptTurn>,
}

impl Conversation {
    /// Creates it from turns; an answer still being written is saved so far.
    pub(crate) fn new(turns: &[Turn]) -> Self {
        let old = turns.len().saturating_sub(MOST_TURNS);
        Self { turns: turns[old..].iter().map(KeptTurn::new).collect() }
    }

    /// Reads what [`Conversation::to_bytes`] wrote, as far as it can be understood.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self::read(bytes).0
    }

    /// Reads what [`Conversation::to_bytes`] wrote, and says what could not be understood.
    pub(crate) fn read(bytes: &[u8]) -> (Self, Losses) {
        let mut losses = Losses::default();
        if let Ok(conversation) = serde_json::from_slice(bytes) {
            return (conversation, losses);
        }
        let mut map = lenient::object(bytes, &mut losses);
        let turns = lenient::entries(map.remove("turns"), &mut losses, KeptTurn::read);
        (Self { turns }, losses)
    }

    /// As it is written down.
    ///
    /// # Errors
    /// Fails if a value has no form in JSON; then nothing may be replaced by it.
    pub(crate) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// The turns. Answers that were being written when the program ended are cancelled.
    pub(crate) fn turns(&self) -> Vec<Turn> {
        self.turns.iter().map(KeptTurn::turn).collect()
    }

    /// Each question with its answer, as one text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> {
        self.turns.iter().map(|turn| format!("{}\n{}", turn.question, turn.answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(hash: &str) -> KeptReport {
        KeptReport {
            hash: hash.into(),
            path: format!("/reports/{hash}.pdf").into(),
            name: format!("{hash}.pdf"),
            pages: 82,
            opened_secs: 1_700_000_000,
            top: Spot { index: 3, x_pt: 0.5, y_pt: 120.25 },
            zoom: Zoom::Fixed(1.5),
            question: "How mu".into(),
            editing: Some(Editing { turn: 2, before: "And".into() }),
            find: "receipts".into(),
            rotation: Rotation::Left,
            paging: Paging::Single,
            shows_contents: true,
            left_out: Vec::new(),
        }
    }

    #[test]
    fn it_comes_back_as_it_was_and_what_was_opened_last_comes_first() {
        let mut session = SavedSession {
            open: vec!["b".into(), "gone".into()],
            window: Some((900.0, 700.0)),
            ..SavedSession::default()
        };
        for hash in ["a", "b", "a"] {
            session.put_first(report(hash));
        }
        let again = SavedSession::from_bytes(Some(&session.to_bytes().unwrap()));
        assert_eq!(again, session);
        assert_eq!(again.reports().map(|report| report.hash.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(again.open_reports().map(|report| report.hash.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn what_an_older_recto_wrote_is_understood() {
        let record = r#"{"reports":[{"hash":"a","path":"/reports/a.pdf","name":"a.pdf","pages":82,"opened_secs":17,
            "top":{"index":3,"x_pt":0.5,"y_pt":120.25},"zoom":"FitPage"}]}"#;
        let session = SavedSession::from_bytes(Some(record.as_bytes()));
        assert_eq!(session.report("a").map(|report| (report.top.index, report.rotation)), Some((3, Rotation::Upright)));
    }

    #[test]
    fn a_conversation_is_restored_and_an_unfinished_answer_is_cancelled() {
        let earlier = Turn { answer: "0.2".into(), ..Turn::default() };
        let error = Some(ErrorNotice { message: "no model".into(), hint: None });
        let turn = |end| Turn {
            question: "How much?".into(),
            answer: "0.3".into(),
            end,
            others: vec![Turn { end, ..earlier.clone() }],
            shown: 1,
            error: error.clone(),
            warnings: vec!["Page 3 is not read".into()],
            ..Turn::default()
        };
        let kept = Conversation::new(&[turn(TurnEnd::Answered), turn(TurnEnd::Open)]);
        let turns = Conversation::from_bytes(&kept.to_bytes().unwrap()).turns();
        assert_eq!(turns, [turn(TurnEnd::Answered), turn(TurnEnd::Cancelled)]);
        let older = br#"{"turns":[{"question":"Q","answer":"A","evidence":[],"source":0,"end":"Answered"}]}"#;
        assert_eq!(Conversation::from_bytes(older).turns()[0].answer, "A", "what earlier programs kept");
        assert!(Conversation::from_bytes(older).turns()[0].found_nothing(), "as it was shown then");
        assert_eq!(kept.texts().next().as_deref(), Some("How much?\n0.3"));
    }

    #[test]
    fn an_unknown_word_costs_itself_alone() {
        let mut session = SavedSession { query: "receipts".into(), ..SavedSession::default() };
        for hash in ["a", "b", "c"] {
            session.put_first(report(hash));
        }
        let text = String::from_utf8(session.to_bytes().unwrap()).unwrap();
        let screen = text.replace(r#""screen":"Report""#, r#""screen":"Compare""#);
        assert_ne!(screen, text);
        assert_eq!(SavedSession::read(screen.as_bytes()), (session.clone(), Losses { fields: 1, entries: 0 }));
        // A word, a number that is none, and an entry without a path.
        let strange = text
            .replacen(r#""rotation":"Left""#, r#""rotation":"Mirrored""#, 1)
            .replacen(r#""y_pt":120.25"#, r#""y_pt":null"#, 1)
            .replace(r#""path":"/reports/b.pdf""#, r#""file":"/reports/b.pdf""#);
        let (read, losses) = SavedSession::read(strange.as_bytes());
        assert_eq!(losses, Losses { fields: 2, entries: 1 });
        let mut expected = report("c");
        (expected.rotation, expected.top) = (Rotation::Upright, Spot::default());
        assert_eq!(read.reports, [expected, report("a")]);
        assert_eq!(read.query, "receipts");
    }

    #[test]
    fn an_unknown_word_in_a_turn_leaves_the_conversation() {
        let turn = |question: &str| Turn { question: question.into(), answer: "0.3".into(), ..Turn::default() };
        let with_others = Turn { others: vec![turn("earlier")], end: TurnEnd::Answered, ..turn("first") };
        let kept = Conversation::new(&[with_others, turn("second")]);
        let text = String::from_utf8(kept.to_bytes().unwrap()).unwrap();
        let strange = text.replace(r#""end":"Answered""#, r#""end":"Postponed""#);
        assert_ne!(strange, text);
        let (read, losses) = Conversation::read(strange.as_bytes());
        assert_eq!(losses, Losses { fields: 1, entries: 0 });
        assert_eq!(read.texts().collect::<Vec<_>>(), ["first\n0.3", "second\n0.3"]);
        assert_eq!(read.turns()[0].others[0].question, "earlier");
        assert_eq!(Conversation::read(b"{").1, Losses { fields: 0, entries: 1 });
    }

    #[test]
    fn tabs_are_where_they_were() {
        let mut session =
            SavedSession { open: vec!["a".into(), "b".into()], front: Some("b".into()), ..Default::default() };
        session.put_first(report("a"));
        session.put_first(report("b"));
        let unvisited = |at, name: &str| UnvisitedTab { at, path: name.into(), is_front: false };
        session.unvisited = vec![unvisited(9, "z"), unvisited(3, "y"), unvisited(1, "x")];
        let tabs = session.tabs();
        let names: Vec<_> = tabs.iter().map(|(path, ..)| path.to_str().unwrap()).collect();
        assert_eq!(names, ["/reports/a.pdf", "x", "/reports/b.pdf", "y", "z"]);
        assert_eq!(tabs.iter().position(|(_, _, is_front)| *is_front), Some(2));
    }

    #[test]
    fn invalid_input_gives_an_empty_session() {
        assert_eq!(SavedSession::from_bytes(None), SavedSession::default());
        for bytes in [&b""[..], b"{", b"[]", b"{\"reports\": 3}"] {
            assert_eq!(SavedSession::from_bytes(Some(bytes)), SavedSession::default());
        }
        assert_eq!(Conversation::from_bytes(b"{"), Conversation::default());
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut session = SavedSession::default();
        for number in 0..MOST_REPORTS + 20 {
            session.put_first(report(&number.to_string()));
        }
        assert_eq!(session.reports().count(), MOST_REPORTS);
        assert!(session.report("0").is_none() && session.report("519").is_some());
    }
}
