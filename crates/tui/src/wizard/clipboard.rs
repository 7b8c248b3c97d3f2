//! Text onto the clipboard of the terminal that a person looks at, wherever the program runs: OSC 52 (xterm's control sequences).
//! It is written only; nothing asks what the clipboard holds.

use std::{
    ffi::OsString,
    io::{self, Write},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The most bytes that are sent: terminals drop longer sequences without a word (xterm and tmux at about 75 KiB).
const MOST: usize = 50_000;

/// Asks the terminal to take a text onto its clipboard. Whether it did is not told by any terminal; what can be known is why it
/// will not: then the error says so.
///
/// # Errors
/// When the text is too long, the terminal is known not to have a clipboard, or it can't be written to.
pub fn copy(text: &str, variable: impl Fn(&str) -> Option<OsString>) -> io::Result<()> {
    let sequence = sequence(text, variable)?;
    let mut out = io::stdout().lock();
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

fn sequence(text: &str, variable: impl Fn(&str) -> Option<OsString>) -> io::Result<String> {
    if text.len() > MOST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is longer than terminals take"));
    }
    let term = variable("TERM").unwrap_or_default();
    if term == "linux" || term == "dumb" {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "this terminal has no clipboard"));
    }
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    // tmux takes the sequence itself with `set-clipboard on`; passed through, it also arrives with `external`, its default, where
    // `allow-passthrough` is on. Either way once: the same text twice does no harm. GNU screen passes on what is wrapped as DCS.
    Ok(if set("TMUX") {
        format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b"))
    } else if set("STY") {
        format!("\x1bP{plain}\x1b\\")
    } else {
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    }

    #[test]
    fn text_goes_out_as_osc_52_and_through_multiplexers() {
        assert_eq!(sequence("hi", with(&[])).unwrap(), "\x1b]52;c;aGk=\x07");
        let tmux = sequence("hi", with(&[("TMUX", "/tmp/tmux")])).unwrap();
        assert_eq!(tmux, "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
        assert_eq!(sequence("hi", with(&[("STY", "1.pts")])).unwrap(), "\x1bP\x1b]52;c;aGk=\x07\x1b\\");
    }

    #[test]
    fn what_can_not_work_is_said() {
        assert!(sequence("hi", with(&[("TERM", "linux")])).is_err());
        assert!(sequence(&"x".repeat(MOST + 1), with(&[])).is_err());
    }
}
