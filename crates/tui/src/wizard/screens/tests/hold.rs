//! What holds on every screen, at any size.

use std::time::{Duration, Instant};

use lakeward_wizard::{Answers, Event, Hint, Id, Key, Press, Remote, Screen, State, Trouble};
use proptest::prelude::*;
use ratatui::{
    buffer::{Buffer, Cell},
    crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyModifiers},
    layout::Rect,
    style::Color,
};
use unicode_width::UnicodeWidthStr as _;

use super::{FULL, PLAIN, dump, scenes, shown};
use crate::wizard::{
    capture, keys,
    look::Look,
    screens::{legend, paint},
};

fn scene(name: &str) -> &'static State {
    scenes::all().iter().find(|(scene, _)| *scene == name).map(|(_, state)| state).expect("the scene")
}

fn lines(state: &State, look: Look, columns: u16, rows: u16) -> Vec<String> {
    capture::text(state, &look, columns, rows).lines().map(str::to_owned).collect()
}

/// Draws a state into a part of a larger buffer and sees that nothing else of it is touched, that nothing steers a terminal, and that
/// no wide grapheme is cut in half.
#[track_caller]
fn paint_within(name: &str, state: &State, look: Look, columns: u16, rows: u16) {
    let all = Rect::new(0, 0, columns + 3, rows + 2);
    let area = Rect::new(2, 1, columns, rows);
    let mut buffer = Buffer::filled(all, Cell::new("#"));
    let cursor = paint(state, &look, &mut buffer, area).cursor;
    for at in all.positions() {
        let cell = &buffer[at];
        if !area.contains(at) {
            assert_eq!(cell, &Cell::new("#"), "{name} at {columns}x{rows} drew outside, at {at}");
            continue;
        }
        let symbol = cell.symbol();
        let steers = |c: char| {
            c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!symbol.chars().any(steers), "{name}: {symbol:?} at {at}");
        let wide = u16::try_from(symbol.width()).unwrap();
        assert!(at.x + wide <= area.right(), "{name} at {columns}x{rows}: {symbol:?} is cut at {at}");
        if !look.unicode {
            // What a narrow window did not fill is the buffer's own.
            assert!(symbol.is_ascii(), "{name}: {symbol:?} is not ASCII, at {at}");
        }
        if !look.colour {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name} has colours at {at}");
        }
    }
    if let Some(cursor) = cursor {
        assert!(area.contains(cursor), "{name} at {columns}x{rows}: the cursor is at {cursor}");
    }
}

#[test]
fn no_screen_draws_outside_a_window_of_any_size() {
    let sizes = [
        (0, 0),
        (0, 9),
        (9, 0),
        (1, 1),
        (2, 3),
        (20, 5),
        (59, 15),
        (59, 40),
        (60, 16),
        (61, 17),
        (79, 23),
        (80, 24),
        (300, 9),
        (200, 90),
    ];
    for (name, state) in scenes::all() {
        for (columns, rows) in sizes {
            paint_within(name, state, FULL, columns, rows);
        }
        paint_within(name, state, PLAIN, 80, 24);
        paint_within(name, state, PLAIN, 60, 16);
    }
    paint_within("a long run", &scenes::run_of(500), FULL, 80, 24);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_screen_draws_outside_a_window_of_random_size(
        at in any::<prop::sample::Index>(),
        columns in 0_u16..180,
        rows in 0_u16..60,
        unicode in any::<bool>(),
        colour in any::<bool>(),
    ) {
        let (name, state) = at.get(scenes::all());
        paint_within(name, state, Look { unicode, colour }, columns, rows);
    }
}

/// Whatever is foreign in a name: a sequence for the clipboard, colours, an override of the direction of text, line ends.
#[test]
fn foreign_names_do_not_reach_the_terminal_as_they_are() {
    let text = lines(scene("foreign names"), FULL, 120, 40).join("\n");
    assert!(text.contains("]52;c;ZXZpbA=="), "what is left of it is plain text: {text}");
    assert!(!text.contains(['\x1b', '\x07', '\u{9b}', '\u{202e}', '\u{2066}', '\r']));
}

