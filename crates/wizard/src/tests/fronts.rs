//! The same answers, given to every front, make the same config byte for byte.

use super::{fixtures::*, *};
use crate::{Event, Key, Need, Press, Question, Screen, Start, State, Way, plain::Plain, start};

fn begin() -> Start {
    Start { place: place(), ..Start::default() }
}

/// Whether an answer has to be given because no front would take it by itself.
fn is_said(question: &Question, answers: &Answers) -> bool {
    (question.need)(answers) != Need::NotAsked && answers.is_given(question.id)
}

/// The row that leads to a method: its place in the list.
fn method_row(state: &State, answers: &Answers) -> usize {
    let way = match answers.text(Id::Auth) {
        _ if answers.is(Id::Storage, "embedded") => Way::Embedded,
        Some("sso") if answers.value(Id::SsoSession).is_none() => Way::Sso,
        Some("role") => Way::Role,
        Some("profile") => Way::Profile,
        Some("compute") => Way::Compute,
        Some("chain") => Way::Chain,
        found => {
            let session = found == Some("sso");
            let title = if session { session_title() } else { environment_keys().title };
            let is_it = |row: &crate::Row| matches!(row, crate::Row::Found(at) if state.facts.found.get(*at).is_some_and(|found| found.title == title));
            return state.list.rows.iter().position(is_it).expect("it was found");
        }
    };
    state.list.rows.iter().position(|row| *row == crate::Row::Other(way)).expect("the way")
}

fn session_title() -> String {
    session().title
}

/// With the keys of the full screen.
fn by_keys(answers: &Answers) -> String {
    let (mut state, effects) = start(begin(), noon());
    let mut runner = Runner::default();
    runner.carry_out(effects);
    for _ in 0..40 {
        while let Some(event) = runner.next() {
            runner.carry_out(state.step(event));
        }
        if let Some(written) = runner.written {
            return written;
        }
        let mut press = |state: &mut State, key: Press| runner.carry_out(state.step(Event::Key(key)));
        let text = |text: &str| text.chars().map(|c| Press::from(Key::Char(c))).collect::<Vec<Press>>();
        match state.screen {
            Screen::Method => {
                let row = method_row(&state, answers);
                while state.list.focus != row {
                    let key = if state.list.focus < row { Key::Down } else { Key::Up };
                    press(&mut state, key.into());
                }
            }
            Screen::Details | Screen::Destination | Screen::Source => {
                let screen = state.screen;
                let asked = QUESTIONS.iter().filter(|question| question.screen == screen && is_said(question, answers));
                let asked: Vec<&Question> = asked.collect();
                if asked.iter().any(|question| question.rare) {
                    press(&mut state, Key::F(3).into());
                }
                for question in asked {
                    let typed = answers.value(question.id).expect("a value").typed();
                    for _ in 0..20 {
                        if state.focused_field().expect("a field").id != question.id {
                            press(&mut state, Key::Tab.into());
                        }
                    }
                    assert_eq!(state.focused_field().expect("a field").id, question.id);
                    if question.choices().is_empty() {
                        press(&mut state, Press::ctrl('u'));
                        text(&typed).into_iter().for_each(|key| press(&mut state, key));
                    } else {
                        for _ in question.choices() {
                            if state.focused_field().expect("a field").text != typed {
                                press(&mut state, Key::Right.into());
                            }
                        }
                    }
                }
            }
            Screen::Directory => {
                let words = [Id::SsoAccountId, Id::SsoRoleName].map(|id| answers.text(id).expect("an answer"));
                text(&words.join(" ")).into_iter().for_each(|key| press(&mut state, key));
            }
            Screen::Mfa => text("123456").into_iter().for_each(|key| press(&mut state, key)),
            Screen::Identity | Screen::Preview | Screen::Review => {}
            screen => panic!("{screen:?}"),
        }
        press(&mut state, Key::Enter.into());
    }
    panic!("nothing was written: {:?} {:?}", state.screen, state.form)
}

/// With lines of the plain mode, which are told only what is printed.
fn by_lines(answers: &Answers) -> String {
    let (state, effects) = start(begin(), noon());
    let (mut plain, turn) = Plain::new(state, effects);
    let mut runner = Runner::default();
    let mut printed = turn.lines;
    runner.carry_out(turn.effects);
    for _ in 0..80 {
        while let Some(event) = runner.next() {
            let turn = plain.step(event);
            printed.extend(turn.lines);
            runner.carry_out(turn.effects);
        }
        if let Some(written) = runner.written {
            return written;
        }
        assert!(plain.wants_line(), "{printed:#?}");
        let asked = printed.iter().rev().find_map(|line| {
            let title = line.split_once(": ").filter(|(number, _)| number.contains("uestion"))?.1;
            QUESTIONS.iter().find(|question| question.title == title)
        });
        let line = match (plain.state.screen, asked) {
            (Screen::Method, _) => (method_row(&plain.state, answers) + 1).to_string(),
            (Screen::Directory, _) if plain.state.list.filter.is_empty() => {
                [Id::SsoAccountId, Id::SsoRoleName].map(|id| answers.text(id).expect("an answer")).join(" ")
            }
            (Screen::Directory, _) => "1".to_owned(),
            (Screen::Mfa, _) => "123456".to_owned(),
            (Screen::Details | Screen::Destination | Screen::Source, Some(question)) => {
                let is_rare_said =
                    |other: &&Question| other.screen == question.screen && other.rare && is_said(other, answers);
                let is_open = !plain.state.form.more && QUESTIONS.iter().any(|other| is_rare_said(&other));
                let number = |value: &str| question.choices().iter().position(|choice| choice.value == value);
                match answers.value(question.id).filter(|_| answers.is_given(question.id)) {
                    _ if is_open => "+".to_owned(),
                    Some(value) => number(&value.typed()).map_or_else(|| value.typed(), |at| (at + 1).to_string()),
                    None => String::new(),
                }
            }
            _ => String::new(),
        };
        printed.clear();
        let turn = plain.read(&line);
        printed.extend(turn.lines);
        runner.carry_out(turn.effects);
    }
    panic!("nothing was written: {:?} {:?}", plain.state.screen, plain.state.form)
}

#[test]
fn full_screen_plain_mode_flags_and_answers_file_give_the_same_toml() {
    for given in whole() {
        // The plain mode knows a question's kind from the other answers, as people do.
        let mut answers = given.clone();
        answers.fill(&facts());
        for id in [Id::Auth, Id::Storage, Id::Source] {
            if let Some(value) = answers.value(id).cloned() {
                answers.give(id, value, From::Typed);
            }
        }
        let by_flags = crate::headless(place(), &given).expect("a config").1.text;
        assert_eq!(by_keys(&answers), by_flags);
        assert_eq!(by_lines(&answers), by_flags);
        let mut file = toml::Table::new();
        for (id, answer) in given.iter() {
            let value = match &answer.value {
                Value::Text(text) => text.clone().into(),
                Value::List(parts) => parts.clone().into(),
            };
            file.insert(id.question().flag.to_owned(), value);
        }
        let by_file = Answers::from_answers_file(&file.to_string()).expect("an answers file");
        assert_eq!(crate::headless(place(), &by_file).expect("a config").1.text, by_flags);
    }
}
