//! What nobody may see: codes, URLs with codes in them, what is typed where nothing shows.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_segmentation::UnicodeSegmentation as _;

/// What stands for a secret where a state is printed.
const MASK: &str = "***";

/// What stands for a character of a secret where events are recorded.
pub(crate) fn masked(c: char) -> char {
    match c {
        c if c.is_ascii_digit() => '0',
        c if c.is_alphanumeric() => 'x',
        c => c,
    }
}

/// A text that is not shown; of its characters only the kind is recorded.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(SecretString::from(text))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.expose().chars().map(masked).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
    }
}

/// A line that is being typed and not shown. It is wiped from memory when it is dropped.
#[derive(Clone, Default)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// How many dots stand for it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.graphemes(true).count()
    }

    /// Whether nothing was typed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn push(&mut self, text: &str) {
        let mut longer = Zeroizing::new(String::with_capacity(self.0.len() + text.len()));
        longer.push_str(&self.0);
        longer.push_str(text);
        self.0 = longer;
    }

    pub(crate) fn pop(&mut self) {
        if let Some((at, _)) = self.0.grapheme_indices(true).next_back() {
            self.0.truncate(at);
        }
    }

    /// What was typed, without blanks around it; nothing is left.
    pub(crate) fn take(&mut self) -> Secret {
        let text = std::mem::take(&mut self.0);
        Secret::from(text.trim())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}
