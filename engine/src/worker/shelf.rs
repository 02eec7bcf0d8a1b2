//! Between the tensors of the model and the bytes of the store: under which key an encoding is kept, and in which form.
//!
//! A key names everything that states depend on and nothing else: model, numeric type, the window's ids, where they came
//! from on the pages, its pictures. The document's own hash is no part of it, for a report of which one page changed
//! shares all other windows with the old one. What cannot be kept costs a warning, never the work.

use std::cell::Cell;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use half::bf16;

use super::Error;
use super::load::LoadedModel;
use super::outlet::Job;
use crate::diagnostic::Diagnostic;
use crate::document::geometry::Rect;
use crate::model::vision::Pixels;
use crate::prompt::{FigureRef, Source, Span, Window};
use crate::protocol::{DocumentSummary, Event, WeightType};
use crate::store::encodings::{About, EncodingStore, Entry, EntryKind, Key, KeyHasher, MappedEntry, Put};

/// Raised when the encoder gives other numbers for the same ids and pictures, or other things are kept with them.
const ENCODING_VERSION: u32 = 1;

/// Raised when figures are cut out, drawn or resized in another way.
const PICTURE_VERSION: u32 = 1;

/// Encoder states of a window.
#[derive(Clone)]
pub(super) struct WindowStates {
    /// `[s, c]`, in bf16: rounded whether they come from the disk or not, so that an answer does not depend on that.
    pub(super) states: Tensor,
    /// `[layers·k, s]`, in f32: what makes them keys of every decoder layer.
    pub(super) inverse_norms: Tensor,
}

/// What is kept for one model, as one piece of work uses it.
pub(super) struct Shelf<'a> {
    store: Option<Arc<EncodingStore>>,
    job: Option<&'a Job<'a>>,
    loaded: &'a LoadedModel,
    documents: &'a [DocumentSummary],
    has_complained: Cell<bool>,
}

impl<'a> Shelf<'a> {
    /// `store` is `None` where nothing is to be kept, `job` where nobody is to be told of trouble.
    pub(super) fn new(
        store: Option<Arc<EncodingStore>>,
        job: Option<&'a Job<'a>>,
        loaded: &'a LoadedModel,
        documents: &'a [DocumentSummary],
    ) -> Self {
        if let Some(store) = &store {
            store.release();
        }
        Self { store, job, loaded, documents, has_complained: Cell::new(false) }
    }

    /// The key of a window whose pictures have these hashes; `None` where nothing is kept.
    pub(super) fn window_key(&self, window: &Window, pictures: &[Key]) -> Option<Key> {
        let model = self.store.as_ref().and(self.loaded.fingerprint.as_ref())?.model;
        let ids: Vec<u8> = window.ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let pictures: Vec<u8> = pictures.iter().flat_map(|key| *key.bytes()).collect();
        let key = KeyHasher::new("window")
            .with("version", &ENCODING_VERSION.to_le_bytes())
            .with("model", model.bytes())
            .with("adapter", self.loaded.adapter.as_ref().map_or(&[], |adapter| adapter.bytes().as_slice()))
            .with("type", type_name(self.loaded.summary.dtype))
            .with("ids", &ids)
            .with("spans", &content(window))
            .with("pictures", &pictures);
        Some(key.finish())
    }

    /// Whether a window is kept, whole.
    pub(super) fn has_window(&self, key: &Key, window: &Window) -> bool {
        self.window_entry(key, window).is_some()
    }

    /// A window's states, where they are kept.
    pub(super) fn window(&self, key: &Key, window: &Window) -> Result<Option<WindowStates>, Error> {
        let Some(entry) = self.window_entry(key, window) else { return Ok(None) };
        let states = bf16_tensor(entry.states(), entry.rows(), entry.columns())?;
        let scalars: Vec<f32> = entry.scalars().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let inverse_norms = Tensor::from_vec(scalars, (entry.num_scalars(), entry.rows()), &Device::Cpu)?;
        Ok(Some(WindowStates { states, inverse_norms }))
    }

