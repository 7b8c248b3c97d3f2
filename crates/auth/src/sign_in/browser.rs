//! The flow for a browser on this machine: it comes back by itself, with a code that is good for who sent it alone
//! (RFC 7636 and 8252).

use std::time::Duration;

use aws_sdk_ssooidc::{
    error::SdkError,
    operation::create_token::{CreateTokenError, CreateTokenOutput},
};
use lakeward_core::failure::{Failure, FailureKind};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep_until};

use super::{
    listener::{Callback, Listener},
    person::{Act, Flow, Page, Person, Progress},
    pkce,
    sso::{Attempt, Ended, PATIENCE, expired},
};
use crate::{
    cache::sso_registration::{AUTHORIZATION_CODE, Registration},
    error::code_of,
};

/// How long a page is waited for. The service gives up no later.
const LIFE: Duration = Duration::from_mins(10);

pub(super) async fn sign_in(attempt: &Attempt<'_>, register: bool, person: &mut Person) -> Result<Ended, Failure> {
    // Before anything else: the browser may be fast, and a port that is taken ends it.
    let mut listener = Listener::start(attempt.redirect_port).await?;
    let client = attempt.client(Flow::Browser, register).await?;
    attempt.time.tell(person);
    let verifier = pkce::verifier();
    let Some(base) = attempt.tools.oidc_url(&attempt.portal.region).await else {
        let what = format!("there is no endpoint of IAM Identity Center in {}", attempt.portal.region);
        return Err(Failure::new(FailureKind::Usage, what).next(attempt.suspects()));
    };
    person.show(Progress::Open(Page {
        flow: Flow::Browser,
        url: url(&base, attempt, &client, &listener, &verifier).into(),
        code: None,
        expires: attempt.tools.now() + LIFE,
    }));
    let (ends, patience) = (Instant::now() + LIFE, Instant::now() + PATIENCE);
    let mut was_patient = false;
    loop {
        let callback = tokio::select! {
            callback = listener.callback() => callback,
            act = person.acts() => match act {
                Act::Paste(text) => listener.pasted(text.expose_secret()),
                Act::Switch(flow) => return Ok(Ended::Again { flow, register: false }),
                // The client may be why the browser shows an error, and nothing else would tell.
                Act::Renew => return Ok(Ended::Again { flow: Flow::Browser, register: true }),
            },
            () = sleep_until(patience), if !was_patient => {
                was_patient = true;
                attempt.note_patience(person);
                continue;
            }
            () = sleep_until(ends) => return expired(Flow::Browser, person).await,
        };
        match callback {
            Callback::Code(code) => {
                let answer = exchange(attempt, &client, &listener, &code, &verifier).await;
                attempt.time.tell(person);
                return match answer {
                    Ok(answer) => Ok(Ended::SignedIn(attempt.token(answer, client)?)),
                    // Not for ever: a service that does not know a client that was just registered is not itself.
                    Err(error) if code_of(&error) == "InvalidClientException" && !register => {
                        person
                            .note("The registration of Lakeward is not known any more; here is a new page.".to_owned());
                        Ok(Ended::Again { flow: Flow::Browser, register: true })
                    }
                    Err(error) => Err(refused(attempt, error)),
                };
            }
            Callback::Stray(what) => person.note(format!("Still waiting: {what}.")),
            Callback::Refused(why) if why.starts_with("access_denied") => {
                let what = format!("the sign-in was denied in the browser: {why}");
                return Err(Failure::new(FailureKind::Denied, what).next("sign in again and approve it"));
            }
            Callback::Refused(why) => {
                let what = format!("the sign-in was refused in the browser: {why}");
                return Err(Failure::new(FailureKind::Denied, what).next(attempt.suspects()));
            }
        }
    }
}

/// Exchanges the code for a token: once, for it is good for one exchange.
async fn exchange(
    attempt: &Attempt<'_>,
    client: &Registration,
    listener: &Listener,
    code: &SecretString,
    verifier: &SecretString,
) -> Result<CreateTokenOutput, SdkError<CreateTokenError>> {
    let call = attempt
        .tools
        .oidc(&attempt.portal.region)
        .create_token()
        .grant_type(AUTHORIZATION_CODE)
        .client_id(&client.id)
        .client_secret(client.secret.expose_secret())
        .redirect_uri(listener.redirect())
        .code_verifier(verifier.expose_secret())
        .code(code.expose_secret());
    call.customize().interceptor(attempt.time.clock.clone()).send().await
}

fn refused(attempt: &Attempt<'_>, error: SdkError<CreateTokenError>) -> Failure {
    match code_of(&error) {
        "InvalidGrantException" | "ExpiredTokenException" => {
            let failure = attempt.refused("IAM Identity Center does not take the code that came back", error);
            let next = format!("sign in again: a code is good once and not for long; else {}", attempt.suspects());
            Failure { kind: FailureKind::Denied, ..failure }.next(next)
        }
        "AccessDeniedException" => Failure::new(FailureKind::Denied, "the sign-in was denied")
            .next("sign in again, or ask who administers IAM Identity Center for access"),
        _ => attempt.refused("IAM Identity Center gave no token for the code that came back", error),
    }
}

/// The page. The service's parameter is `scopes`, not OAuth's `scope`.
fn url(
    base: &str,
    attempt: &Attempt<'_>,
    client: &Registration,
    listener: &Listener,
    verifier: &SecretString,
) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", &client.id)
        .append_pair("redirect_uri", listener.redirect())
        .append_pair("state", listener.state())
        .append_pair("code_challenge_method", "S256")
        .append_pair("scopes", &attempt.scopes.join(" "))
        .append_pair("code_challenge", &pkce::challenge(verifier))
        .finish();
    format!("{base}/authorize?{query}")
}
