//! Scrolling in what has more lines than fit. How many those are is for whoever draws to say.

use crate::{event::Key, state::Scroll};

/// How far the page keys go.
const PAGE: usize = 10;

impl Scroll {
    /// So many lines do not fit.
    pub(super) fn fit(&mut self, beyond: usize) {
        *self = Self { above: self.above.min(beyond), beyond };
    }

    /// A key that scrolls. Whether it was one.
    pub(super) fn key(&mut self, key: Key) -> bool {
        let Self { above, beyond } = *self;
        self.above = match key {
            Key::Up => above.saturating_sub(1),
            Key::Down => above + 1,
            Key::PageUp => above.saturating_sub(PAGE),
            Key::PageDown => above + PAGE,
            Key::Home => 0,
            Key::End => beyond,
            _ => return false,
        }
        .min(beyond);
        true
    }
}
