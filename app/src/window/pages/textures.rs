//! Pictures of pages on the graphics card, within a limit.

use std::collections::{HashMap, HashSet};

use eframe::egui::{ColorImage, Context, TextureHandle, TextureId, TextureOptions};
use engine::viewer::{DocumentId, PictureKey};

/// Most bytes of all pictures, at four a pixel.
const MOST_BYTES: usize = 256 << 20;

/// Pictures of pages, by what they show.
#[derive(Default)]
pub(crate) struct Textures {
    held: HashMap<PictureKey, Held>,
    /// Pictures that cannot be rendered; they are not requested again.
    refused: HashSet<PictureKey>,
    bytes: usize,
    frame: u64,
}

struct Held {
    texture: TextureHandle,
    bytes: usize,
    used: u64,
}

impl std::fmt::Debug for Textures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Textures").field("held", &self.held.len()).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Textures {
    /// A picture, if it is there; it is kept for this frame at least.
    pub(crate) fn get(&mut self, key: &PictureKey) -> Option<TextureId> {
        let held = self.held.get_mut(key)?;
        held.used = self.frame;
        Some(held.texture.id())
    }

    /// Whether a picture is still to be rendered.
    pub(crate) fn lacks(&self, key: &PictureKey) -> bool {
        !self.held.contains_key(key) && !self.refused.contains(key)
    }

    /// Adds a picture: three bytes a pixel, row by row.
    pub(crate) fn put(&mut self, ctx: &Context, key: PictureKey, size: [usize; 2], pixels: &[u8]) {
        let name = format!("page {}", key.page.page);
        let texture = ctx.load_texture(name, ColorImage::from_rgb(size, pixels), TextureOptions::LINEAR);
        let bytes = 4 * size[0] * size[1];
        if let Some(before) = self.held.insert(key, Held { texture, bytes, used: self.frame }) {
            self.bytes -= before.bytes;
        }
        self.bytes += bytes;
    }

    /// A picture cannot be rendered.
    pub(crate) fn refuse(&mut self, key: PictureKey) {
        self.refused.insert(key);
    }

    /// Drops the pictures of a document.
    pub(crate) fn forget(&mut self, document: DocumentId) {
        self.held.retain(|key, _| key.page.document != document);
        self.refused.retain(|key| key.page.document != document);
        self.bytes = self.held.values().map(|held| held.bytes).sum();
    }

    /// Ends a frame: beyond the limit, the pictures not shown for longest are dropped.
    pub(crate) fn end_frame(&mut self) {
        let frame = self.frame;
        self.frame += 1;
        if self.bytes <= MOST_BYTES {
            return;
        }
        let mut by_age: Vec<(u64, PictureKey)> = self.held.iter().map(|(key, held)| (held.used, *key)).collect();
        by_age.sort_unstable_by_key(|(used, _)| *used);
        for (used, key) in by_age {
            if self.bytes <= MOST_BYTES || used == frame {
                break;
            }
            if let Some(held) = self.held.remove(&key) {
                self.bytes -= held.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::viewer::PageKey;

    use super::*;

    fn key(page: u32) -> PictureKey {
        let page = PageKey { document: DocumentId(1), page };
        PictureKey { page, scale: 1000, left: 0, top: 0, width: 2048, height: 2048 }
    }

    #[test]
    fn what_was_not_seen_for_longest_goes_and_what_is_in_sight_stays() {
        let ctx = Context::default();
        let mut textures = Textures::default();
        let pixels = vec![255; 3 * 2048 * 2048];
        for page in 0..40 {
            textures.put(&ctx, key(page), [2048, 2048], &pixels);
            assert!(textures.get(&key(0)).is_some(), "the first page is always in sight");
            textures.end_frame();
            assert!(textures.bytes <= MOST_BYTES);
        }
        assert!(textures.lacks(&key(1)) && !textures.lacks(&key(39)) && !textures.lacks(&key(0)));
        textures.refuse(key(90));
        assert!(!textures.lacks(&key(90)));
        textures.forget(DocumentId(1));
        assert_eq!((textures.bytes, textures.held.len()), (0, 0));
        assert!(textures.lacks(&key(90)));
    }
}