/// The keys that a hint names.
fn pressed(hint: &Hint) -> Vec<Press> {
    let key = |key: Key| vec![key.into()];
    match hint.key {
        "Up/Down" => vec![Key::Up.into(), Key::Down.into()],
        "Left/Right" => vec![Key::Left.into(), Key::Right.into()],
        "1-9" => vec![Key::Char('1').into(), Key::Char('2').into()],
        "type" => key(Key::Char('a')),
        "Enter" => key(Key::Enter),
        "Esc" => key(Key::Esc),
        "Tab" => key(Key::Tab),
        "Ctrl-C" => vec![Press::ctrl('c')],
        "Ctrl-S" => vec![Press::ctrl('s')],
        "F1" => key(Key::F(1)),
        "F2" => key(Key::F(2)),
        "F3" => key(Key::F(3)),
        letter if letter.chars().count() == 1 => key(Key::Char(letter.chars().next().unwrap())),
        other => panic!("a key of which no test knows: {other}"),
    }
}

#[test]
fn every_key_of_the_legend_does_something() {
    for (name, state) in scenes::all() {
        let before = format!("{state:?}");
        for hint in legend::keys(state) {
            let acts = pressed(&hint).into_iter().any(|press| {
                let mut after = state.clone();
                let effects = after.step(Event::Key(press));
                // Enter says again what is wrong with a field.
                let is_refused = press.key == Key::Enter && state.form.fields.iter().any(|field| field.error.is_some());
                !effects.is_empty() || format!("{after:?}") != before || is_refused
            });
            assert!(acts, "{name}: {} {} does nothing", hint.key, hint.does);
        }
    }
}

#[test]
fn the_legend_says_how_to_get_back_and_help_at_every_width() {
    for (name, state) in scenes::all().iter().filter(|(_, state)| state.popup.is_none()) {
        let keys = legend::keys(state);
        let line = legend::line(&keys, 58);
        assert!(line.width() <= 58, "{name}: {line}");
        let help = keys.last().unwrap();
        assert!(line.ends_with(&format!("{} help", help.key)), "{name}: {line}");
        assert_eq!(line.contains("Esc "), keys.iter().any(|hint| hint.key == "Esc"), "{name}: {line}");
    }
}

/// What has to be typed, copied or compared elsewhere is there whole, if need be in several lines.
#[test]
fn codes_urls_arns_and_keys_are_whole() {
    let url = "https://d-9067a1b2c3.awsapps.com/start/#/device";
    let arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_LakewardIngest_0123456789abcdef/ada@acme.example";
    let cases: [(&str, &[&str]); 7] = [
        ("sign-in, code", &["KQTM-VXRB", url]),
        ("sign-in, code, slow", &["KQTM-VXRB", url]),
        ("sign-in, QR alone", &["KQTM-VXRB", url]),
        ("sign-in, browser", &["&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]),
        ("identity", &[arn]),
        (
            "destination, typed",
            &["s3://acme-lake-prod/raw/orders/2026-11-23/01935a1e-7c3b-7f00-8a2d-4e5f60718293.parquet"],
        ),
        ("review, check failed", &["arn:aws:kms:eu-west-1:111122223333:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d"]),
    ];
    for (name, wanted) in cases {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40)] {
            let lines = lines(scene(name), FULL, columns, rows);
            let joined: String = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            for wanted in wanted {
                assert!(joined.contains(wanted), "{name} at {columns}x{rows} lacks {wanted}:\n{}", lines.join("\n"));
            }
        }
    }
    for (columns, rows) in [(40, 8), (20, 5), (50, 15)] {
        let joined: String = lines(scene("sign-in, code"), FULL, columns, rows).concat();
        assert!(joined.contains("KQTM-VXRB") && joined.contains(url), "at {columns}x{rows}: {joined}");
    }
}

/// What a camera sees of a whole screen on a terminal with a theme: the brightness of each half of each cell.
fn photographed(buffer: &Buffer, text: u8, ground: u8) -> Vec<String> {
    const SCALE: usize = 4;
    let at = |place: usize| u16::try_from(place / SCALE).unwrap();
    let grey = |colour: Color, otherwise: u8| match colour {
        Color::Indexed(16) => 0,
        Color::Indexed(231) => 255,
        _ => otherwise,
    };
    let (width, height) = (usize::from(buffer.area.width) * SCALE, usize::from(buffer.area.height) * 2 * SCALE);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let cell = &buffer[(at(x), at(y) / 2)];
        let is_upper = at(y) % 2 == 0;
        // A letter is some of both; half of its cell stands for it.
        let inked = if cell.symbol() == "▀" { is_upper } else { cell.symbol() != " " && is_upper };
        if inked { grey(cell.fg, text) } else { grey(cell.bg, ground) }
    });
    image.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}

