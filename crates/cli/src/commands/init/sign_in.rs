//! Signing in with the person at the screen, as `lakeward auth login` does it.

use std::{pin::pin, sync::Arc, time::SystemTime};

use lakeward_auth::sign_in::{Act, ConsoleRequest, Flow, Given, Person, Progress, RoleMfa, SignIn, Way};
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::AuthPlan,
    untrusted::printable,
};
use lakeward_wizard::{Code, Event, Page, Secret, SignInAct, SignInEvent, SignInRequest, Ticket, Trouble};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    directory::portal,
    world::{Events, World, trouble},
};
use crate::{browser, commands::auth::until};

/// Signs in and tells what goes on; the last event is the end. `auth` is that of the answers.
pub(crate) async fn sign_in(
    world: Arc<World>,
    ticket: Ticket,
    request: SignInRequest,
    auth: Result<AuthPlan, Trouble>,
    acts: mpsc::UnboundedReceiver<SignInAct>,
    events: Events,
) {
    let tell = Tell { ticket, events };
    let result = match request {
        SignInRequest::Sso { .. } => Box::pin(sso(&world, &request, acts, &tell)).await,
        SignInRequest::Console { profile } => Box::pin(console(&world, &profile, acts, &tell)).await,
        SignInRequest::Mfa { profile: Some(profile), .. } => mfa(&world, AuthPlan::Profile(profile), acts, &tell).await,
        SignInRequest::Mfa { profile: None, .. } => match auth {
            Ok(auth) => mfa(&world, auth, acts, &tell).await,
            Err(trouble) => return tell.send(SignInEvent::Failed(trouble)),
        },
    };
    tell.send(match result {
        Ok(done) => SignInEvent::Done(done),
        Err(failure) => SignInEvent::Failed(trouble(&failure)),
    });
}

struct Tell {
    ticket: Ticket,
    events: Events,
}

impl Tell {
    fn send(&self, event: SignInEvent) {
        self.events.send(Event::SignIn(self.ticket, event));
    }
}

async fn sso(
    world: &World,
    request: &SignInRequest,
    acts: mpsc::UnboundedReceiver<SignInAct>,
    tell: &Tell,
) -> Result<String, Failure> {
    let (sign_in, target) = portal(world, request)?;
    // Without a session a sign-in goes by a code alone.
    let flow = if target.session().is_some() { world.situation.flow } else { Flow::Device };
    let way = Way { flow, redirect_port: None };
    let done = attend(|person| sign_in.sso(&target, way, person), acts, world, tell).await?;
    let renews = if done.renews { ", and renews by itself" } else { "; it does not renew by itself" };
    let until = until(done.expires, SystemTime::now());
    Ok(format!("signed in to {} until {until}{renews}", printable(target.start_url())))
}

async fn console(
    world: &World,
    profile: &str,
    acts: mpsc::UnboundedReceiver<SignInAct>,
    tell: &Tell,
) -> Result<String, Failure> {
    let sign_in = SignIn::new(world.environment.clone(), Some(profile))?;
    let request = ConsoleRequest { region: None, flow: world.situation.flow, redirect_port: None };
    let done = attend(|person| sign_in.console(request, person), acts, world, tell).await?;
    if done.replaces.is_some() || !sign_in.console_changes(&done)?.is_empty() {
        let (session, profile) = (printable(&done.session), printable(profile));
        let what = format!("you have signed in as {session}, for which profile {profile} would have to change");
        return Err(Failure::new(FailureKind::Usage, what).next(format!(
            "sign in as the one that the profile names, or let `lakeward auth login --console --profile {profile}` change it"
        )));
    }
    Ok(format!("signed in as {}; its keys are renewed for up to 12 hours", printable(&done.session)))
}

