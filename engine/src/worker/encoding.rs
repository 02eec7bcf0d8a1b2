//! From windows to encoder states: taken from the store where they are kept, made and kept where they are not.

use candle_core::{Device, Tensor};

use super::Error;
use super::encodings::{Done, Encodings};
use super::extent::extent;
use super::load::LoadedModel;
use super::outlet::Job;
use super::reading::window_report;
use super::shelf::{Shelf, WindowStates, picture_hash, rounded};
use crate::cancel::Cancelled;
use crate::document::OpenDocument;
use crate::document::figures::tiles;
use crate::document::geometry::Rect;
use crate::document::page::Document;
use crate::model::vision::{Pixels, preprocess};
use crate::prompt::{FigureRef, Priorities, Window, reading_order};
use crate::protocol::{Event, Stage, WindowOrigin};
use crate::store::encodings::Key;

/// Which states stay in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// All: they are needed now.
    All,
    /// Only those that could not be kept on disk: a document may be longer than memory is large.
    Unkept,
}

/// Whether more is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Go on.
    More,
    /// What is finished is enough; the window under way is given up.
    Enough,
}

/// Whoever waits for the encoding: asked again and again while it goes on, on the same thread.
pub(super) trait Audience {
    /// What comes first.
    fn priorities(&self) -> Priorities;

    /// Called before each window and many times within one, with what is finished, and with the files, from which figures can
    /// be drawn meanwhile.
    fn look(&mut self, encodings: &Encodings, open: &mut [OpenDocument]) -> Wish;

    /// Called when a window was finished.
    fn window_finished(&mut self, encodings: &Encodings);
}

/// What is called before each layer; it may end the work.
type Look<'a> = &'a mut dyn FnMut(&mut [OpenDocument]) -> Result<(), Cancelled>;

/// What windows are encoded with.
pub(super) struct Encoder<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) loaded: &'a LoadedModel,
    pub(super) shelf: &'a Shelf<'a>,
    pub(super) open: &'a mut [OpenDocument],
    pub(super) documents: &'a [Document],
    pub(super) hold: Hold,
}

impl Encoder<'_> {
    /// Encodes what is not there yet, until the audience has enough: what is kept on disk is taken from there first, then
    /// text before figures and what a question needs before the rest. Progress in tokens × layers and figures × layers.
    ///
    /// Each window is on disk before the next one is begun, so that work that is cut short goes on where it was.
    pub(super) fn run(self, encodings: &mut Encodings, audience: &mut dyn Audience) -> Result<(), Error> {
        let (text_layers, vision_layers) =
            (self.loaded.model.num_encoder_layers(), self.loaded.model.num_vision_layers());
        let figures: usize = encodings.windows.iter().map(|window| window.images.len()).sum();
        let mut work = Work {
            job: self.job,
            loaded: self.loaded,
            shelf: self.shelf,
            open: self.open,
            documents: self.documents,
            hold: self.hold,
            text: Progress { stage: Stage::Text, done: 0, total: (encodings.tokens() * text_layers) as u64 },
            figures: Progress { stage: Stage::Figures, done: 0, total: (figures * vision_layers) as u64 },
        };
        work.take_what_is_there(encodings)?;
        // What is kept is counted before anything is told, so that it does not pass for work that was quick.
        if work.figures.done < work.figures.total {
            work.figures.tell(work.job, 0);
        }
        work.text.tell(work.job, 0);
        work.tell_extent(encodings);
        let documents: Vec<&Document> = work.documents.iter().collect();
        let mut wanted = audience.priorities();
        let mut order = reading_order(&documents, &encodings.windows, &wanted);
        loop {
            if audience.look(encodings, work.open) == Wish::Enough {
                return Ok(());
            }
            work.job.cancel.check()?;
            let wanted_now = audience.priorities();
            if wanted_now != wanted {
                wanted = wanted_now;
                order = reading_order(&documents, &encodings.windows, &wanted);
            }
            let Some(&at) = order.iter().find(|at| !encodings.is_finished(**at)) else { return Ok(()) };
            let window = window_report(&encodings.windows[at], WindowOrigin::Planned);
            work.job.tell(Event::Reading { request: work.job.request, window });
            let Some(done) = work.window(encodings, at, audience)? else { return Ok(()) };
            encodings.finish(at, done);
            work.count(&encodings.windows[at]);
            work.text.tell(work.job, 0);
            work.tell_extent(encodings);
            audience.window_finished(encodings);
        }
    }
}