#[test]
fn a_camera_reads_the_qr_code_in_light_and_in_dark() {
    let url = "https://d-9067a1b2c3.awsapps.com/start/#/device?user_code=KQTM-VXRB";
    for (name, columns, rows) in [
        ("sign-in, code", 80, 24),
        ("sign-in, QR alone", 80, 24),
        ("sign-in, code", 120, 40),
        ("sign-in, QR alone", 120, 40),
    ] {
        let (buffer, _) = shown(scene(name), FULL, columns, rows);
        for (theme, text, ground) in [("light", 0, 255), ("dark", 255, 0), ("grey", 190, 60)] {
            assert_eq!(photographed(&buffer, text, ground), [url], "{name} at {columns}x{rows}, {theme}");
        }
    }
}

#[test]
fn lines_that_are_pasted_do_not_submit() {
    for (name, id) in [("destination", Id::Bucket), ("source", Id::Paths)] {
        let mut state = scene(name).clone();
        let pasted = "one\r\ntwo\x1b[31m\nthree\n";
        let typed = pasted.chars().map(|c| {
            let code = if matches!(c, '\r' | '\n') { KeyCode::Enter } else { KeyCode::Char(c) };
            Raw::Key(KeyEvent::new(code, KeyModifiers::NONE))
        });
        // As a terminal brackets it, and as a console types it all at once.
        for came in [vec![Raw::Paste(pasted.into())], typed.collect()] {
            for event in keys::events(came, true) {
                let _ = state.step(event);
            }
            assert_eq!(state.screen, scene(name).screen, "still there");
            let field = state.form.fields.iter().find(|field| field.id == id).unwrap();
            assert!(field.text.contains("one") && field.text.contains("three"), "{:?}", field.text);
            assert!(!field.text.contains(char::is_control), "{:?}", field.text);
        }
    }
}

#[test]
fn secrets_that_are_typed_are_not_shown() {
    for (name, typed) in [("MFA code", "1234"), ("sign-in, pasting", "code=secret")] {
        let (buffer, cursor) = shown(scene(name), FULL, 80, 24);
        let dump = dump(&buffer, cursor);
        assert!(!dump.contains(typed), "{dump}");
        assert!(cursor.is_some() && dump.contains('•'), "{dump}");
    }
}

/// What is wrong with a field does not keep one from going back, and what was typed is there again.
#[test]
fn going_back_with_a_wrong_field_keeps_what_was_typed() {
    let mut state = scene("destination, refused").clone();
    for (key, screen) in [(Key::Esc, Screen::Identity), (Key::Enter, Screen::Destination)] {
        let _ = state.step(Event::Key(key.into()));
        assert_eq!(state.screen, screen);
    }
    let text = lines(&state, FULL, 80, 24).join("\n");
    assert!(text.contains("Acme_Lake") && text.contains("raw/{{TABEL}}/{{UUID}}"), "{text}");
}

/// Presses a key as often as it changes what a window shows, which is drawn between.
fn pressed_until_still(state: &mut State, key: Key, columns: u16, rows: u16) -> usize {
    let mut shown = lines(state, FULL, columns, rows);
    for count in 0..200 {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let area = buffer.area;
        let _ = state.step(Event::Beyond(paint(state, &FULL, &mut buffer, area).beyond));
        let _ = state.step(Event::Key(key.into()));
        let now = lines(state, FULL, columns, rows);
        if now == shown {
            return count;
        }
        shown = now;
    }
    panic!("it scrolls without end");
}

#[test]
fn the_end_of_every_page_of_the_review_and_of_what_opens_comes_into_view_and_each_press_counts() {
    let ends = [
        ("review, config", "paths = [\"data/*.csv\"]"),
        ("review, changes", "paths = [\"orders/*.csv\"]"),
        ("review, policy", "  ]"),
        ("review, check failed", "clean-up"),
        ("review, check works", "clean-up"),
        ("help of a field", "Ctrl-Z"),
        ("trouble, long", "the end of it"),
    ];
    for (name, end) in ends {
        for (columns, rows) in [(60, 16), (80, 24), (120, 40)] {
            let mut state = scene(name).clone();
            // What was said goes with the first key.
            let _ = state.step(Event::Key(Key::Home.into()));
            let down = pressed_until_still(&mut state, Key::Down, columns, rows);
            let text = lines(&state, FULL, columns, rows).join("\n");
            assert!(text.contains(end), "{name} at {columns}x{rows}:\n{text}");
            // Pressing on at the end does not have to be undone.
            let _ = state.step(Event::Key(Key::Down.into()));
            assert_eq!(pressed_until_still(&mut state, Key::Up, columns, rows), down, "{name} at {columns}x{rows}");
        }
    }
}

