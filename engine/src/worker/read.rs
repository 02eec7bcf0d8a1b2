//! The read job: reads pages, exports figures, plans windows, and encodes them if the model has an encoder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Error;
use super::answer::write::AnswerContext;
use super::command_queue::CommandQueue;
use super::documents::page_report::page_reports;
use super::documents::window_plan::plan;
use super::documents::{LoadedDocuments, read_documents};
use super::encoding::cache::EncodingCache;
use super::encoding::encode::{Hold, WindowEncoder};
use super::encoding::windows::{EncodingKey, WindowEncodings, window_report};
use super::event_sink::Job;
use super::interleaved::InterleavedQuestions;
use super::load::LoadedModel;
use super::session::Session;
use crate::document::OpenDocument;
use crate::document::page::{Document, Figure, FigureKind};
use crate::kernels::threads;
use crate::prompt::{Priorities, Window, left_out};
use crate::protocol::{Outcome, ReadJob, ReadingMap, WindowOrigin};
use crate::store::{StoreError, output};

/// Longest side of an exported figure, in pixels.
const EXPORTED_FIGURE_PX: f32 = 1792.0;

/// Runs the job. Questions on the same documents that arrive meanwhile are answered in between.
pub(super) fn run(
    session: &mut Session,
    job: &Job<'_>,
    queue: &mut CommandQueue<'_>,
    read_job: &ReadJob,
) -> Result<Outcome, Error> {
    // A plan works without a model, but only a model can count tokens.
    let loaded = if read_job.plan_only {
        session.find_model(&read_job.compute).and_then(|_| session.load_model(job, &read_job.compute)).ok()
    } else {
        Some(session.load_model(job, &read_job.compute)?)
    };
    let has_vision = loaded.as_ref().is_some_and(|loaded| loaded.summary.has_eyes);
    let mut loaded_documents = read_documents(session, job, &read_job.sources, &read_job.reading, has_vision)?;
    let figures_written = match &read_job.figures_to {
        Some(folder) => export_figures(&mut loaded_documents.open, &loaded_documents.documents, folder)?,
        None => Vec::new(),
    };
    let windows = match &loaded {
        Some(loaded) => plan(loaded, &loaded_documents.documents, &read_job.reading)?,
        None => Vec::new(),
    };
    let uses_vision = has_vision && !read_job.reading.without_figures;
    let mut map = ReadingMap {
        documents: loaded_documents.summaries.clone(),
        pages: page_reports(&loaded_documents.documents, &windows, uses_vision),
        windows: windows.iter().map(|window| window_report(window, WindowOrigin::Planned)).collect(),
        tokens: windows.iter().map(|window| window.ids.len() as u64).sum(),
        encoded: false,
        pages_secs: loaded_documents.secs,
        encoding_secs: 0.0,
        figures_written,
    };
    if let Some(loaded) = loaded.filter(|loaded| !read_job.plan_only && loaded.summary.has_encoder) {
        let (secs, origins) = encode_all(session, job, queue, &loaded, &mut loaded_documents, (read_job, windows))?;
        map.encoded = true;
        map.encoding_secs = secs;
        for (report, origin) in map.windows.iter_mut().zip(origins) {
            report.origin = origin;
        }
    }
    Ok(Outcome::Read(map))
}

/// Encodes the windows and keeps them in the session; returns how many seconds that took, and where each window came from.
fn encode_all(
    session: &mut Session,
    job: &Job<'_>,
    queue: &mut CommandQueue<'_>,
    loaded: &LoadedModel,
    loaded_documents: &mut LoadedDocuments,
    (read_job, windows): (&ReadJob, Vec<Window>),
) -> Result<(f64, Vec<WindowOrigin>), Error> {
    let start = Instant::now();
    session.drop_encodings();
    let LoadedDocuments { open, documents, summaries, locked, .. } = loaded_documents;
    let hashes = summaries.iter().map(|summary| summary.hash.clone()).collect();
    let key = EncodingKey { hashes, reading: read_job.reading.clone(), scope: Vec::new(), question: None };
    let cache = EncodingCache::new(session.store(), Some(job), loaded, summaries).without(locked);
    let has_vision = loaded.summary.has_eyes && !read_job.reading.without_figures;
    let mut questions = InterleavedQuestions {
        request: job.request,
        queue,
        sink: job.sink,
        partial_answers: &mut session.partial_answers,
        read_job,
        key: &key,
        context: &AnswerContext { loaded, documents, summaries, has_vision },
        cache: &cache,
        next: None,
        priorities: Priorities::default(),
    };
    let mut encodings = WindowEncodings::planned(windows, left_out(documents, &read_job.reading.left_out));
    let encoder = WindowEncoder { job, loaded, cache: &cache, open, documents, hold: Hold::Uncached };
    let encode = || encoder.run(&mut encodings, &mut questions);
    let encoded = threads::in_background_if(session.options.is_considerate, encode);
    questions.report_more_read(&encodings);
    questions.put_back_unanswered();
    encoded?;
    let origins = encodings.origins.clone();
    session.encodings = Some((key, encodings));
    Ok((start.elapsed().as_secs_f64(), origins))
}

/// An exported figure, as listed in `figures.json`.
#[derive(serde::Serialize)]
struct ExportedFigure<'a> {
    file: String,
    document: &'a str,
    page: u32,
    label: Option<&'a str>,
    kind: FigureKind,
    /// Left, top, right, bottom in points; the origin is the top left corner of the page.
    bbox: [f32; 4],
    caption: Option<&'a str>,
}

/// Writes every figure as a PNG file named by its page, and `figures.json` with their boxes.
fn export_figures(open: &mut [OpenDocument], documents: &[Document], folder: &Path) -> Result<Vec<PathBuf>, Error> {
    output::create_folder(folder)?;
    let several = documents.len() > 1;
    let mut list = Vec::new();
    let mut written = Vec::new();
    for ((index, document), source) in documents.iter().enumerate().zip(open) {
        for page in &document.pages {
            for (number, figure) in (1..).zip(&page.figures) {
                let prefix = if several { format!("{}-", index + 1) } else { String::new() };
                let file = format!("{prefix}p{:04}-{number}.png", page.number);
                let path = folder.join(&file);
                output::write_file(&path, &figure_png(source, page.number, figure)?)?;
                list.push(ExportedFigure {
                    file,
                    document: &document.name,
                    page: page.number,
                    label: page.label.as_deref(),
                    kind: figure.kind,
                    bbox: [figure.bbox.left, figure.bbox.top, figure.bbox.right, figure.bbox.bottom],
                    caption: figure.caption.as_ref().map(|caption| caption.text.as_str()),
                });
                written.push(path);
            }
        }
    }
    let path = folder.join("figures.json");
    let json = serde_json::to_vec_pretty(&list).map_err(|error| StoreError::write(&path)(error.into()))?;
    output::write_file(&path, &json)?;
    written.push(path);
    Ok(written)
}

fn figure_png(source: &mut OpenDocument, page: u32, figure: &Figure) -> Result<Vec<u8>, Error> {
    let (width, height) = (figure.bbox.width(), figure.bbox.height());
    let scale = EXPORTED_FIGURE_PX / width.max(height).max(1.0);
    let pixels = |points: f32| ((points * scale).round() as u32).max(1);
    let picture = source.render(page, figure.bbox, pixels(width), pixels(height))?;
    let mut png = std::io::Cursor::new(Vec::new());
    // Writing to memory fails only for empty images, which are never rendered.
    let _ = picture.write_to(&mut png, image::ImageFormat::Png);
    Ok(png.into_inner())
}
