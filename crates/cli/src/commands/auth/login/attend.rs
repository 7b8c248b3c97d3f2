//! The person at the terminal while a sign-in goes on: what it shows is printed on standard error, what they type is passed on.

use std::{
    io::{self, BufRead, IsTerminal},
    pin::pin,
    thread,
    time::SystemTime,
};

use lakeward_auth::sign_in::{Act, Flow, Page, Person, Progress};
use lakeward_core::failure::{Failure, FailureKind};
use secrecy::ExposeSecret;
use tokio::sync::mpsc;

use super::super::until;
use crate::{browser, console::Console, signals::Interruption};

/// What may be done at the terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offers {
    /// Whether a browser is opened, too.
    pub(super) browser: bool,
    /// Whether there is another flow to change to.
    pub(super) switch: bool,
}

/// Whether somebody can answer: without a terminal nobody is asked anything.
pub(super) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Carries out a sign-in that a person attends, if one does.
///
/// # Errors
/// Those of the sign-in; [`FailureKind::Interrupted`] when a signal ends it.
pub(super) async fn attend<T, S: Future<Output = Result<T, Failure>>>(
    sign_in: impl FnOnce(Person) -> S,
    offers: Offers,
    console: Console,
) -> Result<T, Failure> {
    let mut interruption = Interruption::listen(lakeward_source::Commands::default());
    let (person, mut attendant) = Person::line();
    let mut sign_in = pin!(sign_in(person));
    let mut lines = if is_attended() { Some(lines()) } else { None };
    // Without anybody who could do something the sign-in knows that it is alone.
    let mut acts = lines.is_some().then_some(attendant.acts);
    let mut page: Option<Page> = None;
    loop {
        let line = async {
            match &mut lines {
                Some(lines) => lines.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = interruption.asked() => {
                return Err(Failure::new(FailureKind::Interrupted, "interrupted before anybody had signed in"));
            }
            Some(progress) = attendant.shown.recv() => match progress {
                Progress::Open(opened) => {
                    show(&opened, acts.is_some(), offers, console);
                    if offers.browser {
                        open(&opened, console);
                    }
                    page = Some(opened);
                }
                Progress::Waiting => {}
                Progress::Expired(Flow::Device) => {
                    console.note("The code has expired. Ask for a new one, or change to a browser.\n");
                }
                Progress::Expired(Flow::Browser) => {
                    console.note("The page has expired. Ask for a new one, or change to a code.\n");
                }
                Progress::Note(note) => console.note(&format!("{note}\n")),
            },
            result = &mut sign_in => {
                // What it showed last, together with its end.
                while let Ok(progress) = attendant.shown.try_recv() {
                    if let Progress::Note(note) = progress {
                        console.note(&format!("{note}\n"));
                    }
                }
                return result;
            }
            line = line => match line {
                None => (lines, acts) = (None, None),
                Some(line) => {
                    let act = match (line.trim(), &page) {
                        ("", _) => continue,
                        ("o", Some(page)) => {
                            open(page, console);
                            continue;
                        }
                        ("m", Some(page)) if offers.switch => Act::Switch(other(page.flow)),
                        ("n", _) => Act::Renew,
                        (text, _) => Act::Paste(text.into()),
                    };
                    if let Some(acts) = &acts {
                        // A sign-in that has ended needs nothing any more.
                        let _ = acts.send(act).await;
                    }
                }
            },
        }
    }
}

fn other(flow: Flow) -> Flow {
    match flow {
        Flow::Browser => Flow::Device,
        Flow::Device => Flow::Browser,
    }
}

/// Prints a page: always its URL and code, so that any browser anywhere will do.
fn show(page: &Page, attended: bool, offers: Offers, console: Console) {
    let url = page.url.expose_secret();
    let mut text = match page.flow {
        Flow::Browser => format!("Sign in with a browser on this machine:\n\n  {url}\n\n"),
        Flow::Device => format!("Sign in with a browser on any machine:\n\n  {url}\n\n"),
    };
    if let Some(code) = &page.code {
        let code_text = code.text.expose_secret();
        text.push_str(&format!(
            "The code there must be {code_text}; approve no other. It can be typed at {} as well.\n",
            code.url
        ));
    }
    text.push_str(&format!("This can be used until {}.\n", until(page.expires, SystemTime::now())));
    if attended {
        let mut keys = vec!["o opens a browser"];
        if offers.switch {
            keys.push(match page.flow {
                Flow::Browser => "m changes to a code for any machine",
                Flow::Device => "m changes to a browser on this machine",
            });
        }
        keys.push("n makes a new page");
        if page.flow == Flow::Browser {
            keys.push("or paste the URL that the browser was sent to in the end");
        } else if page.code.is_none() {
            keys.push("or paste the code that the page shows in the end");
        }
        text.push_str(&format!("With Enter: {}. Ctrl-C gives up.\n", keys.join(", ")));
    }
    console.note(&text);
}

fn open(page: &Page, console: Console) {
    if let Err(error) = browser::open(page.url.expose_secret()) {
        console.note(&format!("No browser could be opened ({error}): open the URL yourself.\n"));
    }
}

/// The lines that are typed. They are read for as long as the process lives: nothing ends a read of a terminal.
fn lines() -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel(8);
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if send.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}
