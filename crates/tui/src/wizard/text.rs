//! Text that has to fit: widths are those of graphemes on a terminal. Names are cut in the middle; codes, ARNs and URLs are broken
//! into lines and never cut.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The cells that a text takes.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// The longest beginning of a text that fits.
fn head(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += grapheme.width();
        if taken > most {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// The longest end of a text that fits.
fn tail(text: &str, most: usize) -> &str {
    let mut taken = 0;
    let mut begin = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        taken += grapheme.width();
        if taken > most {
            break;
        }
        begin = at;
    }
    text.get(begin..).unwrap_or_default()
}

/// A text cut in its middle so that it fits: both ends of a name tell it from others.
pub(crate) fn middle(text: &str, most: usize, ellipsis: &str) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let Some(rest) = most.checked_sub(width(ellipsis)) else { return head(text, most).to_owned() };
    let end = tail(text, rest / 2);
    format!("{}{ellipsis}{end}", head(text, rest - width(end)))
}

/// A text cut at its end so that it fits.
pub(crate) fn cut(text: &str, most: usize, ellipsis: &str) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    match most.checked_sub(width(ellipsis)) {
        Some(rest) => format!("{}{ellipsis}", head(text, rest).trim_end()),
        None => head(text, most).to_owned(),
    }
}

/// A text followed by spaces up to a width, or cut in its middle.
pub(crate) fn padded(text: &str, cells: usize, ellipsis: &str) -> String {
    let mut text = middle(text, cells, ellipsis);
    text.push_str(&" ".repeat(cells.saturating_sub(width(&text))));
    text
}

/// A text after spaces up to a width, or cut in its middle.
pub(crate) fn right(text: &str, cells: usize, ellipsis: &str) -> String {
    let text = middle(text, cells, ellipsis);
    format!("{}{text}", " ".repeat(cells.saturating_sub(width(&text))))
}

/// A text in lines: all of it is there, and joined it is the same again. It is broken behind a sign between words or a blank where one is near the
/// end of a line, else between any graphemes. A grapheme wider than a line stands alone.
pub(crate) fn whole(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let fits = head(rest, most.max(1));
        let fits = if fits.is_empty() { rest.graphemes(true).next().unwrap_or(rest) } else { fits };
        let line = if fits.len() < rest.len() { broken(fits) } else { fits };
        lines.push(line.to_owned());
        rest = rest.get(line.len()..).unwrap_or_default();
    }
    lines
}

/// The beginning of a full line up to where it is best broken; at least two thirds of it.
fn broken(line: &str) -> &str {
    // A dash before a flag belongs to it.
    let is_flag = |at: usize| line.get(..at).is_some_and(|before| before.ends_with(['-', ' '])) || at + 1 == line.len();
    let up_to = |at: usize| line.get(..=at).filter(|kept| kept.len() * 3 >= line.len() * 2);
    let parts = line.rfind(['/', '&', '?', ' ']).and_then(up_to);
    let words = || line.rmatch_indices(['-', '_']).find(|(at, _)| !is_flag(*at)).and_then(|(at, _)| up_to(at));
    parts.or_else(words).unwrap_or(line)
}

/// A text in lines, broken between words; a word wider than a line is broken [whole](whole()). Line ends in the text stay.
pub(crate) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut taken = 0;
        for word in paragraph.split_whitespace() {
            let needs = width(word);
            if taken > 0 && taken + 1 + needs <= most {
                line.push(' ');
                line.push_str(word);
                taken += 1 + needs;
                continue;
            }
            if taken > 0 {
                lines.push(std::mem::take(&mut line));
            }
            if needs <= most {
                line.push_str(word);
                taken = needs;
                continue;
            }
            let mut pieces = whole(word, most);
            line = pieces.pop().unwrap_or_default();
            taken = width(&line);
            lines.append(&mut pieces);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_keep_both_ends() {
        assert_eq!(middle("acme-production-data", 11, "…"), "acme-…-data");
        assert_eq!(middle("acme", 4, "…"), "acme");
        assert_eq!(middle("東京東京東京", 7, "…"), "東京…京");
        assert_eq!(cut("one two three", 9, "…"), "one two…");
        assert_eq!(padded("ab", 4, "…"), "ab  ");
        assert_eq!(right("ab", 4, "…"), "  ab");
    }

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrapped("to be or not", 6), ["to be", "or not"]);
        assert_eq!(wrapped("see https://example.org/x now", 10), ["see", "https://", "example.or", "g/x now"]);
        assert_eq!(wrapped("a\nb", 9), ["a", "b"]);
        assert_eq!(whole("東京都", 3), ["東", "京", "都"]);
        assert_eq!(whole("raw/{{TABLE}}/{{UUID}}", 18), ["raw/{{TABLE}}/", "{{UUID}}"]);
        assert_eq!(whole("s3://mylake", 9), ["s3://myla", "ke"], "too little would be left of the line");
    }

    proptest! {
        #[test]
        fn what_is_made_to_fit_fits(text in "\\PC{0,40}", most in 0_usize..30) {
            prop_assert!(width(&middle(&text, most, "…")) <= most);
            prop_assert!(width(&cut(&text, most, "..")) <= most);
            prop_assert_eq!(whole(&text, most).concat(), text);
        }
    }
}
