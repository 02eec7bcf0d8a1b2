//! The encoding cache: converts between the model's tensors and the bytes of the store, and computes cache keys.
//!
//! A key covers everything that states depend on and nothing else: model, numeric type, the window's token ids, where they
//! came from on the pages, and its pictures. It does not include the document's hash, so a report in which one page changed
//! shares all other windows with the previous version. A failed write causes a warning and never fails the job.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use half::bf16;

use crate::diagnostic::Diagnostic;
use crate::document::geometry::Rect;
use crate::model::vision::Pixels;
use crate::prompt::{FigureRef, Source, Span, Window};
use crate::protocol::{DocumentSummary, Event, WeightType};
use crate::store::encodings::{About, EncodingStore, Entry, EntryKind, Key, KeyHasher, MappedEntry, Put};
use crate::worker::Error;
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;

/// To be raised when the encoder computes different numbers for the same input, or entries hold different data.
const ENCODING_VERSION: u32 = 1;

/// To be raised when figures are cropped, rendered or resized differently.
const PICTURE_VERSION: u32 = 1;

/// Encoder states of a window.
#[derive(Clone)]
pub(in crate::worker) struct WindowStates {
    /// `[s, c]` in bf16: always rounded, so that answers do not depend on whether the states come from the disk.
    pub(in crate::worker) states: Tensor,
    /// `[layers·k, s]` in f32: the factors that turn them into keys of every decoder layer.
    pub(in crate::worker) inverse_norms: Tensor,
}

/// The encodings of one model on disk, as one job uses them.
pub(in crate::worker) struct EncodingCache<'a> {
    store: Option<Arc<EncodingStore>>,
    job: Option<&'a Job<'a>>,
    loaded: &'a LoadedModel,
    documents: &'a [DocumentSummary],
    /// Documents that needed a password, by index: nothing of them is stored, since ids and spans tell their text.
    locked: BTreeSet<u32>,
    has_warned: Cell<bool>,
}

impl<'a> EncodingCache<'a> {
    /// Nothing is cached if `store` is `None`, and no warnings are sent if `job` is.
    pub(in crate::worker) fn new(
        store: Option<Arc<EncodingStore>>,
        job: Option<&'a Job<'a>>,
        loaded: &'a LoadedModel,
        documents: &'a [DocumentSummary],
    ) -> Self {
        if let Some(store) = &store {
            store.release();
        }
        Self { store, job, loaded, documents, locked: BTreeSet::new(), has_warned: Cell::new(false) }
    }

    /// Leaves out these documents, by index: nothing of them is stored or looked up.
    pub(in crate::worker) fn without(self, locked: &BTreeSet<u32>) -> Self {
        Self { locked: locked.clone(), ..self }
    }

    fn is_locked(&self, window: &Window) -> bool {
        let in_spans = window.spans.iter().filter_map(|span| span.source.page()).map(|(document, _)| document);
        let in_images = window.images.iter().map(|image| image.document);
        in_spans.chain(in_images).any(|document| self.locked.contains(&document))
    }

    /// The key of a window whose pictures have these hashes; `None` if nothing is cached, or nothing of its document.
    pub(in crate::worker) fn window_key(&self, window: &Window, pictures: &[Key]) -> Option<Key> {
        if self.is_locked(window) {
            return None;
        }
        let model = self.store.as_ref().and(self.loaded.fingerprint.as_ref())?.model;
        let ids: Vec<u8> = window.ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let pictures: Vec<u8> = pictures.iter().flat_map(|key| *key.bytes()).collect();
        let key = KeyHasher::new("window")
            .with("version", &ENCODING_VERSION.to_le_bytes())
            .with("model", model.bytes())
            .with("adapter", self.loaded.adapter.as_ref().map_or(&[], |adapter| adapter.bytes().as_slice()))
            .with("type", type_name(self.loaded.summary.dtype))
            .with("ids", &ids)
            .with("spans", &serialised(window))
            .with("pictures", &pictures);
        Some(key.finish())
    }

    /// Whether a window is in the cache, complete.
    pub(in crate::worker) fn has_window(&self, key: &Key, window: &Window) -> bool {
        self.window_entry(key, window).is_some()
    }

    /// A window's states, if cached.
    pub(in crate::worker) fn get_window(&self, key: &Key, window: &Window) -> Result<Option<WindowStates>, Error> {
        let Some(entry) = self.window_entry(key, window) else { return Ok(None) };
        let states = bf16_tensor(entry.states(), entry.rows(), entry.columns())?;
        let scalars: Vec<f32> = entry.scalars().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let inverse_norms = Tensor::from_vec(scalars, (entry.num_scalars(), entry.rows()), &Device::Cpu)?;
        Ok(Some(WindowStates { states, inverse_norms }))
    }

    /// The entry of a window, if its dimensions match the model and it holds the same ids from the same places.
    fn window_entry(&self, key: &Key, window: &Window) -> Option<MappedEntry> {
        let config = self.loaded.model.config();
        let scalars = config.decoder.layers.len() * config.decoder.num_kv_heads;
        let entry = self.store.as_ref()?.get(EntryKind::Window, key)?;
        let fits = (entry.rows(), entry.columns(), entry.num_scalars())
            == (window.ids.len(), config.hidden_size(), scalars)
            && entry.content() == serialised(window);
        fits.then_some(entry)
    }

