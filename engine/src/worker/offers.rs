//! Questions that were answered before all was read, and are offered again as more is.

use super::outlet::Outlet;
use super::reading::EncodingKey;
use crate::protocol::{Event, ReadSoFar, RequestId};

/// Questions that are remembered at most; the oldest are forgotten first.
const MOST_OFFERS: usize = 64;

/// Questions answered from a part of their documents.
#[derive(Default)]
pub(super) struct Offers(Vec<Offer>);

struct Offer {
    request: RequestId,
    key: EncodingKey,
    /// Windows that were read when that was last told.
    windows: u32,
}

impl Offer {
    fn is_on_a_part_of(&self, key: &EncodingKey) -> bool {
        !self.key.scope.is_empty() && self.key.of_all() == *key
    }
}

impl Offers {
    /// Remembers a question, unless all was read for it.
    pub(super) fn add(&mut self, request: RequestId, key: &EncodingKey, read: &ReadSoFar) {
        if read.is_all() {
            return;
        }
        if self.0.len() == MOST_OFFERS {
            self.0.remove(0);
        }
        self.0.push(Offer { request, key: key.clone(), windows: read.windows.0 });
    }

    /// Offers the questions on these documents again, where more has been read; once all is, that was the last time. Questions
    /// on a part of them are offered again only then.
    pub(super) fn tell(&mut self, outlet: &Outlet<'_>, key: &EncodingKey, read: &ReadSoFar) {
        let is_all = read.is_all();
        for offer in &mut self.0 {
            let is_more = offer.key == *key && offer.windows < read.windows.0;
            if is_more || is_all && offer.is_on_a_part_of(key) {
                offer.windows = read.windows.0;
                outlet.tell(Event::MoreRead { request: offer.request, read: read.clone() });
            }
        }
        self.0.retain(|offer| !(is_all && (offer.key == *key || offer.is_on_a_part_of(key))));
    }
}
