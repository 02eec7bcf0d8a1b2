//! An engine that says what the test wants, and remembers what it was told.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use app::services::library::{LibraryCommand, LibraryEvent, LibraryService};
use app::services::models::{ModelCommand, ModelEvent, ModelService};
use app::services::{EngineClient, ViewerClient};
use engine::cite::is_not_found;
use engine::document::geometry::Rect;
use engine::document::page::{DocumentKind, FigureKind, Line, LineRole, Page, PageContent};
use engine::protocol::{
    Answer, AnswerCost, Command, DocumentSummary, ErrorReport, Event, Finish, ModelSummary, Outcome, PageEvidence,
    PageReport, PageState, ReadSoFar, ReadingMap, RequestId, SpanEvidence, SpanKind, WeightType,
};
use engine::store::library::Record;
use engine::viewer::{DocumentId, Hit, PageKey, Refusal, ViewCommand, ViewEvent, ViewInfo, Wanted};

/// What the report is known by.
pub(crate) const HASH: &str = "6d16a5cbb8a85f2d84a3f2a39a3ab8c7f3ed5a1ee3ef0c1b36d4dfc1a4b1c001";

/// What test and engine share.
#[derive(Debug, Default)]
struct Script {
    commands: Vec<Command>,
    events: VecDeque<Event>,
}

/// The script, held by the test and by the window's engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptedEngine(Rc<RefCell<Script>>);

impl EngineClient for ScriptedEngine {
    fn send(&mut self, command: Command) {
        self.0.borrow_mut().commands.push(command);
    }

    fn try_recv(&mut self) -> Option<Event> {
        self.0.borrow_mut().events.pop_front()
    }
}

impl ScriptedEngine {
    /// Commands sent so far.
    pub(crate) fn commands(&self) -> Vec<Command> {
        self.0.borrow().commands.clone()
    }

    /// The request of the last command that asked for work.
    pub(crate) fn last_request(&self) -> RequestId {
        let is_work = |command: &Command| match command {
            Command::Read { request, .. } | Command::Ask { request, .. } => Some(*request),
            _ => None,
        };
        self.0.borrow().commands.iter().rev().find_map(is_work).expect("the window asked for nothing")
    }

    /// Lets an event arrive.
    pub(crate) fn tell(&self, event: Event) {
        self.0.borrow_mut().events.push_back(event);
    }

    /// Ends the last request with an outcome.
    pub(crate) fn finish(&self, outcome: Outcome) {
        self.tell(Event::Done { request: self.last_request(), outcome });
    }

    /// Ends the last request with an error.
    pub(crate) fn fail(&self, message: &str, hint: &str) {
        let report = ErrorReport { message: message.into(), hint: Some(hint.into()), details: None };
        self.tell(Event::Failed { request: self.last_request(), report });
    }

    /// Lets a piece of an answer arrive.
    pub(crate) fn say(&self, text: &str) {
        self.tell(Event::Token { request: self.last_request(), text: text.into() });
    }
}

/// Keeps a library in memory, and does what it is told at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptedLibrary(Rc<RefCell<Shelves>>);

#[derive(Debug, Default)]
struct Shelves {
    records: Vec<(Record, Vec<u8>)>,
    conversations: BTreeMap<String, Vec<u8>>,
    commands: Vec<LibraryCommand>,
    events: VecDeque<LibraryEvent>,
}

impl LibraryService for ScriptedLibrary {
    fn load(&mut self, record: Record) -> Option<Vec<u8>> {
        let shelves = self.0.borrow();
        shelves.records.iter().rev().find(|(kept, _)| *kept == record).map(|(_, bytes)| bytes.clone())
    }