/// Carries a sign-in out, shows what it shows, and passes on what the person does.
async fn attend<T, S: Future<Output = Result<T, Failure>>>(
    sign_in: impl FnOnce(Person) -> S,
    mut acts: mpsc::UnboundedReceiver<SignInAct>,
    world: &World,
    tell: &Tell,
) -> Result<T, Failure> {
    let (person, mut attendant) = Person::line();
    let mut sign_in = pin!(sign_in(person));
    let mut flow = world.situation.flow;
    let approval = world.stand_in.as_ref().map(|stand_in| &stand_in.approval);
    // The page of a browser that nobody may open, and when it is approved for them.
    let mut unseen: Option<(SecretString, Option<Instant>)> = None;
    loop {
        let approves = unseen.as_ref().and_then(|(_, at)| *at);
        tokio::select! {
            biased;
            Some(progress) = attendant.shown.recv() => match progress {
                Progress::Open(page) => {
                    flow = page.flow;
                    if world.opens
                        && let Err(error) = browser::open(page.url.expose_secret())
                    {
                        tell.send(SignInEvent::Note(format!("no browser could be opened ({error}): open the page yourself")));
                    }
                    tell.send(SignInEvent::Page(shown(&page)));
                    if let Some(approval) = approval {
                        tell.send(SignInEvent::Note(approval.words.clone()));
                        let is_browsers = page.flow == Flow::Browser;
                        let at = approval.patience.map(|patience| Instant::now() + patience);
                        unseen = is_browsers.then_some((page.url, at));
                    }
                }
                Progress::Waiting => tell.send(SignInEvent::Waiting(SystemTime::now())),
                Progress::Expired(_) => tell.send(SignInEvent::Expired),
                Progress::Note(note) => tell.send(SignInEvent::Note(printable(&note).into_owned())),
            },
            result = &mut sign_in => {
                while let Ok(Progress::Note(note)) = attendant.shown.try_recv() {
                    tell.send(SignInEvent::Note(printable(&note).into_owned()));
                }
                return result;
            }
            () = sleep_until(approves.unwrap_or_else(Instant::now)), if approves.is_some() => {
                let end = unseen.take().zip(approval).and_then(|((page, _), by)| by.approved(&page));
                if let Some(end) = end {
                    let _ = attendant.acts.send(end).await;
                }
            }
            Some(act) = acts.recv() => {
                let act = match act {
                    SignInAct::Paste(text) => Act::Paste(hidden(&text)),
                    SignInAct::Switch => Act::Switch(match flow {
                        Flow::Browser => Flow::Device,
                        Flow::Device => Flow::Browser,
                    }),
                    SignInAct::Renew => Act::Renew,
                    SignInAct::Approve => match unseen.take().zip(approval).and_then(|((page, _), by)| by.approved(&page)) {
                        Some(end) => end,
                        None => {
                            approval.iter().for_each(|by| by.approve_codes());
                            continue;
                        }
                    },
                    // No device asks for a code here.
                    SignInAct::Code(_) => continue,
                };
                let _ = attendant.acts.send(act).await;
            }
        }
    }
}

fn shown(page: &lakeward_auth::sign_in::Page) -> Page {
    Page {
        // Where a browser elsewhere ends with something to be pasted, there is no code to compare.
        device: page.flow == Flow::Device && page.code.is_some(),
        url: Secret::from(page.url.expose_secret()),
        code: page.code.as_ref().map(|code| Code {
            page: printable(&code.url).into_owned(),
            code: Secret::from(&*printable(code.text.expose_secret())),
        }),
        expires: page.expires,
    }
}

/// The roles that ask for a code, one after the other.
async fn mfa(
    world: &World,
    auth: AuthPlan,
    mut acts: mpsc::UnboundedReceiver<SignInAct>,
    tell: &Tell,
) -> Result<String, Failure> {
    let Some(mut roles) = RoleMfa::plan(&auth, world.environment.clone(), None)? else {
        return Ok("no role asks for a code".to_owned());
    };
    roles.note().iter().for_each(|note| tell.send(SignInEvent::Note((*note).to_owned())));
    let mut later = false;
    while let Some(question) = roles.question() {
        let wanted = format!("the code of {} is for {}", question.device, question.purpose);
        if later {
            tell.events.send(Event::Note(format!("the code was right; another one is needed: {wanted}")));
        } else {
            tell.send(SignInEvent::Note(wanted));
        }
        let code = loop {
            match acts.recv().await {
                Some(SignInAct::Code(code)) => break code,
                Some(_) => {}
                None => return Err(Failure::new(FailureKind::Interrupted, "nobody is there to type a code")),
            }
        };
        match Box::pin(roles.give(&hidden(&code))).await? {
            Given::Accepted => later = true,
            Given::Refused(why) => return Err(Failure::new(FailureKind::Denied, why)),
        }
    }
    let (expires, _) = Box::pin(roles.finish()).await?;
    let until = expires.map_or_else(|| "an unknown time".to_owned(), |expires| until(expires, SystemTime::now()));
    Ok(format!("signed in until {until}; after that another code is needed"))
}

fn hidden(text: &Secret) -> SecretString {
    SecretString::from(text.expose())
}
