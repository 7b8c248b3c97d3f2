//! How things look: which glyphs and colours the terminal gets. A meaning is a word, then a symbol, and only then a colour, on the
//! terminal's own background, so that it reads the same in light, in dark, and without colours.

use std::ffi::OsString;

use lakeward_core::untrusted::printable;
use ratatui::style::{Color, Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether glyphs beyond ASCII come out right.
    pub unicode: bool,
    /// Whether colours are wanted. Bold and reverse video stay without them.
    pub colour: bool,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// All is well.
    Good,
    /// It works, and is odd.
    Warning,
    /// It does not work.
    Bad,
    /// It does not apply, or has not begun.
    None,
    /// Good to know.
    Info,
    /// It goes on.
    Busy,
}

impl Look {
    /// What the environment says: `NO_COLOR` (when not empty), and the locale, of which the first that is set of `LC_ALL`,
    /// `LC_CTYPE` and `LANG` decides (POSIX). On Windows consoles are UTF-8 to those who write through its API.
    pub fn from_environment(ascii: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let linux_console = variable("TERM").is_some_and(|term| term == "linux");
        Self { unicode: !ascii && (utf8 || cfg!(windows)) && !linux_console, colour: set("NO_COLOR").is_none() }
    }

    /// Foreign text, as it may be drawn: without what could steer a terminal, and where only ASCII comes out right, with `?` for all
    /// else.
    pub(crate) fn text(&self, text: &str) -> String {
        let safe = printable(text);
        if self.unicode || safe.is_ascii() {
            return safe.into_owned();
        }
        safe.graphemes(true).map(|grapheme| if grapheme.is_ascii() { grapheme } else { "?" }).collect()
    }

    /// One of two glyphs.
    pub(crate) fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// What stands for something that was left out.
    pub(crate) fn ellipsis(&self) -> &'static str {
        self.glyph("…", "..")
    }

    /// What stands before the line with the focus.
    pub(crate) fn pointer(&self) -> &'static str {
        self.glyph("›", ">")
    }

    /// A mark's symbol, of at most two cells, and its style.
    pub(crate) fn mark(&self, mark: Mark) -> (&'static str, Style) {
        match mark {
            Mark::Good => (self.glyph("✓", "ok"), self.good()),
            Mark::Warning => ("!", self.warning()),
            Mark::Bad => (self.glyph("✗", "x"), self.bad()),
            Mark::None => (self.glyph("·", "-"), Style::new()),
            Mark::Info => ("i", bold()),
            Mark::Busy => (self.glyph("…", ".."), bold()),
        }
    }

    /// Of the symbol or the word that says that all is well.
    pub(crate) fn good(&self) -> Style {
        self.coloured(Color::Green)
    }

    /// Of the symbol or the word that warns.
    pub(crate) fn warning(&self) -> Style {
        self.coloured(Color::Yellow)
    }

    /// Of the symbol or the word that says what is wrong.
    pub(crate) fn bad(&self) -> Style {
        self.coloured(Color::Red)
    }

    /// Of what draws the eye without saying anything by it: bars, sparklines.
    pub(crate) fn accent(&self) -> Style {
        self.coloured(Color::Cyan)
    }

    /// Whether cells can be black and white for certain, and split in halves: what a QR code takes.
    pub(crate) fn can_draw_pictures(&self) -> bool {
        self.unicode && self.colour
    }

    fn coloured(&self, colour: Color) -> Style {
        if self.colour { bold().fg(colour) } else { bold() }
    }
}

/// Of what matters.
pub(crate) fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// Of what has the focus, and of the first and the last row.
pub(crate) fn reverse() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_on_glyphs_and_colours() {
        let look = |ascii, set: &[(&str, &str)]| {
            Look::from_environment(ascii, |name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(look(false, &[("LANG", "de_CH.UTF-8")]), Look { unicode: true, colour: true });
        assert!(look(false, &[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]).unicode);
        assert!(!look(false, &[("LC_ALL", "C"), ("LANG", "de_CH.UTF-8")]).unicode || cfg!(windows));
        assert!(!look(false, &[("LANG", "C.UTF-8"), ("TERM", "linux")]).unicode);
        assert!(!look(true, &[("LANG", "C.UTF-8")]).unicode);
        assert!(!look(false, &[("NO_COLOR", "1")]).colour);
        assert!(look(false, &[("NO_COLOR", "")]).colour, "an empty NO_COLOR is none");
    }

    #[test]
    fn foreign_text_is_harmless_and_ascii_where_it_must_be() {
        let (full, ascii) = (Look { unicode: true, colour: true }, Look { unicode: false, colour: true });
        assert_eq!(full.text("a\x1b]52;c;eA==\x07b \u{202e}東京"), "a]52;c;eA==b 東京");
        assert_eq!(ascii.text("été 東京"), "?t? ??");
    }
}
