//! Plans the windows of documents as a model needs them.

use crate::document::page::Document;
use crate::prompt::{Window, WindowOptions, left_out, plan_windows};
use crate::protocol::ReadingOptions;
use crate::worker::Error;
use crate::worker::load::LoadedModel;

/// Default window length in tokens: the length that the published checkpoints were trained with.
const DEFAULT_WINDOW_TOKENS: usize = 16_384;

/// Plans the windows that a model reads of these documents.
pub(in crate::worker) fn plan(
    loaded: &LoadedModel,
    documents: &[Document],
    options: &ReadingOptions,
) -> Result<Vec<Window>, Error> {
    let all: Vec<&Document> = documents.iter().collect();
    let mut windows = plan_windows(&all, &loaded.tokenizer, &window_options(loaded, options))?;
    let left_out = left_out(documents, &options.left_out);
    windows.retain(|window| !window.shows_one_of(&left_out));
    Ok(windows)
}

/// How a model's windows are laid out.
pub(in crate::worker) fn window_options(loaded: &LoadedModel, options: &ReadingOptions) -> WindowOptions {
    let encoder = loaded.model.config().encoder.as_ref();
    WindowOptions {
        window_tokens: options.window_tokens.unwrap_or(DEFAULT_WINDOW_TOKENS),
        figures: loaded.summary.has_eyes && !options.without_figures,
        image_tokens: encoder.map_or(0, |encoder| encoder.image.per_image),
    }
}
