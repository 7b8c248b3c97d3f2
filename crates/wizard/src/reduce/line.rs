//! Editing a line of text, by graphemes.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    event::{Key, Press},
    state::Field,
};

/// The longest text of a field in bytes: more than any answer needs, little enough to lay out quickly.
const LONGEST: usize = 4096;

/// Where a grapheme begins.
fn byte_at(text: &str, grapheme: usize) -> usize {
    text.grapheme_indices(true).nth(grapheme).map_or(text.len(), |(at, _)| at)
}

/// What a paste or a key adds: one line without controls.
pub(super) fn one_line(text: &str) -> String {
    lakeward_core::untrusted::printable(text).into_owned()
}

impl Field {
    /// Puts a text in at the cursor.
    pub(super) fn insert(&mut self, text: &str) {
        let text = one_line(text);
        if self.text.len() + text.len() > LONGEST {
            self.error = Some("this is too long".to_owned());
            return;
        }
        let at = byte_at(&self.text, self.cursor);
        let after = self.text.get(at..).unwrap_or_default().graphemes(true).count();
        self.text.insert_str(at, &text);
        // What was put in may have joined what stood beside it: the cursor counts from the end.
        self.cursor = self.text.graphemes(true).count().saturating_sub(after);
    }

    /// Shows an answer that is there, however long it is, with the cursor behind it.
    pub(super) fn show(&mut self, text: &str) {
        self.text = one_line(text);
        self.cursor = self.text.graphemes(true).count();
    }

    /// Sets the whole text, with the cursor behind it.
    pub(super) fn set(&mut self, text: &str) {
        self.text.clear();
        self.cursor = 0;
        self.insert(text);
    }

    /// Takes a key that edits or moves. Whether it was one.
    pub(super) fn edit(&mut self, press: Press) -> bool {
        let count = self.text.graphemes(true).count();
        match press.key {
            Key::Char('a') if press.ctrl => self.cursor = 0,
            Key::Char('e') if press.ctrl => self.cursor = count,
            Key::Char('u') if press.ctrl => {
                self.text.drain(..byte_at(&self.text, self.cursor));
                self.cursor = 0;
            }
            Key::Char('k') if press.ctrl => self.text.truncate(byte_at(&self.text, self.cursor)),
            Key::Char('w') if press.ctrl => self.erase_word(),
            Key::Char(c) if !press.ctrl && !press.alt => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(count),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = count,
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.erase_at_cursor();
            }
            Key::Delete if self.cursor < count => self.erase_at_cursor(),
            Key::Backspace | Key::Delete => {}
            _ => return false,
        }
        self.cursor = self.cursor.min(self.text.graphemes(true).count());
        true
    }

    fn erase_at_cursor(&mut self) {
        let (from, to) = (byte_at(&self.text, self.cursor), byte_at(&self.text, self.cursor + 1));
        self.text.drain(from..to);
    }

    /// Erases back to the beginning of a word; a path's segment is one.
    fn erase_word(&mut self) {
        let at = byte_at(&self.text, self.cursor);
        let before = self.text.get(..at).unwrap_or_default();
        let is_between = |c: char| c.is_whitespace() || c == '/';
        let kept = before.trim_end_matches(is_between).rfind(is_between).map_or("", |last| {
            let end = before.get(last..).and_then(|rest| rest.chars().next()).map_or(last, |c| last + c.len_utf8());
            before.get(..end).unwrap_or_default()
        });
        let kept = kept.len();
        self.text.drain(kept..at);
        self.cursor = self.text.get(..kept).unwrap_or_default().graphemes(true).count();
    }
}
