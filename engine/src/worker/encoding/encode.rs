//! Runs the encoder over windows: states are taken from the cache where possible, else computed and cached.

use std::ops::ControlFlow;

use candle_core::{Device, Tensor};

use super::cache::{EncodingCache, WindowStates, picture_hash, rounded};
use super::coverage::coverage;
use super::windows::{WindowEncodings, WindowResult, window_report};
use crate::cancel::Cancelled;
use crate::document::OpenDocument;
use crate::document::figures::tiles;
use crate::document::geometry::Rect;
use crate::document::page::Document;
use crate::model::vision::{Pixels, preprocess};
use crate::prompt::{FigureRef, Priorities, Window, reading_order};
use crate::protocol::{Event, Stage, WindowOrigin};
use crate::store::encodings::Key;
use crate::worker::Error;
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;

/// Which states stay in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::worker) enum Hold {
    /// All: they are needed right away.
    All,
    /// Only those that could not be cached: a document may be larger than memory.
    Uncached,
}

/// Watches an encoding run and steers it. Called on the same thread, between and within windows.
pub(in crate::worker) trait EncodeObserver {
    /// What to encode first.
    fn priorities(&self) -> Priorities;

    /// Called before each window and before each layer, with what is finished and the open files, from which figures can be
    /// rendered meanwhile. `Break` ends the run and discards the current window.
    fn poll(&mut self, encodings: &WindowEncodings, open: &mut [OpenDocument]) -> ControlFlow<()>;

    /// Called after each finished window.
    fn window_finished(&mut self, encodings: &WindowEncodings);
}

/// Called before each layer; an error stops the run.
type BeforeLayer<'a> = &'a mut dyn FnMut(&mut [OpenDocument]) -> Result<(), Cancelled>;

/// Everything needed to encode windows.
pub(in crate::worker) struct WindowEncoder<'a> {
    pub(in crate::worker) job: &'a Job<'a>,
    pub(in crate::worker) loaded: &'a LoadedModel,
    pub(in crate::worker) cache: &'a EncodingCache<'a>,
    pub(in crate::worker) open: &'a mut [OpenDocument],
    pub(in crate::worker) documents: &'a [Document],
    pub(in crate::worker) hold: Hold,
}

impl WindowEncoder<'_> {
    /// Encodes the unfinished windows until all are finished or the observer breaks. Cached windows are looked up first; the
    /// others follow in [`reading_order`]. Progress is counted in tokens × layers and figures × layers.
    ///
    /// Each window is cached before the next one starts, so that an interrupted run resumes where it stopped.
    pub(in crate::worker) fn run(
        self,
        encodings: &mut WindowEncodings,
        observer: &mut dyn EncodeObserver,
    ) -> Result<(), Error> {
        let (text_layers, vision_layers) =
            (self.loaded.model.num_encoder_layers(), self.loaded.model.num_vision_layers());
        let figures: usize = encodings.windows.iter().map(|window| window.images.len()).sum();
        let mut run = EncodeRun {
            job: self.job,
            loaded: self.loaded,
            cache: self.cache,
            open: self.open,
            documents: self.documents,
            hold: self.hold,
            text: Progress { stage: Stage::Text, done: 0, total: (encodings.tokens() * text_layers) as u64 },
            figures: Progress { stage: Stage::Figures, done: 0, total: (figures * vision_layers) as u64 },
        };
        run.take_cached(encodings)?;
        // Cached windows count before progress is first reported, so that they do not distort the measured speed.
        if run.figures.done < run.figures.total {
            run.figures.report(run.job, 0);
        }
        run.text.report(run.job, 0);
        run.report_coverage(encodings);
        let documents: Vec<&Document> = run.documents.iter().collect();
        let mut wanted = observer.priorities();
        let mut order = reading_order(&documents, &encodings.windows, &wanted);
        loop {
            if observer.poll(encodings, run.open).is_break() {
                return Ok(());
            }
            run.job.cancel.check()?;
            let wanted_now = observer.priorities();
            if wanted_now != wanted {
                wanted = wanted_now;
                order = reading_order(&documents, &encodings.windows, &wanted);
            }
            let Some(&at) = order.iter().find(|at| !encodings.is_finished(**at)) else { return Ok(()) };
            let window = window_report(&encodings.windows[at], WindowOrigin::Planned);
            run.job.send(Event::Reading { request: run.job.request, window });
            let Some(result) = run.finish_window(encodings, at, observer)? else { return Ok(()) };
            encodings.finish(at, result);
            run.count(&encodings.windows[at]);
            run.text.report(run.job, 0);
            run.report_coverage(encodings);
            observer.window_finished(encodings);
        }
    }
}