/// The fields below do not move while one types in one, nor what is below a list while one moves in it.
#[test]
fn nothing_jumps_while_one_types_or_moves() {
    let place = |state: &State, label: &str| {
        lines(state, FULL, 80, 24).iter().position(|line| line.contains(label)).unwrap_or_else(|| panic!("no {label}"))
    };
    let mut state = scene("destination").clone();
    let before = place(&state, "Compression");
    let typed = "my-lake".chars().map(|c| Press::from(Key::Char(c)));
    for press in typed.chain([Press::from(Key::Tab); 4]) {
        let _ = state.step(Event::Key(press));
        assert_eq!(place(&state, "Compression "), before);
    }
    let mut state = scene("directory").clone();
    let before = place(&state, "Selected");
    for _ in 0..8 {
        let _ = state.step(Event::Key(Key::Down.into()));
        assert_eq!(place(&state, "Selected"), before);
    }
    let mut state = scene("run").clone();
    let before = place(&state, "The latest retry");
    for _ in 0..4 {
        let _ = state.step(Event::Key(Key::Down.into()));
        assert_eq!(place(&state, "The latest retry"), before);
    }
}

/// How long each key takes while someone types a filter over so many accounts, and the screen at the end.
fn typed_filter(accounts: usize) -> (Vec<Duration>, State) {
    let mut state = scenes::directory(accounts).state;
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
    let mut times = Vec::new();
    let words = ["prod", "ingest", "1111", "power", "sandbox platform"];
    let keys = words.iter().flat_map(|word| word.chars().map(Key::Char).chain([Key::Down, Key::PageDown, Key::Esc]));
    for key in keys.chain("prod powe".chars().map(Key::Char)) {
        let began = Instant::now();
        let _ = state.step(Event::Key(key.into()));
        terminal.draw(|frame| _ = crate::wizard::draw(&state, &FULL, frame)).unwrap();
        times.push(began.elapsed());
    }
    (times, state)
}

#[test]
fn a_thousand_accounts_are_filtered_while_one_types() {
    let (_, state) = typed_filter(1_000);
    assert_eq!(state.screen, Screen::Directory);
    assert_eq!((state.list.rows.len(), state.list.matching.len()), (3_000, 334));
    let lines = lines(&state, FULL, 80, 24);
    let rows: Vec<&String> =
        lines.iter().filter(|line| line.contains("PowerUserAccess") && line.contains("acme-")).collect();
    assert!(rows.len() > 8 && rows.iter().all(|line| line.contains("acme-prod")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("334 of 3,000 match")), "{lines:#?}");
}

/// A measurement, of which only a release build says something: `cargo test --release -p lakeward-tui frame`.
#[cfg(not(debug_assertions))]
#[test]
fn a_frame_with_a_thousand_accounts_is_quick() {
    const ROUNDS: usize = 41;
    let rounds: Vec<Vec<Duration>> = (0..ROUNDS).map(|_| typed_filter(1_000).0).collect();
    let mut all: Vec<Duration> = rounds.concat();
    all.sort();
    // The same key takes the same work in each round: its median leaves out what else the machine did meanwhile.
    let mut keys: Vec<Duration> = (0..rounds.first().map_or(0, Vec::len))
        .map(|key| {
            let mut times: Vec<Duration> = rounds.iter().filter_map(|round| round.get(key)).copied().collect();
            times.sort();
            times[ROUNDS / 2]
        })
        .collect();
    keys.sort();
    let at = |times: &[Duration], percent: usize| times[(times.len() - 1) * percent / 100];
    println!("a frame: median {:?}, p99 {:?} of {}", at(&all, 50), at(&all, 99), all.len());
    println!("a key's median: p99 {:?}, longest {:?} of {}", at(&keys, 99), at(&keys, 100), keys.len());
    assert!(at(&keys, 100) < Duration::from_millis(16));
}

