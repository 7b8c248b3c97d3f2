//! What comes from the terminal, as events of the wizard.

use lakeward_wizard::{Event, Key, Press};
use ratatui::crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// So many characters at once are no typing: a console without bracketed paste (Windows) has pasted them.
const BURST: usize = 8;

/// What came at once, in the wizard's terms. With `bursts`, many characters at once are one paste, line ends and all, so that none of
/// them acts as a key. Elsewhere pastes come as such.
pub(crate) fn events(came: Vec<Raw>, bursts: bool) -> Vec<Event> {
    let mut events = Vec::new();
    let mut typed: Vec<Press> = Vec::new();
    for raw in came {
        match raw {
            Raw::Key(key) => typed.extend(press(key)),
            Raw::Paste(text) => {
                flush(&mut typed, bursts, &mut events);
                events.push(Event::Paste(text));
            }
            Raw::Resize(columns, rows) => {
                flush(&mut typed, bursts, &mut events);
                events.push(Event::Resize(columns, rows));
            }
            Raw::FocusGained | Raw::FocusLost | Raw::Mouse(_) => {}
        }
    }
    flush(&mut typed, bursts, &mut events);
    events
}

fn flush(typed: &mut Vec<Press>, bursts: bool, events: &mut Vec<Event>) {
    if bursts && typed.len() >= BURST {
        let text: Option<String> = typed.iter().map(|press| written(*press)).collect();
        if let Some(text) = text {
            typed.clear();
            return events.push(Event::Paste(text));
        }
    }
    events.extend(typed.drain(..).map(Event::Key));
}

/// The character that a key writes, if it writes one.
fn written(press: Press) -> Option<char> {
    match press.key {
        Key::Char(c) if !press.ctrl && !press.alt => Some(c),
        Key::Enter => Some('\n'),
        Key::Tab => Some('\t'),
        _ => None,
    }
}

/// A key that was pressed or repeats while held down. Windows also tells when one is let go: that is nothing.
fn press(event: KeyEvent) -> Option<Press> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Key::BackTab,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    // On Windows AltGr arrives as Control and Alt together with the character that it writes.
    let alt_gr = cfg!(windows) && held(KeyModifiers::CONTROL | KeyModifiers::ALT) && matches!(key, Key::Char(_));
    Some(Press {
        key,
        ctrl: held(KeyModifiers::CONTROL) && !alt_gr,
        alt: held(KeyModifiers::ALT) && !alt_gr,
        shift: held(KeyModifiers::SHIFT) && !matches!(key, Key::Char(_)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> Raw {
        Raw::Key(KeyEvent::new_with_kind(code, modifiers, kind))
    }

    fn typed(text: &str) -> Vec<Raw> {
        let code = |c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
        text.chars().map(|c| key(code(c), KeyModifiers::NONE, KeyEventKind::Press)).collect()
    }

    #[test]
    fn a_key_counts_once_where_its_release_is_told_too() {
        let came = vec![
            key(KeyCode::Char('a'), KeyModifiers::NONE, KeyEventKind::Press),
            key(KeyCode::Char('a'), KeyModifiers::NONE, KeyEventKind::Release),
            key(KeyCode::Char('a'), KeyModifiers::NONE, KeyEventKind::Repeat),
            key(KeyCode::Tab, KeyModifiers::SHIFT, KeyEventKind::Press),
            key(KeyCode::Char('c'), KeyModifiers::CONTROL, KeyEventKind::Press),
        ];
        let keys: Vec<Press> = events(came, true)
            .into_iter()
            .map(|event| match event {
                Event::Key(press) => press,
                other => panic!("{other:?}"),
            })
            .collect();
        let plain = |key| Press { key, ctrl: false, alt: false, shift: false };
        let a = plain(Key::Char('a'));
        let back = Press { shift: true, ..plain(Key::BackTab) };
        assert_eq!(keys, [a, a, back, Press { ctrl: true, ..plain(Key::Char('c')) }]);
    }

    #[test]
    fn a_burst_is_a_paste_only_where_pastes_do_not_come_as_such() {
        let text = "s3://lake\nnext";
        assert!(matches!(events(typed(text), true).as_slice(), [Event::Paste(pasted)] if pasted == text));
        assert_eq!(events(typed(text), false).len(), text.len(), "typed ahead, each is a key");
        assert_eq!(events(typed("short"), true).len(), 5);
        let mut held = typed(text);
        held.push(key(KeyCode::Up, KeyModifiers::NONE, KeyEventKind::Press));
        assert_eq!(events(held, true).len(), text.len() + 1, "a paste holds no arrows");
    }

    #[test]
    fn sizes_and_pastes_keep_their_place() {
        let mut came = typed("a");
        came.extend([Raw::Resize(0, 0), Raw::Paste("b\nc".into()), Raw::FocusLost]);
        let events = events(came, false);
        assert!(
            matches!(events.as_slice(), [Event::Key(_), Event::Resize(0, 0), Event::Paste(text)] if text == "b\nc")
        );
    }
}