    /// The entry of a window, where it is as large as the model wants it and holds the same ids from the same places.
    fn window_entry(&self, key: &Key, window: &Window) -> Option<MappedEntry> {
        let config = self.loaded.model.config();
        let scalars = config.decoder.layers.len() * config.decoder.num_kv_heads;
        let entry = self.store.as_ref()?.get(EntryKind::Window, key)?;
        let fits = (entry.rows(), entry.columns(), entry.num_scalars())
            == (window.ids.len(), config.hidden_size(), scalars)
            && entry.content() == content(window);
        fits.then_some(entry)
    }

    /// Keeps a window's states; `true` where they are on disk.
    pub(super) fn keep_window(&self, key: &Key, window: &Window, made: &WindowStates) -> Result<bool, Error> {
        let document = window.pages().first().map_or(0, |(document, _)| *document);
        let scalars = made.inverse_norms.flatten_all()?.to_vec1::<f32>()?;
        let scalars: Vec<u8> = scalars.into_iter().flat_map(f32::to_le_bytes).collect();
        let (rows, columns) = made.states.dims2()?;
        let entry = Entry {
            about: &self.about(document),
            content: &content(window),
            rows: rows as u32,
            columns: columns as u32,
            states: &bf16_bytes(&made.states)?,
            scalars: &scalars,
        };
        Ok(self.put(EntryKind::Window, key, &entry))
    }

    /// The key of what the tower sees in a picture; `None` where nothing is kept.
    pub(super) fn vision_key(&self, picture: &Key) -> Option<Key> {
        let tower = self.store.as_ref().and(self.loaded.fingerprint.as_ref())?.tower?;
        let encoder = self.loaded.model.config().encoder.as_ref()?;
        let shape = format!("{:?} {}", encoder.vision.as_ref()?, encoder.image.per_image);
        let key = KeyHasher::new("vision")
            .with("version", &ENCODING_VERSION.to_le_bytes())
            .with("tower", tower.bytes())
            .with("shape", shape.as_bytes())
            .with("type", type_name(self.loaded.summary.dtype))
            .with("picture", picture.bytes());
        Some(key.finish())
    }