/// A stage of the work: units of finished windows, and of all.
struct Progress {
    stage: Stage,
    done: u64,
    total: u64,
}

impl Progress {
    /// Tells how far it is, with `more` units of the window under way.
    fn tell(&self, job: &Job<'_>, more: u64) {
        let (stage, done, total) = (self.stage, self.done + more, self.total);
        job.tell(Event::Progress { request: job.request, stage, done, total });
    }
}

/// A figure that may not have been drawn yet.
struct Picture {
    figure: FigureRef,
    bbox: Rect,
    hash: Key,
    pixels: Option<Pixels>,
}

struct Work<'a> {
    job: &'a Job<'a>,
    loaded: &'a LoadedModel,
    shelf: &'a Shelf<'a>,
    open: &'a mut [OpenDocument],
    documents: &'a [Document],
    hold: Hold,
    text: Progress,
    figures: Progress,
}

impl Work<'_> {
    /// Finishes the windows whose states are in memory, or on disk and found without drawing a figure.
    fn take_what_is_there(&mut self, encodings: &mut Encodings) -> Result<(), Error> {
        for at in 0..encodings.windows.len() {
            self.job.cancel.check()?;
            let window = &encodings.windows[at];
            if encodings.states[at].is_none() {
                let hashes: Option<Vec<Key>> = window.images.iter().map(|&figure| self.noted(figure)).collect();
                let key = hashes.and_then(|hashes| self.shelf.window_key(window, &hashes));
                let Some(done) = key.map(|key| self.kept(key, window)).transpose()?.flatten() else {
                    // A window that was finished once may have gone from the disk since.
                    encodings.finish(at, Done { states: None, origin: WindowOrigin::Planned, key: None });
                    continue;
                };
                encodings.finish(at, done);
            }
            self.figures.done += (encodings.windows[at].images.len() * self.loaded.model.num_vision_layers()) as u64;
            self.count(&encodings.windows[at]);
        }
        Ok(())
    }

    /// Tells which pages are encoded.
    fn tell_extent(&self, encodings: &Encodings) {
        self.job.tell(Event::Encoded { request: self.job.request, read: extent(encodings) });
    }

    /// Counts a window as done.
    fn count(&mut self, window: &Window) {
        self.text.done += (window.ids.len() * self.loaded.model.num_encoder_layers()) as u64;
    }

    /// A window's states from the disk, where they are there.
    fn kept(&self, key: Key, window: &Window) -> Result<Option<Done>, Error> {
        let done = |states| Done { states, origin: WindowOrigin::Kept, key: Some(key) };
        Ok(match self.hold {
            Hold::All => self.shelf.window(&key, window)?.map(|states| done(Some(states))),
            Hold::Unkept => self.shelf.has_window(&key, window).then(|| done(None)),
        })
    }

    /// Finishes one window; `None` where the audience had enough before.
    fn window(&mut self, encodings: &Encodings, at: usize, audience: &mut dyn Audience) -> Result<Option<Done>, Error> {
        let window = &encodings.windows[at];
        let vision_layers = self.loaded.model.num_vision_layers() as u64;
        let mut pictures = Vec::with_capacity(window.images.len());
        for &figure in &window.images {
            pictures.push(self.picture(figure)?);
        }
        let hashes: Vec<Key> = pictures.iter().map(|picture| picture.hash).collect();
        let key = self.shelf.window_key(window, &hashes);
        if let Some(done) = key.map(|key| self.kept(key, window)).transpose()?.flatten() {
            self.figures.done += vision_layers * pictures.len() as u64;
            return Ok(Some(done));
        }
        let mut wish = Wish::More;
        let made = self.make(window, pictures, &mut |open| {
            wish = audience.look(encodings, open);
            if wish == Wish::Enough { Err(Cancelled) } else { Ok(()) }
        });
        let made = match made {
            Err(Error::Cancelled(_)) if wish == Wish::Enough => return Ok(None),
            made => made?,
        };
        let is_kept = match &key {
            Some(key) => self.shelf.keep_window(key, window, &made)?,
            None => false,
        };
        let states = (self.hold == Hold::All || !is_kept).then_some(made);
        Ok(Some(Done { states, origin: WindowOrigin::Encoded, key: key.filter(|_| is_kept) }))
    }

    /// Encodes a window with its pictures; `look` may end that before each layer.
    fn make(&mut self, window: &Window, pictures: Vec<Picture>, look: Look<'_>) -> Result<WindowStates, Error> {
        let mut images = Vec::with_capacity(pictures.len());
        for picture in pictures {
            images.push(self.loaded.model.project(&self.features(picture, look)?)?);
            self.figures.done += self.loaded.model.num_vision_layers() as u64;
        }
        let (job, length) = (self.job, window.ids.len() as u64);
        let (text, open) = (&self.text, &mut *self.open);
        let states = self.loaded.model.encode(&window.ids, &images, &mut |layer| {
            text.tell(job, layer as u64 * length);
            look(open)?;
            Ok(job.cancel.check()?)
        })?;
        let states = rounded(&states)?;
        // Of the rounded states: these are what the decoder sees.
        let inverse_norms = self.loaded.model.inverse_norms(&states)?.to_device(&Device::Cpu)?;
        Ok(WindowStates { states, inverse_norms })
    }

    /// What the tower sees in a picture, `[tokens, tower width]`.
    fn features(&mut self, picture: Picture, look: Look<'_>) -> Result<Tensor, Error> {
        let key = self.shelf.vision_key(&picture.hash);
        if let Some(features) = key.as_ref().map(|key| self.shelf.vision(key)).transpose()?.flatten() {
            return Ok(features);
        }
        let pixels = match picture.pixels {
            Some(pixels) => pixels,
            None => self.draw(picture.figure, picture.bbox)?,
        };
        let (job, figures, open) = (self.job, &self.figures, &mut *self.open);
        let features = self.loaded.model.vision_features(&pixels, &mut |layer| {
            figures.tell(job, layer as u64);
            look(open)?;
            Ok(job.cancel.check()?)
        })?;
        figures.tell(job, self.loaded.model.num_vision_layers() as u64);
        let features = rounded(&features)?;
        if let Some(key) = &key {
            self.shelf.keep_vision(key, picture.figure.document, &features)?;
        }
        Ok(features)
    }

    /// The hash of a figure's pixels as it was noted for this place in this file.
    fn noted(&self, figure: FigureRef) -> Option<Key> {
        let place = self.shelf.place_key(figure, self.bbox(figure)?, self.side())?;
        self.shelf.picture(&place)
    }

    /// The hash of a figure's pixels: as it was noted for this place in this file, else of the drawn picture.
    fn picture(&mut self, figure: FigureRef) -> Result<Picture, Error> {
        let bbox = self.bbox(figure).ok_or(Error::NoDocument)?;
        let place = self.shelf.place_key(figure, bbox, self.side());
        if let Some(hash) = place.as_ref().and_then(|place| self.shelf.picture(place)) {
            return Ok(Picture { figure, bbox, hash, pixels: None });
        }
        let pixels = self.draw(figure, bbox)?;
        let hash = picture_hash(&pixels);
        if let Some(place) = &place {
            self.shelf.note_picture(place, figure.document, &hash);
        }
        Ok(Picture { figure, bbox, hash, pixels: Some(pixels) })
    }

    /// Height and width of what the tower is shown, in pixels.
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

    /// A figure drawn as large as the vision tower wants it.
    fn draw(&mut self, place: FigureRef, bbox: Rect) -> Result<Pixels, Error> {
        let side = self.side();
        let document = self.open.get_mut(place.document as usize).ok_or(Error::NoDocument)?;
        // Drawn in its own proportions and twice too large, then brought to the square as the model was taught: antialiased.
        let longest = (2 * side) as f32;
        let scale = longest / bbox.width().max(bbox.height()).max(1.0);
        let extent = |points: f32| ((points * scale).round() as u32).clamp(1, 2 * side as u32);
        let picture = document.render(place.page, bbox, extent(bbox.width()), extent(bbox.height()))?;
        Ok(preprocess(picture.as_raw(), picture.width(), picture.height(), side)?)
    }
}
