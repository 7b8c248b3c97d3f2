//! A screen as something to keep: text for a person to read, or a picture for a page. Both are of the state alone, so that the same
//! state gives the same bytes.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use lakeward_wizard::{Condition, Event, Found, Id, Place, Remote, Screen, State, Value};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr as _;

use super::{
    look::Look,
    screens::{known, paint},
};

/// A state to show to those who have not begun: the first screen, on a machine on which a few ways to sign in were found. The times in
/// it are made up, and always the same.
#[must_use]
pub fn example() -> State {
    let place = Place {
        config: "/home/ada/lake/lakeward.toml".into(),
        config_shown: "lakeward.toml".into(),
        situation: "an SSH session, no local browser".into(),
        device_first: true,
        ..Place::default()
    };
    let found = |title: &str, origin: &str, condition, why: &str, answers: &[(Id, &str)]| Found {
        title: title.into(),
        origin: origin.into(),
        condition,
        why: why.into(),
        answers: answers.iter().map(|(id, value)| (*id, Value::from(*value))).collect(),
        sign_in: None,
        session: None,
        rank: 0,
    };
    // 2026-01-15, 9:00 UTC.
    let mut state = State::new(place, SystemTime::UNIX_EPOCH + Duration::from_secs(1_768_467_600));
    state.facts.found = vec![
        found(
            "SSO session \"acme\"",
            "~/.aws/config:12",
            Condition::Good("signed in until 17:27".into()),
            "Short-lived keys that renew while the SSO session lives. For cron, choose the role of the machine instead.",
            &[(Id::Auth, "sso"), (Id::SsoSession, "acme")],
        ),
        found(
            "Profile \"analytics\"",
            "~/.aws/config:20",
            Condition::Needs("MFA code needed".into()),
            "",
            &[(Id::Auth, "profile"), (Id::Profile, "analytics")],
        ),
        found(
            "Environment keys",
            "AWS_ACCESS_KEY_ID",
            Condition::Good("valid, long-lived".into()),
            "",
            &[(Id::Auth, "env")],
        ),
        found("Role of this machine", "EC2, ECS, EKS", Condition::Absent("no answer in 1 s".into()), "", &[]),
    ];
    state.facts.detection = Remote::Got(());
    state.show(Screen::Method);
    state
}

