//! The flow for a browser anywhere: a code is confirmed in it, while Lakeward asks whether it was (RFC 8628).

use std::time::Duration;

use aws_sdk_ssooidc::operation::start_device_authorization::StartDeviceAuthorizationOutput;
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep_until};

use super::{
    person::{Act, Code, Flow, Page, Person, Progress},
    sso::{Attempt, Ended, PATIENCE, expired},
};
use crate::{cache::sso_registration::Registration, error::code_of};

/// How long to wait between two questions where the service does not say, and how much longer each time it asks to slow down.
const INTERVAL: Duration = Duration::from_secs(5);

/// After so many questions that nobody has answered the person is told.
const UNANSWERED: u32 = 3;

/// Signs in. A client that is not known any more is replaced once.
pub(super) async fn sign_in(attempt: &Attempt<'_>, register: bool, person: &mut Person) -> Result<Ended, Failure> {
    let (client, started) = start(attempt, register).await?;
    attempt.time.tell(person);
    let seconds = |seconds: i32| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let (Some(device_code), Some(user_code), Some(url)) =
        (started.device_code, started.user_code, started.verification_uri)
    else {
        let what = "IAM Identity Center answered without a code";
        return Err(Failure::new(FailureKind::Destination, what).next("check AWS_ENDPOINT_URL_SSO_OIDC"));
    };
    let url = printable(&url).into_owned();
    let complete = started.verification_uri_complete.map_or_else(|| url.clone(), |url| printable(&url).into_owned());
    let life = seconds(started.expires_in);
    person.show(Progress::Open(Page {
        flow: Flow::Device,
        url: complete.into(),
        code: Some(Code { url, text: printable(&user_code).into_owned().into() }),
        expires: attempt.tools.now() + life,
    }));
    let (began, ends) = (Instant::now(), Instant::now() + life);
    let mut interval = Some(seconds(started.interval)).filter(|interval| !interval.is_zero()).unwrap_or(INTERVAL);
    let (mut unanswered, mut was_patient) = (0, false);
    loop {
        if let Some(ended) = pause((Instant::now() + interval).min(ends), attempt, person).await {
            return Ok(ended);
        }
        let call = attempt
            .tools
            .oidc(&attempt.portal.region)
            .create_token()
            .grant_type("urn:ietf:params:oauth:grant-type:device_code")
            .client_id(&client.id)
            .client_secret(client.secret.expose_secret())
            .device_code(&device_code);
        // Not given up half-way: the answer may hold the token.
        let answer = call.customize().interceptor(attempt.time.clock.clone()).send().await;
        let error = match answer {
            Ok(answer) => return Ok(Ended::SignedIn(attempt.token(answer, client)?)),
            Err(error) => error,
        };
        attempt.time.tell(person);
        let is_answered = error.as_service_error().is_some();
        match code_of(&error) {
            "AuthorizationPendingException" => person.show(Progress::Waiting),
            "SlowDownException" | "TooManyRequestsException" | "ThrottlingException" => interval += INTERVAL,
            "ExpiredTokenException" => return expired(Flow::Device, person).await,
            "AccessDeniedException" => {
                return Err(Failure::new(FailureKind::Denied, "the sign-in was denied in the browser")
                    .next("sign in again and approve it, if the code is the one shown here"));
            }
            // Not for ever: a service that does not know a client that was just registered is not itself.
            "InvalidClientException" if !register => {
                person.note("The registration of Lakeward was withdrawn meanwhile; here is a new code.".to_owned());
                return Ok(Ended::Again { flow: Flow::Device, register: true });
            }
            // The code lives on, and with it the hope.
            "InternalServerException" => {}
            _ if !is_answered => {}
            _ => return Err(attempt.refused("IAM Identity Center does not know the code", error)),
        }
        let is_transient = !is_answered || code_of(&error) == "InternalServerException";
        unanswered = if is_transient { unanswered + 1 } else { 0 };
        if unanswered == UNANSWERED {
            let why = attempt.refused("IAM Identity Center does not answer", error);
            person.note(format!("{}. The code stays good; asking goes on.", why.what));
        } else if Instant::now() >= ends {
            if is_transient {
                return Err(attempt.refused("IAM Identity Center did not answer until the code had expired", error));
            }
            return expired(Flow::Device, person).await;
        }
        if !was_patient && unanswered == 0 && began.elapsed() >= PATIENCE {
            was_patient = true;
            attempt.note_patience(person);
        }
    }
}

/// Waits, unless the person wants something else.
async fn pause(until: Instant, attempt: &Attempt<'_>, person: &mut Person) -> Option<Ended> {
    loop {
        tokio::select! {
            () = sleep_until(until) => return None,
            act = person.acts() => match act {
                Act::Switch(Flow::Browser) if !attempt.goes_by_browser() => {
                    person.note("Without an [sso-session] a sign-in goes by a code alone.".to_owned());
                }
                Act::Switch(flow) => return Some(Ended::Again { flow, register: false }),
                Act::Renew => return Some(Ended::Again { flow: Flow::Device, register: false }),
                Act::Paste(_) => {
                    person.note("There is nothing to paste: the code is confirmed in the browser.".to_owned());
                }
            },
        }
    }
}

async fn start(
    attempt: &Attempt<'_>,
    register: bool,
) -> Result<(Registration, StartDeviceAuthorizationOutput), Failure> {
    let mut anew = register;
    loop {
        let client = attempt.client(Flow::Device, anew).await?;
        let call = attempt
            .tools
            .oidc(&attempt.portal.region)
            .start_device_authorization()
            .client_id(&client.id)
            .client_secret(client.secret.expose_secret())
            .start_url(&attempt.portal.url);
        match call.customize().interceptor(attempt.time.clock.clone()).send().await {
            Ok(started) => return Ok((client, started)),
            Err(error) if !anew && is_unknown_client(code_of(&error)) => anew = true,
            Err(error) => return Err(attempt.refused("IAM Identity Center gave no code", error)),
        }
    }
}

fn is_unknown_client(code: &str) -> bool {
    matches!(code, "InvalidClientException" | "UnauthorizedClientException")
}
