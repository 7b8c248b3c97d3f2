//! Every screen, looked at: against snapshots, and for what must hold at any size.

mod session;
mod facts;
mod scenes;
mod hold;

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::PathBuf};

use lakeward_wizard::{Event, State, record};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

use super::{draw, known};
use crate::wizard::{capture, look::Look};

const FULL: Look = Look { unicode: true, colour: true };
const PLAIN: Look = Look { unicode: false, colour: false };

/// What a terminal of a size shows of a state, and where its cursor is.
fn shown(state: &State, look: Look, columns: u16, rows: u16) -> (Buffer, Option<(u16, u16)>) {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut state = state.clone();
    state.size = (columns, rows);
    let mut beyond = 0;
    terminal.draw(|frame| beyond = draw(&state, &look, frame)).unwrap();
    if beyond != known(&state) {
        let _ = state.step(Event::Beyond(beyond));
        terminal.draw(|frame| _ = draw(&state, &look, frame)).unwrap();
    }
    let is_shown = terminal.backend().cursor_visible();
    let cursor = terminal.backend().cursor_position();
    (terminal.backend().buffer().clone(), is_shown.then_some((cursor.x, cursor.y)))
}

/// The text of a screen, then where it is anything but plain, row by row.
fn dump(buffer: &Buffer, cursor: Option<(u16, u16)>) -> String {
    let mut dump = String::new();
    let mut styles = String::new();
    for row in buffer.area.rows() {
        let mut line = String::new();
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for (x, cell) in capture::cells(buffer, row) {
            line.push_str(cell.symbol());
            let style = style(cell);
            match runs.last_mut().filter(|(_, end, last)| *end == x && *last == style) {
                Some((_, end, _)) => *end = x + 1,
                None => runs.push((x, x + 1, style)),
            }
        }
        let _ = writeln!(dump, "|{}", line.trim_end());
        let runs: Vec<String> = runs
            .into_iter()
            .filter(|(.., style)| !style.is_empty())
            .map(|(from, end, style)| format!("{from}-{end} {style}"))
            .collect();
        if !runs.is_empty() {
            let _ = writeln!(styles, "  {}: {}", row.y, runs.join(", "));
        }
    }
    if let Some((x, y)) = cursor {
        let _ = writeln!(styles, "  cursor: {x}, {y}");
    }
    dump + &styles
}

fn style(cell: &Cell) -> String {
    if matches!(cell.bg, Color::Indexed(_)) {
        // Of the QR code: whether it can be read is tested apart.
        return "picture".to_owned();
    }
    let mut words = Vec::new();
    for (modifier, word) in
        [(Modifier::REVERSED, "reverse"), (Modifier::BOLD, "bold"), (Modifier::UNDERLINED, "underlined")]
    {
        if cell.modifier.contains(modifier) {
            words.push(word.to_owned());
        }
    }
    let others = cell.modifier - (Modifier::REVERSED | Modifier::BOLD | Modifier::UNDERLINED);
    assert!(others.is_empty(), "no dim, no blinking: {others:?}");
    for (colour, ground) in [(cell.fg, ""), (cell.bg, "on ")] {
        if colour != Color::Reset {
            words.push(format!("{ground}{colour:?}").to_lowercase());
        }
    }
    words.join(" ")
}

/// Compares with the file of that name; with `LAKEWARD_REWRITE_SCREENS` set, writes it.
fn compare(name: &str, now: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/wizard/screens/snapshots").join(name);
    if env::var_os("LAKEWARD_REWRITE_SCREENS").is_some() {
        fs::write(&file, now).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let scenes = |text: &str| -> BTreeMap<String, String> {
        let split = text.split("\n=== ").map(|scene| scene.split_once('\n').unwrap_or((scene, "")));
        split.map(|(name, screen)| (name.to_owned(), screen.trim_end().to_owned())).collect()
    };
    let (kept, now) = (scenes(&kept), scenes(now));
    for (scene, screen) in &now {
        let kept = kept.get(scene).map_or("(there is none)", String::as_str);
        assert!(
            kept == screen,
            "{name}, \"{scene}\" is another than in the snapshot; look at it, and where it is right, set LAKEWARD_REWRITE_SCREENS=1\n\
             kept:\n{kept}\nnow:\n{screen}"
        );
    }
    assert_eq!(kept.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>(), "{name} holds other scenes");
}

fn snapshot(name: &str, look: Look, columns: u16, rows: u16) {
    let mut all = String::new();
    for (scene, state) in scenes::all() {
        let (buffer, cursor) = shown(state, look, columns, rows);
        let _ = write!(all, "\n=== {scene}\n{}", dump(&buffer, cursor));
    }
    compare(name, &all);
}

/// Sessions of `lakeward init --record`, each a file `sessions/NAME.jsonl`: the screen at which it ended, in its own size.
#[test]
fn recorded_sessions_end_at_the_same_screens() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/wizard/screens/sessions");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = String::new();
    for file in files {
        let (name, session) = (file.file_stem().unwrap().display(), fs::read_to_string(&file).unwrap());
        let state = record::play(&session).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let (buffer, cursor) = shown(&state, FULL, state.size.0, state.size.1);
        let _ = write!(all, "\n=== {name}\n{}", dump(&buffer, cursor));
    }
    compare("sessions.txt", &all);
}

#[test]
fn every_scene_at_80_by_24() {
    snapshot("80x24.txt", FULL, 80, 24);
}

#[test]
fn every_scene_at_120_by_40() {
    snapshot("120x40.txt", FULL, 120, 40);
}

#[test]
fn every_scene_at_60_by_16() {
    snapshot("60x16.txt", FULL, 60, 16);
}

#[test]
fn every_scene_at_60_by_16_in_a_c_locale_without_colours() {
    snapshot("60x16-plain.txt", PLAIN, 60, 16);
}

#[test]
fn every_scene_in_a_window_that_is_too_small() {
    snapshot("32x8.txt", FULL, 32, 8);
}