/// The screen as lines of text, without what is empty at their ends.
#[must_use]
pub fn text(state: &State, look: &Look, columns: u16, rows: u16) -> String {
    let buffer = painted(state, look, columns, rows);
    let mut text = String::new();
    for row in buffer.area.rows() {
        let line: String = cells(&buffer, row).map(|(_, cell)| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The screen as a picture in SVG, with its styles, in a window of its own: it looks the same on a light and on a dark page.
#[must_use]
pub fn svg(state: &State, look: &Look, columns: u16, rows: u16) -> String {
    let buffer = painted(state, look, columns, rows);
    let (width, height) = (u32::from(columns) * CELL.0 + 2 * MARGIN, u32::from(rows) * CELL.1 + 2 * MARGIN);
    let mut svg = String::new();
    // A String takes everything.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"15\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{GROUND}\"/>"
    );
    for row in buffer.area.rows() {
        let top = MARGIN + u32::from(row.y) * CELL.1;
        for run in runs(&buffer, row) {
            let (x, wide) = (MARGIN + u32::from(run.x) * CELL.0, u32::from(run.cells) * CELL.0);
            if run.look.ground != GROUND {
                let (fill, tall) = (run.look.ground, CELL.1);
                let _ =
                    writeln!(svg, "<rect x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"{tall}\" fill=\"{fill}\"/>");
            }
            // Each word stands in its cells, whatever font a page has: glyphs of some are wider than those of others.
            let (fill, base) = (run.look.text, top + BASELINE);
            let bold = if run.look.bold { " font-weight=\"bold\"" } else { "" };
            let line = if run.look.underlined { " text-decoration=\"underline\"" } else { "" };
            for (before, word) in words(&run.text) {
                let (x, long) = (x + CELL.0 * before, CELL.0 * cells_of(word));
                let _ = writeln!(
                    svg,
                    "<text x=\"{x}\" y=\"{base}\" textLength=\"{long}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{bold}{line}>{}</text>",
                    escaped(word)
                );
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The width and the height of a cell, in pixels.
const CELL: (u32, u32) = (9, 19);
const MARGIN: u32 = 12;
/// Where letters stand in a cell.
const BASELINE: u32 = 14;
/// The colours of the window.
const GROUND: &str = "#16181d";
const TEXT: &str = "#d7dae0";

#[derive(Clone, Copy, PartialEq, Eq)]
struct Dress {
    text: &'static str,
    ground: &'static str,
    bold: bool,
    underlined: bool,
}

struct Run {
    x: u16,
    cells: u16,
    text: String,
    look: Dress,
}

/// The cells of a row in runs of one look.
fn runs(buffer: &Buffer, row: Rect) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (x, cell) in cells(buffer, row) {
        let (look, wide) = (dress(cell), u16::try_from(cell.symbol().width()).unwrap_or(1).max(1));
        match runs.last_mut().filter(|run| run.look == look) {
            Some(run) => {
                run.text.push_str(cell.symbol());
                run.cells += wide;
            }
            None => runs.push(Run { x, cells: wide, text: cell.symbol().to_owned(), look }),
        }
    }
    runs
}

/// The words of a text, with the cells before each.
fn words(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut before = 0;
    text.split(' ').filter_map(move |word| {
        let at = before;
        before += cells_of(word) + 1;
        (!word.is_empty()).then_some((at, word))
    })
}

fn cells_of(text: &str) -> u32 {
    u32::try_from(text.width()).unwrap_or_default()
}

fn dress(cell: &Cell) -> Dress {
    let (mut text, mut ground) = (colour(cell.fg, TEXT), colour(cell.bg, GROUND));
    if cell.modifier.contains(Modifier::REVERSED) {
        (text, ground) = (ground, text);
    }
    let has = |modifier| cell.modifier.contains(modifier);
    Dress { text, ground, bold: has(Modifier::BOLD), underlined: has(Modifier::UNDERLINED) }
}

/// The colours that the screens use, as a quiet theme shows them.
fn colour(colour: Color, otherwise: &'static str) -> &'static str {
    match colour {
        Color::Green => "#8cc570",
        Color::Yellow => "#e0b354",
        Color::Red => "#ec7278",
        Color::Cyan => "#5fb8c4",
        Color::Indexed(16) => "#000000",
        Color::Indexed(231) => "#ffffff",
        _ => otherwise,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn painted(state: &State, look: &Look, columns: u16, rows: u16) -> Buffer {
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    let beyond = paint(state, look, &mut buffer, area).beyond;
    if beyond != known(state) {
        let mut told = state.clone();
        let _ = told.step(Event::Beyond(beyond));
        buffer = Buffer::empty(area);
        let _ = paint(&told, look, &mut buffer, area);
    }
    buffer
}

/// The cells of a row, with the column of each. What a wide grapheme covers is no cell of its own.
pub(crate) fn cells(buffer: &Buffer, row: Rect) -> impl Iterator<Item = (u16, &Cell)> {
    let mut covered = 0;
    row.columns().filter_map(move |at| {
        let cell = buffer.cell((at.x, at.y))?;
        if at.x < covered {
            return None;
        }
        covered = at.x + u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
        Some((at.x, cell))
    })
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    #[test]
    fn the_committed_picture_is_fresh() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wizard.svg");
        let made = svg(&example(), &Look { unicode: true, colour: true }, 80, 24);
        if env::var_os("LAKEWARD_REWRITE_PICTURE").is_some() {
            fs::write(&file, &made).expect("it can be written");
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == made, "docs/wizard.svg is out of date; run `cargo xtask picture` and look at it");
    }
}