    fn send(&mut self, command: LibraryCommand) {
        let mut shelves = self.0.borrow_mut();
        shelves.commands.push(command.clone());
        match command {
            LibraryCommand::Save(record, bytes) => shelves.records.push((record, bytes)),
            LibraryCommand::SaveConversation { hash, bytes } => {
                shelves.conversations.insert(hash, bytes);
            }
            LibraryCommand::OpenConversation(hash) => {
                let bytes = shelves.conversations.get(&hash).cloned();
                shelves.events.push_back(LibraryEvent::Conversation { hash, bytes });
            }
            LibraryCommand::Remove(hash) => {
                shelves.conversations.remove(&hash);
            }
            LibraryCommand::Search { .. }
            | LibraryCommand::CheckFiles(_)
            | LibraryCommand::Export(_)
            | LibraryCommand::SetAside { .. } => {}
        }
    }

    fn try_recv(&mut self) -> Option<LibraryEvent> {
        self.0.borrow_mut().events.pop_front()
    }
}

impl ScriptedLibrary {
    /// One that was given something that is no memory of a window.
    pub(crate) fn damaged() -> Self {
        let library = Self::default();
        library.0.borrow_mut().records =
            vec![(Record::Desk, b"{\"reports\": [{]".to_vec()), (Record::Settings, b"!".to_vec())];
        library
    }

    /// Commands sent so far.
    pub(crate) fn commands(&self) -> Vec<LibraryCommand> {
        self.0.borrow().commands.clone()
    }

    /// Lets an event arrive.
    pub(crate) fn tell(&self, event: LibraryEvent) {
        self.0.borrow_mut().events.push_back(event);
    }
}

/// Keeps no models, and tells what the test wants told of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptedModels(Rc<RefCell<(Vec<ModelCommand>, VecDeque<ModelEvent>)>>);

impl ModelService for ScriptedModels {
    fn send(&mut self, command: ModelCommand) {
        self.0.borrow_mut().0.push(command);
    }

    fn try_recv(&mut self) -> Option<ModelEvent> {
        self.0.borrow_mut().1.pop_front()
    }
}

impl ScriptedModels {
    /// Commands sent so far.
    pub(crate) fn commands(&self) -> Vec<ModelCommand> {
        self.0.borrow().0.clone()
    }

    /// Lets an event arrive.
    pub(crate) fn tell(&self, event: ModelEvent) {
        self.0.borrow_mut().1.push_back(event);
    }
}

/// A viewer that draws what it is asked for at once, in one colour a page, and remembers what it was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptedViewer(Rc<RefCell<Drawn>>);

#[derive(Debug, Default)]
struct Drawn {
    commands: Vec<ViewCommand>,
    events: VecDeque<ViewEvent>,
    is_slow: bool,
    texts: BTreeMap<u32, Arc<Page>>,
}

impl ViewerClient for ScriptedViewer {
    fn send(&mut self, command: ViewCommand) {
        let mut drawn = self.0.borrow_mut();
        drawn.commands.push(command.clone());
        match command {
            ViewCommand::Want(wanted) if !drawn.is_slow => {
                let shown: Vec<ViewEvent> = wanted.into_iter().filter_map(|wanted| drawn.show(wanted)).collect();
                drawn.events.extend(shown);
            }
            ViewCommand::Want(_) | ViewCommand::Open { .. } | ViewCommand::Close(_) | ViewCommand::Find { .. } => {}
        }
    }

    fn try_recv(&mut self) -> Option<ViewEvent> {
        self.0.borrow_mut().events.pop_front()
    }
}

impl Drawn {
    fn show(&self, wanted: Wanted) -> Option<ViewEvent> {
        match wanted {
            Wanted::Picture(key) => {
                let colour = image::Rgb([(key.page.page * 40 % 256) as u8, 90, 160]);
                let picture = image::RgbImage::from_pixel(key.width, key.height, colour);
                Some(ViewEvent::Picture { key, picture: Arc::new(picture) })
            }
            Wanted::Page(key) => {
                let page = self.texts.get(&key.page)?;
                Some(ViewEvent::Page { key, page: Arc::clone(page) })
            }
        }
    }

    /// What the window wanted opened last.
    fn opened(&self) -> DocumentId {
        let opened = self.commands.iter().rev().find_map(|command| match command {
            ViewCommand::Open { document, .. } => Some(*document),
            _ => None,
        });
        opened.expect("nothing was opened")
    }
}

