//! Whatever comes, in whatever order: nothing panics, the focus is on something, and going back loses nothing.

use proptest::{collection::vec, prelude::*, sample::select};
use unicode_segmentation::UnicodeSegmentation as _;

use super::*;
use crate::{Intent, QUESTIONS};

fn key() -> impl Strategy<Value = Event> {
    let named = select(vec![
        Key::Enter,
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Backspace,
        Key::Delete,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
        Key::F(1),
        Key::F(2),
        Key::F(3),
    ]);
    let letter = select("cmnopqrudegyt?159 aé🇩🇪\u{301}\u{202e}/'{".chars().collect::<Vec<_>>());
    prop_oneof![
        8 => named.prop_map(Event::from),
        6 => letter.clone().prop_map(|c| Event::from(Key::Char(c))),
        2 => letter.prop_map(|c| Event::Key(Press { ctrl: c != 'c', ..Key::Char(c).into() })),
    ]
}

/// An event as a runner would send it, for whatever was asked for last or earlier.
#[derive(Clone, Debug)]
enum Step {
    Event(Event),
    Answer(usize, bool),
    /// [`SECRET`], where nothing shows what is typed.
    Secret,
}

/// Nobody may see it.
const SECRET: &str = "s3cr3t-c0de";

fn step() -> impl Strategy<Value = Step> {
    let text =
        prop_oneof!["[ -~]{0,12}", "\\PC{0,12}", Just("my-lake".to_owned()), Just("x.csv".to_owned()), "[0-9]{6}"];
    let id = select(QUESTIONS.iter().map(|question| question.id).collect::<Vec<_>>());
    let intent = prop_oneof![
        Just(Intent::Next),
        Just(Intent::Back),
        (0_usize..12).prop_map(Intent::Pick),
        (id, text.clone()).prop_map(|(id, text)| Intent::Fill(id, text)),
        text.clone().prop_map(Intent::Filter),
        text.clone().prop_map(|text| Intent::Hidden(text.as_str().into())),
    ];
    prop_oneof![
        20 => key().prop_map(Step::Event),
        3 => text.clone().prop_map(|text| Step::Event(Event::Paste(text))),
        4 => intent.prop_map(|intent| Step::Event(Event::Intent(intent))),
        1 => (50_u16..200, 14_u16..80).prop_map(|(columns, rows)| Step::Event(Event::Resize(columns, rows))),
        1 => (0_usize..50).prop_map(|lines| Step::Event(Event::Beyond(lines))),
        2 => (0_u64..4000).prop_map(|seconds| Step::Event(Event::Tick(noon() + Duration::from_secs(seconds)))),
        1 => text.prop_map(|text| Step::Event(Event::Note(text))),
        12 => (0_usize..4, any::<bool>()).prop_map(|(which, good)| Step::Answer(which, good)),
        3 => Just(Step::Secret),
    ]
}

/// Where a session begins, so that what comes late is reached too.
#[derive(Clone, Copy, Debug)]
enum Beginning {
    Nothing,
    Config,
    Device,
    Browser,
    Mfa,
    Destination,
    Review,
}

impl Beginning {
    const ALL: &[Self] =
        &[Self::Nothing, Self::Config, Self::Device, Self::Browser, Self::Mfa, Self::Destination, Self::Review];

    fn session(self) -> (Start, Session) {
        let toml =
            || crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
        let existing = matches!(self, Self::Config).then(toml);
        let begin = Start { place: crate::Place { existing, ..place() }, ..Start::default() };
        let mut session = Session::with(begin.clone());
        let needs = |request| {
            let condition = Condition::Needs("expired 2 h ago".into());
            let session = crate::SsoSession {
                name: "acme".into(),
                start_url: "https://acme.awsapps.com/start".into(),
                region: "eu-central-1".into(),
            };
            vec![Found { condition, sign_in: Some(request), session: Some(session), ..self::session() }]
        };
        let sso = SignInRequest::Sso { session: Some("acme".into()), start_url: None, region: None };
        match self {
            Self::Nothing | Self::Config => {}
            Self::Device | Self::Browser => {
                session.detect(needs(sso)).enter();
                let page = SignInEvent::Page(page(matches!(self, Self::Device)));
                session.event(Event::SignIn(session.sign_in_ticket(), page));
            }
            Self::Mfa => {
                let serial = "arn:aws:iam::111122223333:mfa/me".to_owned();
                session.detect(needs(SignInRequest::Mfa { profile: Some("p".into()), serial })).enter();
            }
            Self::Destination => _ = session.lead_to_destination().text("my-lake"),
            Self::Review => _ = session.lead_to_review(),
        }
        (begin, session)
    }
}

