//! What is found, listed and told in sessions that need no terminal and no AWS.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use crate::{
    Account, CheckLine, Condition, Effect, Event, Found, Id, Identity, Outcome, Page, Preview, PreviewedTable, Remote,
    SignInAct, SignInEvent, SignInRequest, Ticket, Trouble, Value,
};

pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_770_000_000)
}

pub(crate) fn identity() -> Identity {
    Identity {
        account: "111122223333".into(),
        arn: "arn:aws:sts::111122223333:assumed-role/Writer/me".into(),
        expires: Some(noon() + Duration::from_secs(3600)),
        renews: true,
        warnings: vec![],
    }
}

/// An SSO session that is signed in.
pub(crate) fn session() -> Found {
    Found {
        title: "SSO session \"acme\"".into(),
        origin: "~/.aws/config:12".into(),
        condition: Condition::Good("signed in until 21:27".into()),
        why: "Short-lived keys.".into(),
        answers: vec![(Id::Auth, "sso".into()), (Id::SsoSession, "acme".into())],
        sign_in: None,
        session: None,
        rank: 10,
    }
}

pub(crate) fn account(number: usize) -> Account {
    Account {
        id: format!("{:012}", 111_122_220_000 + number),
        name: format!("acme-{number}"),
        email: format!("owner-{number}@acme.example"),
        roles: Remote::Idle,
    }
}

pub(crate) fn trouble(what: &str) -> Trouble {
    Trouble { code: 77, ..Trouble::usage(what) }
}

pub(crate) fn check_line(outcome: Outcome, answer: Option<(Id, Value)>) -> CheckLine {
    CheckLine { check: "test write".into(), outcome, detail: String::new(), next: None, statement: None, answer }
}

pub(crate) fn page(device: bool) -> Page {
    Page {
        device,
        url: "https://acme.awsapps.com/start/#/device?user_code=KQTM-VXRB".into(),
        code: device
            .then(|| crate::Code { page: "https://acme.awsapps.com/start/#/device".into(), code: "KQTM-VXRB".into() }),
        expires: noon() + Duration::from_secs(600),
    }
}

/// Environment keys.
pub(crate) fn environment_keys() -> Found {
    let answers = vec![(Id::Auth, "env".into())];
    Found { title: "Environment keys".into(), origin: "AWS_ACCESS_KEY_ID".into(), answers, rank: 20, ..session() }
}

/// A runner for which everything works.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    sign_in: Ticket,
    events: VecDeque<Event>,
    /// What was to be written.
    pub(crate) written: Option<String>,
}

impl Runner {
    /// The next event.
    pub(crate) fn next(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.carry_out_one(effect);
        }
    }

    fn carry_out_one(&mut self, effect: Effect) {
        let signed_in = |ticket| Event::SignIn(ticket, SignInEvent::Done("signed in".into()));
        match effect {
            Effect::Detect(ticket) => {
                let all = [session(), environment_keys()].map(|found| Event::Found(ticket, Box::new(found)));
                self.events.extend(all);
                self.events.push_back(Event::Detected(ticket));
            }
            Effect::SignIn(ticket, SignInRequest::Mfa { .. }) => self.sign_in = ticket,
            Effect::SignIn(ticket, _) => {
                self.events.extend([Event::SignIn(ticket, SignInEvent::Page(page(true))), signed_in(ticket)]);
            }
            Effect::Act(SignInAct::Code(_)) => self.events.push_back(signed_in(self.sign_in)),
            Effect::ListAccounts(ticket, _) => {
                let accounts = vec![account(1), Account { id: "111122223333".into(), ..account(2) }];
                self.events.extend([Event::Accounts(ticket, accounts), Event::Listed(ticket, Ok(()))]);
            }
            Effect::ListRoles(ticket, _, id) => {
                self.events.push_back(Event::Roles(ticket, id, Ok(vec!["Reader".into(), "Writer".into()])));
            }
            Effect::Identify(ticket, _) => self.events.push_back(Event::Identified(ticket, Ok(identity()))),
            Effect::Preview(ticket, _) => self.events.push_back(Event::Previewed(ticket, Ok(preview()))),
            Effect::Check(ticket, _) => {
                let ok = Event::Checked(ticket, check_line(Outcome::Ok, None));
                self.events.extend([ok, Event::CheckDone(ticket, true)]);
            }
            Effect::Write(ticket, writing) => {
                self.written = Some(writing.text);
                self.events.push_back(Event::Written(ticket, Ok("wrote lakeward.toml".into())));
            }
            _ => {}
        }
    }
}

/// One table.
pub(crate) fn preview() -> Preview {
    Preview { tables: vec![PreviewedTable { name: "orders".into(), ..PreviewedTable::default() }] }
}