impl ScriptedViewer {
    /// One that draws nothing.
    pub(crate) fn slow() -> Self {
        let viewer = Self::default();
        viewer.0.borrow_mut().is_slow = true;
        viewer
    }

    /// Commands sent so far.
    pub(crate) fn commands(&self) -> Vec<ViewCommand> {
        self.0.borrow().commands.clone()
    }

    /// What was wanted last.
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        let commands = self.commands();
        let last = commands.into_iter().rev().find_map(|command| match command {
            ViewCommand::Want(wanted) => Some(wanted),
            _ => None,
        });
        last.unwrap_or_default()
    }

    /// Finds words once on each of these pages, and on no other.
    pub(crate) fn find(&self, query: &str, pages: &[u32]) {
        let mut drawn = self.0.borrow_mut();
        let document = drawn.opened();
        for &page in pages {
            let bbox = Rect::new(100.0, 400.0, 160.0, 412.0);
            let hits = vec![Hit { text: "net receipts of the year".into(), found: 4..12, bbox }];
            let is_last = Some(&page) == pages.last();
            drawn.events.push_back(ViewEvent::Found { document, query: query.into(), page, hits, is_last });
        }
    }

    /// Tells the lines of a page of the report that was opened last.
    pub(crate) fn tell_page(&self, number: u32, lines: &[&str]) {
        let mut drawn = self.0.borrow_mut();
        let line = |(at, text): (usize, &&str)| Line {
            text: (*text).to_owned(),
            bbox: Rect::new(72.0, 100.0 + 14.0 * at as f32, 540.0, 112.0 + 14.0 * at as f32),
            block: 0,
            role: LineRole::Body,
            hyphenated: false,
            words: Vec::new(),
            cells: Vec::new(),
        };
        let page = Page {
            number,
            label: None,
            width_pt: 612.0,
            height_pt: 792.0,
            content: PageContent::Text,
            lines: lines.iter().enumerate().map(line).collect(),
            figures: Vec::new(),
            links: Vec::new(),
        };
        let key = PageKey { document: drawn.opened(), page: number };
        drawn.events.push_back(ViewEvent::Page { key, page: Arc::new(page) });
    }

    /// Cannot open what the window wanted opened last.
    pub(crate) fn refuse(&self) {
        self.refuse_as(Refusal::Missing, "there is no such file");
    }

    /// Cannot open it for this reason.
    pub(crate) fn refuse_as(&self, cause: Refusal, message: &str) {
        let opened = self.commands().into_iter().rev().find_map(|command| match command {
            ViewCommand::Open { document, .. } => Some(document),
            _ => None,
        });
        let document = opened.expect("nothing was opened");
        let report = ErrorReport { message: message.into(), hint: None, details: None };
        self.0.borrow_mut().events.push_back(ViewEvent::Refused { document, report, cause });
    }

    /// Opens what the window wanted opened last: so many sheets of letter paper, the first two with Roman numbers.
    pub(crate) fn open(&self, pages: usize) {
        self.open_with(sheets(pages));
    }

    /// The same, with another content and name.
    pub(crate) fn open_as(&self, pages: usize, hash: &str, name: &str) {
        self.open_with(ViewInfo { hash: hash.into(), name: name.into(), ..sheets(pages) });
    }

    /// Opens what the window wanted opened last as this.
    pub(crate) fn open_with(&self, info: ViewInfo) {
        let mut drawn = self.0.borrow_mut();
        let document = drawn.opened();
        drawn.events.push_back(ViewEvent::Opened { document, info: Arc::new(info) });
    }

    /// What stands on a page from now on.
    pub(crate) fn give_text(&self, page: Page) {
        self.0.borrow_mut().texts.insert(page.number, Arc::new(page));
    }

    /// Tells what stands on a page, though it is slow.
    pub(crate) fn tell_text(&self, page: u32) {
        let mut drawn = self.0.borrow_mut();
        let key = PageKey { document: drawn.opened(), page };
        let told = drawn.show(Wanted::Page(key)).expect("nothing stands on the page");
        drawn.events.push_back(told);
    }
}

