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

    /// Offers the questions on these documents again, where more has been read; once all is, that was the last time.
    pub(super) fn tell(&mut self, outlet: &Outlet<'_>, key: &EncodingKey, read: &ReadSoFar) {
        for offer in self.0.iter_mut().filter(|offer| offer.key == *key && offer.windows < read.windows.0) {
            offer.windows = read.windows.0;
            outlet.tell(Event::MoreRead { request: offer.request, read: read.clone() });
        }
        self.0.retain(|offer| offer.key != *key || !read.is_all());
    }
}