    /// What the tower saw in a picture, `[tokens, tower width]` in bf16, where that is kept.
    pub(super) fn vision(&self, key: &Key) -> Result<Option<Tensor>, Error> {
        let encoder = self.loaded.model.config().encoder.as_ref();
        let shape = encoder.and_then(|encoder| Some((encoder.image.per_image, encoder.vision.as_ref()?.hidden_size)));
        let entry = self.store.as_ref().and_then(|store| store.get(EntryKind::Vision, key));
        match entry.filter(|entry| Some((entry.rows(), entry.columns())) == shape) {
            Some(entry) => bf16_tensor(entry.states(), entry.rows(), entry.columns()).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps what the tower saw in a picture of a document.
    pub(super) fn keep_vision(&self, key: &Key, document: u32, features: &Tensor) -> Result<(), Error> {
        let (rows, columns) = features.dims2()?;
        let entry = Entry {
            about: &self.about(document),
            content: &[],
            rows: rows as u32,
            columns: columns as u32,
            states: &bf16_bytes(features)?,
            scalars: &[],
        };
        self.put(EntryKind::Vision, key, &entry);
        Ok(())
    }

    /// The key under which a figure's picture is noted: its file and its place there, so that it need not be drawn to be
    /// known. `None` where nothing is kept.
    pub(super) fn place_key(&self, figure: FigureRef, bbox: Rect, side: usize) -> Option<Key> {
        self.store.as_ref().and(self.loaded.fingerprint.as_ref())?;
        let document = self.documents.get(figure.document as usize)?;
        let edges: Vec<u8> =
            [bbox.left, bbox.top, bbox.right, bbox.bottom].iter().flat_map(|edge| edge.to_le_bytes()).collect();
        let key = KeyHasher::new("picture")
            .with("version", &PICTURE_VERSION.to_le_bytes())
            .with("document", document.hash.as_bytes())
            .with("page", &figure.page.to_le_bytes())
            .with("edges", &edges)
            .with("side", &(side as u64).to_le_bytes());
        Some(key.finish())
    }

    /// The hash of the picture that was noted for a place.
    pub(super) fn picture(&self, place: &Key) -> Option<Key> {
        Key::from_bytes(self.store.as_ref()?.get(EntryKind::Picture, place)?.content())
    }

    /// Notes which picture is at a place.
    pub(super) fn note_picture(&self, place: &Key, document: u32, picture: &Key) {
        let about = self.about(document);
        let entry = Entry { about: &about, content: picture.bytes(), rows: 0, columns: 0, states: &[], scalars: &[] };
        self.put(EntryKind::Picture, place, &entry);
    }

    fn about(&self, document: u32) -> About {
        let summary = self.documents.get(document as usize);
        let (name, hash) = summary.map_or(("", ""), |summary| (&summary.name, &summary.hash));
        About::now(name, hash, &self.loaded.summary.name)
    }

    /// Keeps an entry, or says once why that does not work.
    fn put(&self, kind: EntryKind, key: &Key, entry: &Entry<'_>) -> bool {
        let Some(store) = &self.store else { return false };
        let why = match store.put(kind, key, entry) {
            Ok(Put::Kept) => return true,
            Ok(Put::NoRoom) => {
                format!("there is no room for more within the {} MB set for it", store.limit_bytes() / 1_000_000)
            }
            Err(error) => error.to_string(),
        };
        if let Some(job) = self.job.filter(|_| !self.has_complained.replace(true)) {
            let message = format!("not all that is read now can be kept, so it will be read again next time: {why}");
            job.tell(Event::Warning { request: job.request, diagnostic: Diagnostic::general(message) });
        }
        false
    }
}

/// The hash of what the vision tower is shown.
pub(super) fn picture_hash(pixels: &Pixels) -> Key {
    let bytes: Vec<u8> = pixels.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    KeyHasher::new("pixels").with("side", &(pixels.side as u64).to_le_bytes()).with("values", &bytes).finish()
}

/// A tensor as it is kept: in bf16, in memory.
pub(super) fn rounded(tensor: &Tensor) -> Result<Tensor, Error> {
    Ok(tensor.to_device(&Device::Cpu)?.to_dtype(DType::BF16)?)
}

/// A window's ids and spans in bytes. The document's place among those that are asked together is not told: it is another
/// one next time.
fn content(window: &Window) -> Vec<u8> {
    let source = |source: Source| match source {
        Source::Line { page, line, .. } => Source::Line { document: 0, page, line },
        Source::Figure { page, figure, .. } => Source::Figure { document: 0, page, figure },
        Source::Marker { page, .. } => Source::Marker { document: 0, page },
        Source::Template => Source::Template,
    };
    let alone = Window {
        ids: window.ids.clone(),
        spans: window
            .spans
            .iter()
            .map(|span| Span { tokens: span.tokens.clone(), source: source(span.source) })
            .collect(),
        images: window.images.iter().map(|&image| FigureRef { document: 0, ..image }).collect(),
    };
    // Plain numbers always have a form in postcard.
    postcard::to_stdvec(&alone).unwrap_or_default()
}

fn type_name(dtype: WeightType) -> &'static [u8] {
    match dtype {
        WeightType::F32 => b"f32",
        WeightType::Bf16 => b"bf16",
        WeightType::Int8 => b"int8",
    }
}

fn bf16_tensor(bytes: &[u8], rows: usize, columns: usize) -> Result<Tensor, Error> {
    let values: Vec<bf16> = bytes.as_chunks().0.iter().map(|bytes| bf16::from_le_bytes(*bytes)).collect();
    Ok(Tensor::from_vec(values, (rows, columns), &Device::Cpu)?)
}

fn bf16_bytes(tensor: &Tensor) -> Result<Vec<u8>, Error> {
    let values = tensor.flatten_all()?.to_vec1::<bf16>()?;
    let mut bytes = Vec::with_capacity(2 * values.len());
    for value in values {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    Ok(bytes)
}