#[test]
fn the_check_does_not_say_that_all_works_where_the_source_could_not_be_read() {
    let mut state = scene("review, check works").clone();
    let says = |state: &State, words: &str| lines(state, FULL, 80, 24).iter().any(|line| line.contains(words));
    assert!(says(&state, "All of it works."));
    state.facts.preview = Remote::Failed(Trouble::usage("row 3 does not fit"));
    assert!(!says(&state, "All of it works.") && says(&state, "row 3 does not fit"));
    state.facts.preview = Remote::Idle;
    assert!(!says(&state, "All of it works.") && says(&state, "The test write works."));
}

#[test]
fn credentials_that_nobody_was_there_to_judge_are_not_said_to_fail() {
    let mut state = scene("identity, refused").clone();
    let says = |state: &State, words: &str| lines(state, FULL, 80, 24).iter().any(|line| line.contains(words));
    assert!(says(&state, "These credentials do not work"));
    let unreached = Trouble { code: 69, ..Trouble::usage("sts.amazonaws.com can't be reached: connection refused") };
    state.facts.identity = Remote::Failed(unreached);
    assert!(says(&state, "AWS could not be reached") && !says(&state, "do not work"));
}

#[test]
fn a_program_that_is_asked_for_credentials_is_not_told_as_a_slow_network() {
    let mut state = scene("identity, asking").clone();
    let says = |state: &State, words: &str| lines(state, FULL, 120, 40).iter().any(|line| line.contains(words));
    let Remote::Asked(asked) = state.facts.identity else { panic!("it waits") };
    state.now = asked + Duration::from_secs(12);
    assert!(says(&state, "Waiting for STS") && says(&state, "a proxy or firewall"));
    let auth = state.answers.value(Id::Auth).expect("a method").clone();
    let program = state.facts.found.iter_mut().find(|found| !found.answers.is_empty()).expect("a way");
    program.answers = vec![(Id::Auth, auth)];
    program.condition = lakeward_wizard::Condition::Runs("corp-keys".to_owned());
    assert!(
        says(&state, "Waiting for corp-keys, then for STS … 12 s") && says(&state, "The program is ended after 60 s")
    );
    assert!(!says(&state, "a proxy or firewall"));
}

#[test]
fn nothing_is_offered_that_the_embedded_s3_has_not() {
    let mut state = scene("written").clone();
    let policy = |state: &State| lines(state, FULL, 80, 24).iter().any(|line| line.contains("lakeward policy"));
    assert!(policy(&state));
    state.answers = Answers::from_flags([(Id::Storage, vec!["embedded".to_owned()])]).expect("a flag");
    assert!(!policy(&state));
}

#[test]
fn nothing_is_under_found_but_what_was_found() {
    let mut state = scene("method").clone();
    state.facts.found.retain(|found| matches!(found.condition, lakeward_wizard::Condition::Absent(_)));
    state.show(Screen::Method);
    let lines = lines(&state, FULL, 80, 24);
    let at = lines.iter().position(|line| line.trim() == "Found").expect("the heading");
    assert!(lines[at + 1].contains("nothing on this machine"), "{lines:#?}");
}

#[test]
fn a_picture_shows_the_screen_with_its_styles() {
    let state = scene("review, check works");
    let svg = capture::svg(state, &FULL, 80, 24);
    assert_eq!(svg, capture::svg(state, &FULL, 80, 24));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains(">test</text>") && svg.contains(">raw/_lakeward_check,</text>"), "{svg}");
    assert!(svg.contains("fill=\"#8cc570\" font-weight=\"bold\">✓</text>"), "{svg}");
    let hostile = capture::svg(scene("foreign names"), &FULL, 80, 24);
    assert_eq!(hostile.matches('<').count(), hostile.matches('>').count(), "names are escaped");
    assert_eq!(svg.matches("<text ").count(), svg.matches("</text>").count());
}

#[test]
fn no_label_of_a_field_is_cut() {
    for question in lakeward_wizard::QUESTIONS {
        assert!(question.title.len() <= super::super::form::LABEL - 3, "{}", question.title);
    }
}

#[test]
fn the_key_for_more_fields_is_in_the_footer_of_a_narrow_window() {
    for name in ["details, SSO", "destination", "source", "source, command", "source, plugin"] {
        let shown = lines(scene(name), FULL, 60, 16);
        assert!(shown.last().is_some_and(|footer| footer.contains("F3 more")), "{name}: {shown:?}");
    }
}
