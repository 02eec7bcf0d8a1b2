//! From windows to encoder states: taken from the store where they are kept, made and kept where they are not.

use candle_core::{Device, Tensor};

use super::Error;
use super::load::LoadedModel;
use super::reading::Reading;
use super::run_loop::Job;
use super::shelf::{Shelf, WindowStates, picture_hash, rounded};
use crate::document::OpenDocument;
use crate::document::figures::tiles;
use crate::document::geometry::Rect;
use crate::document::page::Document;
use crate::model::vision::{Pixels, preprocess};
use crate::prompt::{FigureRef, Window};
use crate::protocol::{Event, Stage, WindowOrigin};
use crate::store::encodings::Key;

/// Encoder states of windows, in order.
pub(super) struct Encodings {
    pub(super) windows: Vec<Window>,
    /// `None` where they lie on disk alone.
    pub(super) states: Vec<Option<WindowStates>>,
    pub(super) origins: Vec<WindowOrigin>,
}

impl Encodings {
    /// Windows of which nothing was encoded yet.
    pub(super) fn planned(windows: Vec<Window>) -> Self {
        let count = windows.len();
        Self { windows, states: (0..count).map(|_| None).collect(), origins: vec![WindowOrigin::Planned; count] }
    }

    /// Tokens in all windows.
    pub(super) fn tokens(&self) -> usize {
        self.windows.iter().map(|window| window.ids.len()).sum()
    }

    /// Tokens whose states were taken from the disk.
    pub(super) fn kept_tokens(&self) -> usize {
        let all = self.windows.iter().zip(&self.origins);
        all.filter(|(_, origin)| **origin == WindowOrigin::Kept).map(|(window, _)| window.ids.len()).sum()
    }

    /// The states of all windows one after the other, `[s, c]`, and their inverse norms, `[layers·k, s]`.
    pub(super) fn joined(&self) -> Result<(Tensor, Tensor), Error> {
        let held = || self.states.iter().flatten();
        let states: Vec<&Tensor> = held().map(|window| &window.states).collect();
        let norms: Vec<&Tensor> = held().map(|window| &window.inverse_norms).collect();
        Ok((Tensor::cat(&states, 0)?, Tensor::cat(&norms, 1)?))
    }
}

/// Which states stay in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// All: they are needed now.
    All,
    /// Only those that could not be kept on disk: a document may be longer than memory is large.
    Unkept,
}

/// Encodes what is not there yet, text first as the windows come; progress in tokens × layers and figures × layers.
///
/// Each window is on disk before the next one is begun, so that work that is cut short goes on where it was.
pub(super) fn encode(
    job: &Job<'_>,
    loaded: &LoadedModel,
    shelf: &Shelf<'_>,
    reading: &mut Reading,
    encodings: &mut Encodings,
    hold: Hold,
) -> Result<(), Error> {
    let (text_layers, vision_layers) = (loaded.model.num_encoder_layers(), loaded.model.num_vision_layers());
    let figures: usize = encodings.windows.iter().map(|window| window.images.len()).sum();
    let mut work = Work {
        job,
        loaded,
        shelf,
        open: &mut reading.open,
        documents: &reading.documents,
        text: Progress { stage: Stage::Text, done: 0, total: (encodings.tokens() * text_layers) as u64 },
        figures: Progress { stage: Stage::Figures, done: 0, total: (figures * vision_layers) as u64 },
    };
    work.text.tell(job, 0);
    for ((window, states), origin) in encodings.windows.iter().zip(&mut encodings.states).zip(&mut encodings.origins) {
        if states.is_none() {
            job.cancel.check()?;
            (*states, *origin) = work.window(window, hold)?;
        }
        work.text.done += (window.ids.len() * text_layers) as u64;
        work.text.tell(job, 0);
    }
    Ok(())
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
    text: Progress,
    figures: Progress,
}

impl Work<'_> {
    /// One window's states, as far as they are to be held, and where they come from.
    fn window(&mut self, window: &Window, hold: Hold) -> Result<(Option<WindowStates>, WindowOrigin), Error> {
        let vision_layers = self.loaded.model.num_vision_layers() as u64;
        let mut pictures = Vec::with_capacity(window.images.len());
        for &figure in &window.images {
            pictures.push(self.picture(figure)?);
        }
        let hashes: Vec<Key> = pictures.iter().map(|picture| picture.hash).collect();
        let key = self.shelf.window_key(window, &hashes);
        if let Some(key) = &key {
            let states = match hold {
                Hold::All => self.shelf.window(key, window)?,
                Hold::Unkept if self.shelf.has_window(key, window) => {
                    self.figures.done += vision_layers * pictures.len() as u64;
                    return Ok((None, WindowOrigin::Kept));
                }
                Hold::Unkept => None,
            };
            if states.is_some() {
                self.figures.done += vision_layers * pictures.len() as u64;
                return Ok((states, WindowOrigin::Kept));
            }
        }
        let mut images = Vec::with_capacity(pictures.len());
        for picture in pictures {
            images.push(self.loaded.model.project(&self.features(picture)?)?);
            self.figures.done += vision_layers;
        }
        let made = self.encode(window, &images)?;
        let is_kept = match &key {
            Some(key) => self.shelf.keep_window(key, window, &made)?,
            None => false,
        };
        let states = (hold == Hold::All || !is_kept).then_some(made);
        Ok((states, WindowOrigin::Encoded))
    }

    fn encode(&self, window: &Window, images: &[Tensor]) -> Result<WindowStates, Error> {
        let (job, length) = (self.job, window.ids.len() as u64);
        let states = self.loaded.model.encode(&window.ids, images, &mut |layer| {
            self.text.tell(job, layer as u64 * length);
            Ok(job.cancel.check()?)
        })?;
        let states = rounded(&states)?;
        // Of the rounded states: these are what the decoder sees.
        let inverse_norms = self.loaded.model.inverse_norms(&states)?.to_device(&Device::Cpu)?;
        Ok(WindowStates { states, inverse_norms })
    }

    /// What the tower sees in a picture, `[tokens, tower width]`.
    fn features(&mut self, picture: Picture) -> Result<Tensor, Error> {
        let key = self.shelf.vision_key(&picture.hash);
        if let Some(features) = key.as_ref().map(|key| self.shelf.vision(key)).transpose()?.flatten() {
            return Ok(features);
        }
        let pixels = match picture.pixels {
            Some(pixels) => pixels,
            None => self.draw(picture.figure, picture.bbox)?,
        };
        let (job, figures) = (self.job, &self.figures);
        let features = self.loaded.model.vision_features(&pixels, &mut |layer| {
            figures.tell(job, layer as u64);
            Ok(job.cancel.check()?)
        })?;
        let features = rounded(&features)?;
        if let Some(key) = &key {
            self.shelf.keep_vision(key, picture.figure.document, &features)?;
        }
        Ok(features)
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
