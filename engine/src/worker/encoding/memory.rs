//! The memory that the decoder attends to, built from finished windows, and the choice of its kind.

use super::windows::{EncodingKey, FinishedWindows, WindowEncodings};
use crate::model::config::ModelConfig;
use crate::model::memory::{Memory, MemoryKind};
use crate::protocol::{Event, MemoryChoice, Stage, WeightType, WindowOrigin};
use crate::worker::Error;
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;

/// Most bytes that keys and values of all layers may take; above that, all layers share one memory.
const MAX_KEYS_VALUES_BYTES: usize = 4 << 30;

/// A memory that is kept for the next question on the same documents.
pub(in crate::worker) struct PreparedMemory {
    pub(in crate::worker) key: EncodingKey,
    pub(in crate::worker) memory: Memory,
    /// Whether it is of the kind that needs no preparation only so that the first answer starts at once; to be replaced
    /// in the background.
    pub(in crate::worker) is_provisional: bool,
}

/// The kind of memory for `tokens` encoded tokens; decides only if `choice` leaves it open.
pub(in crate::worker) fn choose_memory(
    choice: MemoryChoice,
    config: &ModelConfig,
    dtype: WeightType,
    tokens: usize,
) -> MemoryChoice {
    if choice != MemoryChoice::Auto {
        return choice;
    }
    let decoder = &config.decoder;
    let numbers = 2 * decoder.layers.len() * decoder.num_kv_heads * decoder.head_dim;
    let bytes = match dtype {
        WeightType::F32 => 4 * numbers,
        WeightType::Bf16 => 2 * numbers,
        // Including scales.
        WeightType::Int8 => numbers + numbers / 4,
    };
    if tokens.saturating_mul(bytes) <= MAX_KEYS_VALUES_BYTES { MemoryChoice::KeysValues } else { MemoryChoice::Shared }
}

/// The kind of memory for these encodings, and whether it is provisional. Windows that all come from the disk, or that are
/// not all in memory, are first shared by all layers, which needs no preparation.
pub(in crate::worker) fn memory_kind(
    loaded: &LoadedModel,
    encodings: &WindowEncodings,
    choice: MemoryChoice,
) -> (MemoryKind, bool) {
    let all_cached = encodings.origins.iter().all(|origin| *origin == WindowOrigin::Kept);
    if choice == MemoryChoice::Auto && (all_cached || !encodings.are_in_memory()) {
        return (MemoryKind::Shared, true);
    }
    let chosen = choose_memory(choice, loaded.model.config(), loaded.summary.dtype, encodings.tokens());
    (requested_kind(chosen), false)
}

/// The kind of memory that needs no preparation, unless `choice` asks for another.
pub(in crate::worker) fn provisional_kind(choice: MemoryChoice) -> MemoryKind {
    requested_kind(if choice == MemoryChoice::Auto { MemoryChoice::Shared } else { choice })
}

/// The kind of memory that `choice` names.
pub(in crate::worker) fn requested_kind(choice: MemoryChoice) -> MemoryKind {
    if choice == MemoryChoice::Shared { MemoryKind::Shared } else { MemoryKind::KeysValues }
}

/// Builds a memory, reporting progress by layer.
pub(in crate::worker) fn build_memory(
    job: &Job<'_>,
    loaded: &LoadedModel,
    finished: &FinishedWindows,
    kind: MemoryKind,
) -> Result<Memory, Error> {
    let layers = loaded.model.config().decoder.layers.len() as u64;
    Ok(loaded.model.remember(&finished.states, Some(&finished.inverse_norms), kind, &mut |layer| {
        job.send(Event::Progress { request: job.request, stage: Stage::Memory, done: layer as u64, total: layers });
        Ok(job.cancel.check()?)
    })?)
}
