//! What the window remembers from one start to the next: reports, where one was in them, and what was asked.
//!
//! A report is known by its content: one that was moved, or opened under another name, brings its conversation along.

use std::path::PathBuf;

use engine::protocol::PageEvidence;
use engine::viewer::ViewInfo;
use serde::{Deserialize, Serialize};

use super::pages::{PageView, Spot, Zoom};
use super::state::{Turn, TurnEnd};

/// Reports remembered; the ones that were not open for longest go.
const MOST_REPORTS: usize = 100;

/// Questions remembered of a report; the oldest go.
const MOST_TURNS: usize = 500;

/// Whoever writes it down. Neither call waits for a disk that is slow, the first one apart.
pub trait Keeper {
    /// What was kept last, at the start of the window.
    fn load(&mut self) -> Option<Vec<u8>>;

    /// Puts this in its place.
    fn keep(&mut self, bytes: Vec<u8>);
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Desk {
    /// The one that was open last comes first.
    reports: Vec<KeptReport>,
}

/// A report as it was left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptReport {
    hash: String,
    /// The file.
    pub path: PathBuf,
    /// The file's name without its folder.
    pub name: String,
    /// What lay at the top of the view.
    pub top: Spot,
    /// How large pages were.
    pub zoom: Zoom,
    turns: Vec<KeptTurn>,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptTurn {
    question: String,
    answer: String,
    evidence: Vec<PageEvidence>,
    source: usize,
    end: TurnEnd,
}

impl Desk {
    /// Reads what [`Desk::to_bytes`] wrote; an empty desk, and `false`, where that cannot be understood.
    pub(crate) fn from_bytes(bytes: Option<&[u8]>) -> (Self, bool) {
        let Some(bytes) = bytes else { return (Self::default(), true) };
        serde_json::from_slice(bytes).map_or((Self::default(), false), |desk| (desk, true))
    }

    /// As it is written down.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Texts and numbers always have a form in JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The file that was open last.
    pub(crate) fn open_file(&self) -> Option<PathBuf> {
        self.reports.first().map(|report| report.path.clone())
    }

    /// Reports, the one that was open last first.
    pub(crate) fn reports(&self) -> impl Iterator<Item = &KeptReport> {
        self.reports.iter()
    }

    /// The report with this content.
    pub(crate) fn report(&self, hash: &str) -> Option<&KeptReport> {
        self.reports.iter().find(|report| report.hash == hash)
    }

    /// A path that is known, or that of the report that was open last.
    pub(crate) fn path_of(&self, path: Option<&PathBuf>) -> PathBuf {
        path.cloned().or_else(|| self.open_file()).unwrap_or_default()
    }

    /// Notes how the open report stands, as the one that was open last; whether that is news.
    pub(crate) fn put(&mut self, report: KeptReport) -> bool {
        if self.reports.first() == Some(&report) {
            return false;
        }
        self.reports.retain(|other| other.hash != report.hash);
        self.reports.insert(0, report);
        self.reports.truncate(MOST_REPORTS);
        true
    }
}

impl KeptReport {
    /// The open report as it stands. An answer that is still being written is kept as far as it has come.
    pub(crate) fn new(info: &ViewInfo, path: PathBuf, view: &PageView, turns: &[Turn]) -> Self {
        let kept = |turn: &Turn| KeptTurn {
            question: turn.question.clone(),
            answer: turn.answer.clone(),
            evidence: turn.evidence.clone(),
            source: turn.source,
            end: turn.end,
        };
        let old = turns.len().saturating_sub(MOST_TURNS);
        Self {
            hash: info.hash.clone(),
            path,
            name: info.name.clone(),
            top: view.top,
            zoom: view.zoom,
            turns: turns[old..].iter().map(kept).collect(),
        }
    }

    /// Its conversation. What was being answered when the program ended was stopped there.
    pub(crate) fn turns(&self) -> Vec<Turn> {
        let turn = |kept: &KeptTurn| Turn {
            question: kept.question.clone(),
            answer: kept.answer.clone(),
            evidence: kept.evidence.clone(),
            source: kept.source,
            end: if kept.end == TurnEnd::Open { TurnEnd::Cancelled } else { kept.end },
            ..Turn::default()
        };
        self.turns.iter().map(turn).collect()
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
            top: Spot { index: 3, x_pt: 0.5, y_pt: 120.25 },
            zoom: Zoom::Fixed(1.5),
            turns: vec![KeptTurn {
                question: "How much?".into(),
                answer: "0.3".into(),
                evidence: Vec::new(),
                source: 0,
                end: TurnEnd::Open,
            }],
        }
    }

    #[test]
    fn it_comes_back_as_it_was_and_what_was_open_last_comes_first() {
        let mut desk = Desk::default();
        assert!(desk.put(report("a")) && desk.put(report("b")));
        assert!(!desk.put(report("b")), "nothing new");
        assert!(desk.put(report("a")));
        let (again, is_sound) = Desk::from_bytes(Some(&desk.to_bytes()));
        assert!(is_sound);
        assert_eq!(again, desk);
        assert_eq!(again.open_file(), Some(PathBuf::from("/reports/a.pdf")));
        assert_eq!(again.reports().count(), 2);
        let turns = again.report("b").unwrap().turns();
        assert_eq!((turns[0].end, turns[0].answer.as_str()), (TurnEnd::Cancelled, "0.3"));
    }

    #[test]
    fn what_cannot_be_understood_is_an_empty_desk() {
        assert_eq!(Desk::from_bytes(None), (Desk::default(), true));
        for bytes in [&b""[..], b"{", b"[]", b"{\"reports\": 3}"] {
            assert_eq!(Desk::from_bytes(Some(bytes)), (Desk::default(), false));
        }
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut desk = Desk::default();
        for number in 0..MOST_REPORTS + 20 {
            desk.put(report(&number.to_string()));
        }
        assert_eq!(desk.reports().count(), MOST_REPORTS);
        assert!(desk.report("0").is_none() && desk.report("119").is_some());
    }
}