/// Progress of a stage: units of finished windows, and of all windows.
struct Progress {
    stage: Stage,
    done: u64,
    total: u64,
}

impl Progress {
    /// Reports the progress, including `more` units of the current window.
    fn report(&self, job: &Job<'_>, more: u64) {
        let (stage, done, total) = (self.stage, self.done + more, self.total);
        job.send(Event::Progress { request: job.request, stage, done, total });
    }
}

/// A figure that may not have been rendered yet.
struct FigurePicture {
    figure: FigureRef,
    bbox: Rect,
    hash: Key,
    pixels: Option<Pixels>,
}

struct EncodeRun<'a> {
    job: &'a Job<'a>,
    loaded: &'a LoadedModel,
    cache: &'a EncodingCache<'a>,
    open: &'a mut [OpenDocument],
    documents: &'a [Document],
    hold: Hold,
    text: Progress,
    figures: Progress,
}

impl EncodeRun<'_> {
    /// Finishes the windows whose states are in memory, or in the cache if their key is known without rendering a figure.
    fn take_cached(&mut self, encodings: &mut WindowEncodings) -> Result<(), Error> {
        for at in 0..encodings.windows.len() {
            self.job.cancel.check()?;
            let window = &encodings.windows[at];
            if encodings.states[at].is_none() {
                let hashes: Option<Vec<Key>> = window.images.iter().map(|&figure| self.known_hash(figure)).collect();
                let key = hashes.and_then(|hashes| self.cache.window_key(window, &hashes));
                let Some(result) = key.map(|key| self.cached(key, window)).transpose()?.flatten() else {
                    // A window finished earlier may have been evicted from the cache since.
                    encodings.finish(at, WindowResult { states: None, origin: WindowOrigin::Planned, key: None });
                    continue;
                };
                encodings.finish(at, result);
            }
            self.figures.done += (encodings.windows[at].images.len() * self.loaded.model.num_vision_layers()) as u64;
            self.count(&encodings.windows[at]);
        }
        Ok(())
    }

    /// Reports which pages are encoded.
    fn report_coverage(&self, encodings: &WindowEncodings) {
        self.job.send(Event::Encoded { request: self.job.request, read: coverage(encodings) });
    }

    /// Counts a finished window.
    fn count(&mut self, window: &Window) {
        self.text.done += (window.ids.len() * self.loaded.model.num_encoder_layers()) as u64;
    }

    /// A window from the cache, if it is there.
    fn cached(&self, key: Key, window: &Window) -> Result<Option<WindowResult>, Error> {
        let result = |states| WindowResult { states, origin: WindowOrigin::Kept, key: Some(key) };
        Ok(match self.hold {
            Hold::All => self.cache.get_window(&key, window)?.map(|states| result(Some(states))),
            Hold::Uncached => self.cache.has_window(&key, window).then(|| result(None)),
        })
    }

    /// Finishes one window; `None` if the observer ended the run first.
    fn finish_window(
        &mut self,
        encodings: &WindowEncodings,
        at: usize,
        observer: &mut dyn EncodeObserver,
    ) -> Result<Option<WindowResult>, Error> {
        let window = &encodings.windows[at];
        let vision_layers = self.loaded.model.num_vision_layers() as u64;
        let mut pictures = Vec::with_capacity(window.images.len());
        for &figure in &window.images {
            pictures.push(self.picture(figure)?);
        }
        let hashes: Vec<Key> = pictures.iter().map(|picture| picture.hash).collect();
        let key = self.cache.window_key(window, &hashes);
        if let Some(result) = key.map(|key| self.cached(key, window)).transpose()?.flatten() {
            self.figures.done += vision_layers * pictures.len() as u64;
            return Ok(Some(result));
        }
        let mut flow = ControlFlow::Continue(());
        let encoded = self.encode(window, pictures, &mut |open| {
            flow = observer.poll(encodings, open);
            if flow.is_break() { Err(Cancelled) } else { Ok(()) }
        });
        let encoded = match encoded {
            Err(Error::Cancelled(_)) if flow.is_break() => return Ok(None),
            encoded => encoded?,
        };
        let is_cached = match &key {
            Some(key) => self.cache.put_window(key, window, &encoded)?,
            None => false,
        };
        let states = (self.hold == Hold::All || !is_cached).then_some(encoded);
        Ok(Some(WindowResult { states, origin: WindowOrigin::Encoded, key: key.filter(|_| is_cached) }))
    }

    /// Encodes a window with its pictures.
    fn encode(
        &mut self,
        window: &Window,
        pictures: Vec<FigurePicture>,
        before_layer: BeforeLayer<'_>,
    ) -> Result<WindowStates, Error> {
        let mut images = Vec::with_capacity(pictures.len());
        for picture in pictures {
            images.push(self.loaded.model.project(&self.features(picture, before_layer)?)?);
            self.figures.done += self.loaded.model.num_vision_layers() as u64;
        }
        let (job, length) = (self.job, window.ids.len() as u64);
        let (text, open) = (&self.text, &mut *self.open);
        let states = self.loaded.model.encode(&window.ids, &images, &mut |layer| {
            text.report(job, layer as u64 * length);
            before_layer(open)?;
            Ok(job.cancel.check()?)
        })?;
        let states = rounded(&states)?;
        // From the rounded states, because these are what the decoder attends to.
        let inverse_norms = self.loaded.model.inverse_norms(&states)?.to_device(&Device::Cpu)?;
        Ok(WindowStates { states, inverse_norms })
    }

    /// A picture's vision features, `[tokens, tower width]`.
    fn features(&mut self, picture: FigurePicture, before_layer: BeforeLayer<'_>) -> Result<Tensor, Error> {
        let key = self.cache.vision_key(&picture.hash, picture.figure.document);
        if let Some(features) = key.as_ref().map(|key| self.cache.get_vision(key)).transpose()?.flatten() {
            return Ok(features);
        }
        let pixels = match picture.pixels {
            Some(pixels) => pixels,
            None => self.render(picture.figure, picture.bbox)?,
        };
        let (job, figures, open) = (self.job, &self.figures, &mut *self.open);
        let features = self.loaded.model.vision_features(&pixels, &mut |layer| {
            figures.report(job, layer as u64);
            before_layer(open)?;
            Ok(job.cancel.check()?)
        })?;
        figures.report(job, self.loaded.model.num_vision_layers() as u64);
        let features = rounded(&features)?;
        if let Some(key) = &key {
            self.cache.put_vision(key, picture.figure.document, &features)?;
        }
        Ok(features)
    }

    /// The cached hash of a figure's pixels.
    fn known_hash(&self, figure: FigureRef) -> Option<Key> {
        let key = self.cache.figure_key(figure, self.bbox(figure)?, self.side())?;
        self.cache.get_picture_hash(&key)
    }

    /// A figure with the hash of its pixels, from the cache or by rendering it.
    fn picture(&mut self, figure: FigureRef) -> Result<FigurePicture, Error> {
        let bbox = self.bbox(figure).ok_or(Error::NoDocument)?;
        let key = self.cache.figure_key(figure, bbox, self.side());
        if let Some(hash) = key.as_ref().and_then(|key| self.cache.get_picture_hash(key)) {
            return Ok(FigurePicture { figure, bbox, hash, pixels: None });
        }
        let pixels = self.render(figure, bbox)?;
        let hash = picture_hash(&pixels);
        if let Some(key) = &key {
            self.cache.put_picture_hash(key, figure.document, &hash);
        }
        Ok(FigurePicture { figure, bbox, hash, pixels: Some(pixels) })
    }

    /// Height and width of the vision tower's input, in pixels.
    fn side(&self) -> usize {
        let encoder = self.loaded.model.config().encoder.as_ref();
        encoder.and_then(|encoder| encoder.vision.as_ref()).map_or(0, |vision| vision.image_size)
    }

    fn bbox(&self, place: FigureRef) -> Option<Rect> {
        let document = self.documents.get(place.document as usize)?;
        let page = document.pages.iter().find(|page| page.number == place.page)?;
        let figure = page.figures.get(place.figure as usize)?;
        tiles((page.width_pt, page.height_pt), figure).get(place.tile as usize).copied()
    }

    /// Renders a figure at the size of the vision tower's input.
    fn render(&mut self, place: FigureRef, bbox: Rect) -> Result<Pixels, Error> {
        let side = self.side();
        let document = self.open.get_mut(place.document as usize).ok_or(Error::NoDocument)?;
        // Rendered at twice the size in its own aspect ratio, then resized to a square with antialiasing, as in training.
        let longest = (2 * side) as f32;
        let scale = longest / bbox.width().max(bbox.height()).max(1.0);
        let pixels = |points: f32| ((points * scale).round() as u32).clamp(1, 2 * side as u32);
        let picture = document.render(place.page, bbox, pixels(bbox.width()), pixels(bbox.height()))?;
        Ok(preprocess(picture.as_raw(), picture.width(), picture.height(), side)?)
    }
}