/// What a runner answers to an effect.
fn answers(effect: &Effect, good: bool) -> Vec<Event> {
    fn result<T>(good: bool, value: T) -> Result<T, Trouble> {
        if good { Ok(value) } else { Err(trouble("no")) }
    }
    let roles = vec!["Writer".to_owned(), "Reader".to_owned()];
    match effect {
        Effect::Detect(ticket) => vec![Event::Found(*ticket, Box::new(session())), Event::Detected(*ticket)],
        Effect::SignIn(ticket, _) if good => vec![
            Event::SignIn(*ticket, SignInEvent::Page(page(true))),
            Event::SignIn(*ticket, SignInEvent::Done("in".into())),
        ],
        Effect::SignIn(ticket, _) => vec![
            Event::SignIn(*ticket, SignInEvent::Page(page(false))),
            Event::SignIn(*ticket, SignInEvent::Failed(trouble("denied"))),
        ],
        Effect::ListAccounts(ticket, _) => {
            vec![Event::Accounts(*ticket, vec![account(1), account(2)]), Event::Listed(*ticket, result(good, ()))]
        }
        Effect::ListRoles(ticket, _, account) => vec![Event::Roles(*ticket, account.clone(), result(good, roles))],
        Effect::Identify(ticket, _) => vec![Event::Identified(*ticket, result(good, identity()))],
        Effect::Preview(ticket, _) => {
            let table = PreviewedTable { name: "orders".into(), ..PreviewedTable::default() };
            vec![Event::Previewed(*ticket, result(good, Preview { tables: vec![table] }))]
        }
        Effect::Check(ticket, _) => {
            let outcome = if good { Outcome::Ok } else { Outcome::Failed };
            let region = Some((Id::Region, "eu-west-1".into()));
            vec![Event::Checked(*ticket, check_line(outcome, region)), Event::CheckDone(*ticket, good)]
        }
        Effect::Write(ticket, _) if good => vec![Event::Written(*ticket, Ok("wrote it".into()))],
        Effect::Write(ticket, _) => {
            let theirs = "version = 1\n[destination]\nbucket = \"theirs\"\n".to_owned();
            vec![Event::Changed(*ticket, Some(theirs)), Event::Written(*ticket, Err(trouble("it has changed")))]
        }
        Effect::Run(ticket, _) => vec![Event::RunEnded(*ticket, result(good, "all landed".into()))],
        _ => vec![],
    }
}

fn check_state(state: &State) -> Result<(), TestCaseError> {
    let form = &state.form;
    prop_assert!(form.fields.is_empty() || form.focus < form.fields.len());
    for field in &form.fields {
        prop_assert!(field.cursor <= field.text.graphemes(true).count(), "{:?}", field);
        prop_assert!(field.text.len() <= 4096 && !field.text.chars().any(char::is_control));
    }
    let list = &state.list;
    prop_assert!(list.matching.is_empty() && list.focus == 0 || list.focus < list.matching.len());
    prop_assert!(list.matching.iter().all(|row| *row < list.rows.len()));
    prop_assert_eq!(list.rows.len(), list.texts.len());
    prop_assert!(state.trail.len() <= Screen::ALL.len(), "{:?}", state.trail);
    prop_assert!(state.sign_in.notes.len() <= 5 && state.run.log.len() <= 100);
    prop_assert!(state.exit.is_some() || !state.hints().is_empty());
    prop_assert!(
        state.popup.is_some()
            || state.screen != Screen::Mfa
            || state.hidden.is_some()
            || state.trouble().is_some()
            || state.sign_in.request.is_none()
    );
    _ = (
        state.key_preview(),
        state.command(),
        state.awaited(),
        state.offered(),
        state.review_text(),
        state.takes_text(),
    );
    let shown = state.notice.iter().chain(state.form.fields.iter().flat_map(|field| [&field.text]));
    prop_assert!(shown.chain([&state.list.filter, &state.command()]).all(|text| !text.contains(SECRET)));
    Ok(())
}

/// What people said, and of fields what stands in them.
fn said(state: &State) -> Vec<(Id, Value)> {
    let answers = state.typed_answers();
    answers
        .iter()
        .filter(|(_, answer)| answer.from <= crate::From::Draft)
        .map(|(id, answer)| (id, answer.value.clone()))
        .collect()
}

