//! Reading documents: pages, figures, windows, and their encoding where the model has an encoder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::write::Subject;
use crate::document::OpenDocument;
use crate::document::page::{Document, Figure, FigureKind};
use crate::kernels::threads;
use crate::prompt::{Priorities, Window, WindowOptions, left_out, plan_windows};
use crate::protocol::{Outcome, ReadJob, ReadingMap, ReadingOptions, WindowOrigin};
use crate::store::output;
use crate::worker::Error;
use crate::worker::encoding::{Encoder, Hold};
use crate::worker::encodings::Encodings;
use crate::worker::inbox::Inbox;
use crate::worker::load::LoadedModel;
use crate::worker::outlet::Job;
use crate::worker::questions::Questions;
use crate::worker::reading::{EncodingKey, Reading, page_reports, read_documents, window_report};
use crate::worker::session::Session;
use crate::worker::shelf::Shelf;

/// Tokens that are encoded together on a CPU where nothing else is asked for: the length the published checkpoints were
/// trained with.
const DEFAULT_WINDOW_TOKENS: usize = 16_384;

/// Longest side of a figure that is written as PNG, in pixels.
const WRITTEN_FIGURE_PX: f32 = 1792.0;

/// Runs the job; questions on the same documents that come meanwhile are taken out of the inbox and answered in between.
pub(in crate::worker) fn run(
    session: &mut Session,
    job: &Job<'_>,
    inbox: &mut Inbox<'_>,
    what: &ReadJob,
) -> Result<Outcome, Error> {
    // A plan needs no model, but tokens can be counted where there is one.
    let has_model = if what.plan_only {
        session.find_model(&what.compute).is_ok() && session.load_model(job, &what.compute).is_ok()
    } else {
        session.load_model(job, &what.compute)?;
        true
    };
    let model = session.model.take().filter(|_| has_model);
    let has_eyes = model.as_ref().is_some_and(|(_, loaded)| loaded.summary.has_eyes);
    let mut reading = read_documents(session, job, &what.sources, &what.reading, has_eyes)?;
    let figures_written = match &what.figures_to {
        Some(folder) => write_figures(&mut reading.open, &reading.documents, folder)?,
        None => Vec::new(),
    };
    let windows = match &model {
        Some((_, loaded)) => plan(loaded, &reading, &what.reading)?,
        None => Vec::new(),
    };
    let mut map = ReadingMap {
        documents: reading.summaries.clone(),
        pages: page_reports(&reading.documents, &windows, has_eyes && !what.reading.without_figures),
        windows: windows.iter().map(|window| window_report(window, WindowOrigin::Planned)).collect(),
        tokens: windows.iter().map(|window| window.ids.len() as u64).sum(),
        encoded: false,
        pages_secs: reading.secs,
        encoding_secs: 0.0,
        figures_written,
    };
    if let Some((key, loaded)) = model {
        if !what.plan_only && loaded.summary.has_encoder {
            let encoded = encode_all(session, job, inbox, &loaded, &mut reading, what, windows);
            session.model = Some((key, loaded));
            let (secs, origins) = encoded?;
            map.encoded = true;
            map.encoding_secs = secs;
            for (report, origin) in map.windows.iter_mut().zip(origins) {
                report.origin = origin;
            }
        } else {
            session.model = Some((key, loaded));
        }
    }
    Ok(Outcome::Read(map))
}

/// Encodes what is not kept, and remembers it for the questions to come; how long that took, and which windows were kept.
fn encode_all(
    session: &mut Session,
    job: &Job<'_>,
    inbox: &mut Inbox<'_>,
    loaded: &LoadedModel,
    reading: &mut Reading,
    what: &ReadJob,
    windows: Vec<Window>,
) -> Result<(f64, Vec<WindowOrigin>), Error> {
    let begun = Instant::now();
    session.forget_encodings();
    let Reading { open, documents, summaries, .. } = reading;
    let hashes = summaries.iter().map(|summary| summary.hash.clone()).collect();
    let key = EncodingKey { hashes, reading: what.reading.clone(), scope: Vec::new(), question: None };
    let shelf = Shelf::new(session.store(), Some(job), loaded, summaries);
    let has_eyes = loaded.summary.has_eyes && !what.reading.without_figures;
    let mut questions = Questions {
        request: job.request,
        inbox,
        outlet: job.outlet,
        offers: &mut session.offers,
        what,
        key: &key,
        subject: &Subject { loaded, documents, summaries, has_eyes },
        shelf: &shelf,
        waiting: None,
        priorities: Priorities::default(),
    };
    let mut encodings = Encodings::planned(windows, left_out(documents, &what.reading.left_out));
    let encoder = Encoder { job, loaded, shelf: &shelf, open, documents, hold: Hold::Unkept };
    let read = || encoder.run(&mut encodings, &mut questions);
    let encoded = threads::in_background_if(session.options.is_considerate, read);
    questions.offer_again(&encodings);
    questions.leave();
    encoded?;
    let origins = encodings.origins.clone();
    session.encodings = Some((key, encodings));
    Ok((begun.elapsed().as_secs_f64(), origins))
}

/// The windows that a model reads of these documents.
pub(in crate::worker) fn plan(
    loaded: &LoadedModel,
    reading: &Reading,
    options: &ReadingOptions,
) -> Result<Vec<Window>, Error> {
    let documents: Vec<&Document> = reading.documents.iter().collect();
    let mut windows = plan_windows(&documents, &loaded.tokenizer, &window_options(loaded, options))?;
    let left_out = left_out(&reading.documents, &options.left_out);
    windows.retain(|window| !window.shows_one_of(&left_out));
    Ok(windows)
}

/// How a model's windows are laid out.
pub(super) fn window_options(loaded: &LoadedModel, options: &ReadingOptions) -> WindowOptions {
    let encoder = loaded.model.config().encoder.as_ref();
    WindowOptions {
        window_tokens: options.window_tokens.unwrap_or(DEFAULT_WINDOW_TOKENS),
        figures: loaded.summary.has_eyes && !options.without_figures,
        image_tokens: encoder.map_or(0, |encoder| encoder.image.per_image),
    }
}

/// A written figure, as `figures.json` lists it.
#[derive(serde::Serialize)]
struct WrittenFigure<'a> {
    file: String,
    document: &'a str,
    page: u32,
    label: Option<&'a str>,
    kind: FigureKind,
    /// Points, origin at the top left of the page, y down: left, top, right, bottom.
    bbox: [f32; 4],
    caption: Option<&'a str>,
}

/// Writes every figure as PNG, named by page, and `figures.json` with their boxes.
fn write_figures(open: &mut [OpenDocument], documents: &[Document], folder: &Path) -> Result<Vec<PathBuf>, Error> {
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
                list.push(WrittenFigure {
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
    let json = serde_json::to_vec_pretty(&list).unwrap_or_default();
    let path = folder.join("figures.json");
    output::write_file(&path, &json)?;
    written.push(path);
    Ok(written)
}

fn figure_png(source: &mut OpenDocument, page: u32, figure: &Figure) -> Result<Vec<u8>, Error> {
    let (width, height) = (figure.bbox.width(), figure.bbox.height());
    let scale = WRITTEN_FIGURE_PX / width.max(height).max(1.0);
    let extent = |points: f32| ((points * scale).round() as u32).max(1);
    let picture = source.render(page, figure.bbox, extent(width), extent(height))?;
    let mut png = std::io::Cursor::new(Vec::new());
    // Writing to memory fails only for pictures without pixels, which are not rendered.
    let _ = picture.write_to(&mut png, image::ImageFormat::Png);
    Ok(png.into_inner())
}