    /// Stores a window's states; `true` if they are on disk now.
    pub(in crate::worker) fn put_window(
        &self,
        key: &Key,
        window: &Window,
        encoded: &WindowStates,
    ) -> Result<bool, Error> {
        let document = window.pages().first().map_or(0, |(document, _)| *document);
        let scalars = encoded.inverse_norms.flatten_all()?.to_vec1::<f32>()?;
        let scalars: Vec<u8> = scalars.into_iter().flat_map(f32::to_le_bytes).collect();
        let (rows, columns) = encoded.states.dims2()?;
        let entry = Entry {
            about: &self.about(document),
            content: &serialised(window),
            rows: rows as u32,
            columns: columns as u32,
            states: &bf16_bytes(&encoded.states)?,
            scalars: &scalars,
        };
        Ok(self.put(EntryKind::Window, key, &entry))
    }

    /// The key of the vision features of a picture in a document; `None` if nothing is cached, or nothing of the document.
    pub(in crate::worker) fn vision_key(&self, picture: &Key, document: u32) -> Option<Key> {
        if self.locked.contains(&document) {
            return None;
        }
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

    /// A picture's vision features, `[tokens, tower width]` in bf16, if cached.
    pub(in crate::worker) fn get_vision(&self, key: &Key) -> Result<Option<Tensor>, Error> {
        let encoder = self.loaded.model.config().encoder.as_ref();
        let shape = encoder.and_then(|encoder| Some((encoder.image.per_image, encoder.vision.as_ref()?.hidden_size)));
        let entry = self.store.as_ref().and_then(|store| store.get(EntryKind::Vision, key));
        match entry.filter(|entry| Some((entry.rows(), entry.columns())) == shape) {
            Some(entry) => bf16_tensor(entry.states(), entry.rows(), entry.columns()).map(Some),
            None => Ok(None),
        }
    }

    /// Stores the vision features of a picture in a document.
    pub(in crate::worker) fn put_vision(&self, key: &Key, document: u32, features: &Tensor) -> Result<(), Error> {
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

    /// The key of a figure's picture hash: its file and its place there, so that a known figure need not be rendered again.
    /// `None` if nothing is cached, or nothing of the document.
    pub(in crate::worker) fn figure_key(&self, figure: FigureRef, bbox: Rect, side: usize) -> Option<Key> {
        if self.locked.contains(&figure.document) {
            return None;
        }
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

    /// The picture hash stored for a figure.
    pub(in crate::worker) fn get_picture_hash(&self, figure: &Key) -> Option<Key> {
        Key::from_bytes(self.store.as_ref()?.get(EntryKind::Picture, figure)?.content())
    }

    /// Stores the picture hash of a figure.
    pub(in crate::worker) fn put_picture_hash(&self, figure: &Key, document: u32, picture: &Key) {
        let about = self.about(document);
        let entry = Entry { about: &about, content: picture.bytes(), rows: 0, columns: 0, states: &[], scalars: &[] };
        self.put(EntryKind::Picture, figure, &entry);
    }

    fn about(&self, document: u32) -> About {
        let summary = self.documents.get(document as usize);
        let (name, hash) = summary.map_or(("", ""), |summary| (&summary.name, &summary.hash));
        About::now(name, hash, &self.loaded.summary.name)
    }

    /// Stores an entry; the first failure of a job causes a warning.
    fn put(&self, kind: EntryKind, key: &Key, entry: &Entry<'_>) -> bool {
        let Some(store) = &self.store else { return false };
        let why = match store.put(kind, key, entry) {
            Ok(Put::Kept) => return true,
            Ok(Put::NoRoom) => {
                format!("the cache limit of {} MB is reached", store.limit_bytes() / 1_000_000)
            }
            Err(error) => error.to_string(),
        };
        if let Some(job) = self.job.filter(|_| !self.has_warned.replace(true)) {
            let message = format!("not everything could be cached, so it will be read again next time: {why}");
            job.send(Event::Warning { request: job.request, diagnostic: Diagnostic::general(message) });
        }
        false
    }
}

/// The hash of the vision tower's input.
pub(in crate::worker) fn picture_hash(pixels: &Pixels) -> Key {
    let bytes: Vec<u8> = pixels.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    KeyHasher::new("pixels").with("side", &(pixels.side as u64).to_le_bytes()).with("values", &bytes).finish()
}

/// A tensor rounded to bf16 on the CPU, as it is stored.
pub(in crate::worker) fn rounded(tensor: &Tensor) -> Result<Tensor, Error> {
    Ok(tensor.to_device(&Device::Cpu)?.to_dtype(DType::BF16)?)
}

/// A window's ids and spans as bytes. The document's index is set to 0, because the same document may be at another index in
/// the next request.
fn serialised(window: &Window) -> Vec<u8> {
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
    // Serialising plain numbers cannot fail.
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