/// Another session that goes on with what is kept of this one has the same answers, and the same to look at again.
fn resumes_as_left(state: &State) -> Result<(), TestCaseError> {
    let Ok(Some(draft)) = Draft::read(&state.draft_text()) else { return Ok(()) };
    if state.screen == Screen::Welcome {
        return Ok(());
    }
    let place = state.facts.place.clone();
    let mut again = Session::with(Start { place, draft: Some(draft.clone()), ..Start::default() });
    let at = again.state.list.rows.iter().position(|row| *row == Row::Welcome(Welcome::Edit));
    if let Some(at) = at {
        again.event(Event::Intent(Intent::Pick(at)));
    }
    // What says nothing new is not asked about.
    if again.state.popup == Some(crate::Popup::Resume) {
        again.enter();
        let left = |id: Id, state: &State| state.answers.get(id).map(|answer| (answer.value.clone(), answer.stale));
        for (id, _) in draft.answers.iter() {
            prop_assert_eq!(left(id, &again.state), left(id, state), "{:?}", id);
        }
        let in_doubt = |state: &State| {
            let stale = state.answers.iter().filter(|(_, answer)| answer.stale && answer.from >= crate::From::Config);
            stale.map(|(id, answer)| (id, answer.value.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(in_doubt(&again.state), in_doubt(state));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
    ) })]

    #[test]
    fn whatever_comes_nothing_panics_back_loses_nothing_and_no_secret_shows(from in select(Beginning::ALL), steps in vec(step(), 1..80)) {
        let (begin, mut session) = from.session();
        let mut has_masked = false;
        for step in steps {
            let before = said(&session.state);
            // Nothing that happens by itself takes an answer away.
            let is_outside = matches!(
                step,
                Step::Answer(..) | Step::Event(Event::Resize(..) | Event::Beyond(_) | Event::Tick(_) | Event::Note(_))
            );
            let is_back = match &step {
                Step::Event(Event::Intent(Intent::Back)) => session.state.popup.is_none(),
                Step::Event(Event::Key(Press { key: Key::Esc, .. })) => session.state.popup.is_none(),
                _ => false,
            };
            let events = match step {
                Step::Event(event) => vec![event],
                Step::Answer(which, good) => {
                    let asked = session.effects.iter().rev().filter(|effect| !answers(effect, good).is_empty()).nth(which);
                    asked.map(|effect| answers(effect, good)).unwrap_or_default()
                }
                Step::Secret if session.state.hidden.is_some() => vec![Event::Paste(SECRET.into())],
                Step::Secret => vec![Event::Intent(Intent::Hidden(SECRET.into()))],
            };
            for event in events {
                session.event(event);
            }
            check_state(&session.state)?;
            let State { answers, form, .. } = &session.state;
            has_masked |= answers.is_given(Id::Spec) || form.fields.iter().any(|field| field.id == Id::Spec && !field.text.is_empty());
            if is_back && session.state.screen == Screen::Welcome {
                // The menu shows what the file says; an edit of it is the draft.
                let draft = session.state.draft.as_ref().map(|draft| &draft.answers);
                let is_kept = |(id, value): &(Id, Value)| {
                    let there = [draft, Some(&session.state.answers)].into_iter().flatten();
                    there.filter_map(|answers| answers.get(*id)).any(|answer| answer.value == *value)
                };
                let says = |(id, value): &&(Id, Value)| *id != Id::Spec && (draft.is_some() || !value.is_blank());
                let lost = before.iter().filter(says).find(|answer| !is_kept(answer));
                prop_assert!(lost.is_none(), "{lost:?}: {draft:?}");
            } else if is_back {
                prop_assert_eq!(said(&session.state), before);
            } else if is_outside {
                // A lone account and its role are the person's answer.
                let is_kept = |(id, _): &&(Id, Value)| !matches!(id, Id::SsoAccountId | Id::SsoRoleName);
                let after = said(&session.state);
                prop_assert!(before.iter().filter(is_kept).all(|answer| after.contains(answer)), "{:?} {:?}", before, after);
            }
            if session.state.exit.is_some() {
                break;
            }
        }
        resumes_as_left(&session.state)?;
        let all = format!("{:?}{:?}{}", session.state, session.effects, session.lines);
        prop_assert!(!all.contains(SECRET));
        let again = crate::record::replay(begin, noon(), &session.lines).expect("the lines are events");
        // What is typed into a plugin's spec is recorded masked, and comes back so.
        if !has_masked {
            prop_assert_eq!(format!("{:?}", again), format!("{:?}", session.state));
        }
    }
}