/// So many sheets of letter paper, the first two with Roman numbers.
pub(crate) fn sheets(pages: usize) -> ViewInfo {
    let label = |at: usize| match at {
        0 => Some("i".to_owned()),
        1 => Some("ii".to_owned()),
        at => Some((at - 1).to_string()),
    };
    ViewInfo {
        hash: HASH.into(),
        name: "treasury_bulletin_2025_06.pdf".into(),
        kind: DocumentKind::Pdf,
        title: None,
        sizes_pt: vec![(612.0, 792.0); pages],
        labels: (0..pages).map(label).collect(),
        outline: Vec::new(),
    }
}

/// A report of 82 pages of which page 40 could not be read.
pub(crate) fn bulletin() -> Outcome {
    let page = |number| PageReport {
        document: 0,
        number,
        label: None,
        state: if number == 40 { PageState::Unread } else { PageState::Read },
        lines: 50,
        tables: 0,
        figures: 0,
        figure_list: Vec::new(),
        tokens: 0,
        reason: None,
    };
    Outcome::Read(ReadingMap {
        documents: vec![summary()],
        pages: (1..=82).map(page).collect(),
        windows: Vec::new(),
        tokens: 0,
        encoded: false,
        pages_secs: 1.0,
        encoding_secs: 0.0,
        figures_written: Vec::new(),
    })
}

/// The stand-in model.
pub(crate) fn starter() -> ModelSummary {
    ModelSummary {
        name: "Gemma 3 270M".into(),
        has_encoder: false,
        has_eyes: false,
        stand_in: true,
        dtype: WeightType::F32,
        memory: None,
    }
}

/// An answer from a line of page 9 and a figure of page 11.
pub(crate) fn answer(text: &str) -> Outcome {
    let line = "Real GDP declined 0.2 percent at an annual rate in the first quarter of 2025.";
    let evidence = vec![
        page(9, 0.71, SpanKind::Line, line),
        page(11, 0.29, SpanKind::Figure(FigureKind::Vector), "Growth of real GDP"),
    ];
    Outcome::Answer(Answer {
        text: text.into(),
        finish: Finish::Complete,
        model: starter(),
        documents: vec![summary()],
        not_found: is_not_found(text, &evidence),
        evidence,
        unread: Vec::new(),
        read: ReadSoFar::default(),
        cost: AnswerCost::default(),
    })
}

/// An answer that comes from nowhere.
pub(crate) fn answer_from_nowhere(text: &str) -> Outcome {
    let Outcome::Answer(whole) = answer(text) else { unreachable!("it is an answer") };
    Outcome::Answer(Answer { evidence: Vec::new(), not_found: true, ..whole })
}

/// An answer written when `windows` of 40 windows, each of a page, were read.
pub(crate) fn answer_from_part(text: &str, windows: u32) -> Outcome {
    let Outcome::Answer(whole) = answer(text) else { unreachable!("it is an answer") };
    Outcome::Answer(Answer { read: extent(windows), ..whole })
}

/// So many of 40 windows, each of a page.
pub(crate) fn extent(windows: u32) -> ReadSoFar {
    ReadSoFar {
        windows: (windows, 40),
        pages: (windows, 40),
        figures: (0, 0),
        waiting: (windows..40).map(|page| (0, page + 1)).collect(),
    }
}

fn page(page: u32, share: f32, kind: SpanKind, text: &str) -> PageEvidence {
    let boxes = vec![Rect::new(72.0, 100.0, 540.0, 112.0)];
    let span = SpanEvidence { kind, text: text.into(), boxes, share, attention: share, matches: Vec::new() };
    PageEvidence { document: 0, page, label: None, share, spans: vec![span] }
}

fn summary() -> DocumentSummary {
    DocumentSummary {
        index: 0,
        name: "treasury_bulletin_2025_06.pdf".into(),
        hash: HASH.into(),
        kind: DocumentKind::Pdf,
        title: None,
        pages: 82,
    }
}
