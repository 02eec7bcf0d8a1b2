//! A small model that reads: the random checkpoint with eyes, its vocabulary stretched to that of the small tokenizer.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use engine::document::pages::{Limits, PagesOptions};
use engine::protocol::{
    Answer, AnsweringOptions, AskJob, Command, ComputeOptions, Event, Outcome, ReadJob, ReadingMap, ReadingOptions,
    RequestId, Source, Stage, WindowOrigin,
};
use engine::store::Directories;
use engine::worker::{Engine, EngineOptions};
use recto_tests::fixture;

/// Tokens of the small tokenizer, and its ids for images.
const VOCABULARY: usize = 2286;
const IDS: [(&str, &str); 4] = [
    ("\"vocab_size\": 320", "\"vocab_size\": 2286"),
    ("_token_index\": 300", "_token_index\": 2281"),
    ("_token_index\": 301", "_token_index\": 2282"),
    ("_token_index\": 310", "_token_index\": 2283"),
];

/// Writes the model into `folder`, with `change` made to its tensors.
pub(crate) fn write_model(folder: &Path, change: impl FnOnce(&mut super::tiny_model::Tensors)) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let mut config = std::fs::read_to_string(fixture("model/image/config.json")).unwrap();
    for (from, to) in IDS {
        config = config.replace(from, to);
    }
    std::fs::write(folder.join("config.json"), config).unwrap();
    std::fs::copy(fixture("tokenizer/tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    let mut tensors = super::tiny_model::tensors("image");
    let numbers = (0..VOCABULARY * 64).map(|i| ((i * i % 7919) as f32 * 0.37).sin() * 0.3).collect::<Vec<_>>();
    let table = Tensor::from_vec(numbers, (VOCABULARY, 64), &Device::Cpu).unwrap();
    tensors.insert("model.encoder.embed_tokens.weight".into(), table);
    change(&mut tensors);
    let tensors: std::collections::HashMap<String, Tensor> = tensors.into_iter().collect();
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();
    folder.to_owned()
}

/// `count` pages of about 120 tokens, no two alike.
pub(crate) fn pages(count: usize) -> Vec<String> {
    let words = ["receipts", "outlays", "deficit", "notes", "bills", "bonds", "trust", "fund", "interest", "fiscal"];
    (0..count)
        .map(|page| {
            let line = |at: usize| {
                let word = |i: usize| words[(page * page * 31 + at * 17 + i * 7 + page * i * at) % words.len()];
                format!("{} of {} were {} million for {}", word(0), word(1), page * 37 + at * 11, word(2))
            };
            (0..8).map(line).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

pub(crate) fn write_report(path: &Path, pages: &[String]) -> Source {
    std::fs::write(path, pages.join("\n\u{c}")).unwrap();
    Source { path: path.to_owned(), password: None }
}

/// An engine whose files lie under `home`.
pub(crate) fn engine(home: &Path) -> Engine {
    engine_with(home, |options| options)
}

/// The same, with other options.
pub(crate) fn engine_with(home: &Path, change: impl FnOnce(EngineOptions) -> EngineOptions) -> Engine {
    let pages = PagesOptions {
        program: vec![env!("CARGO_BIN_EXE_recto-under-test").into(), "pages".into()],
        pdfium: engine::document::pages::find_library().expect("PDFium is there: cargo xtask pdfium"),
        limits: Limits::default(),
    };
    let options = EngineOptions {
        directories: Some(Directories::under(home)),
        pages: Some(pages),
        kept_bytes: Some(1 << 30),
        ..EngineOptions::default()
    };
    Engine::spawn(change(options), || ()).unwrap()
}

pub(crate) fn reading() -> ReadingOptions {
    ReadingOptions { window_tokens: Some(512), ..ReadingOptions::default() }
}

pub(crate) fn compute(model: &Path) -> ComputeOptions {
    ComputeOptions { model: Some(model.to_str().unwrap().into()), ..ComputeOptions::default() }
}

/// Events of the only request up to its last.
pub(crate) fn events(engine: &Engine) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = engine.recv() {
        let is_last = event.is_last();
        events.push(event);
        if is_last {
            break;
        }
    }
    events
}

/// A whole reading.
pub(crate) fn read_command(request: u64, model: &Path, source: &Source) -> Command {
    let job = ReadJob {
        sources: vec![source.clone()],
        reading: reading(),
        compute: compute(model),
        plan_only: false,
        figures_to: None,
    };
    Command::Read { request: RequestId(request), job }
}

/// A question of which the answer is so many tokens long at most.
pub(crate) fn ask_command(request: u64, model: &Path, source: &Source, question: &str, max_tokens: usize) -> Command {
    let job = AskJob {
        sources: vec![source.clone()],
        question: question.into(),
        scope: Vec::new(),
        reading: reading(),
        compute: compute(model),
        answering: AnsweringOptions { max_tokens, ..AnsweringOptions::default() },
    };
    Command::Ask { request: RequestId(request), job }
}

pub(crate) fn read(engine: &Engine, model: &Path, source: &Source) -> (ReadingMap, Vec<Event>) {
    engine.send(read_command(1, model, source));
    let mut events = events(engine);
    match events.pop() {
        Some(Event::Done { outcome: Outcome::Read(map), .. }) => (map, events),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn ask(engine: &Engine, model: &Path, source: &Source, question: &str) -> (Answer, Vec<Event>) {
    engine.send(ask_command(1, model, source, question, 12));
    let mut events = events(engine);
    match events.pop() {
        Some(Event::Done { outcome: Outcome::Answer(answer), .. }) => (answer, events),
        other => panic!("{other:?}"),
    }
}

/// Windows that were encoded, and windows that were kept.
pub(crate) fn origins(map: &ReadingMap) -> (usize, usize) {
    let count = |origin| map.windows.iter().filter(|window| window.origin == origin).count();
    (count(WindowOrigin::Encoded), count(WindowOrigin::Kept))
}

/// Whether the vision tower looked at a picture.
pub(crate) fn looked(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Progress { stage: Stage::Figures, done: 1.., .. }))
}

/// Encodings under `home`, by their bucket.
pub(crate) fn entries(home: &Path, bucket: &str) -> Vec<PathBuf> {
    let Ok(folder) = std::fs::read_dir(home.join("cache").join(bucket)) else { return Vec::new() };
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "enc"));
    files.sort();
    files
}
