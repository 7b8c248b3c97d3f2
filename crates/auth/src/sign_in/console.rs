//! Signing in at the console, as `aws login` does: a browser's yes becomes keys for 15 minutes, and a refresh token that is bound to
//! a key of this machine (DPoP, RFC 9449) and good for 12 hours.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use aws_sdk_signin::types::{CreateOAuth2TokenRequestBody, CreateOAuth2TokenResponseBody};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use form_urlencoded::Serializer;
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::{excerpt, printable},
};
use p256::{elliptic_curve::Generate, pkcs8::LineEnding};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Act, Flow, Page, Person, Progress, SignIn,
    listener::{Callback, Listener, pasted},
    pkce,
};
use crate::{
    aws_files::{Changed, Edit, Of},
    cache::{CacheFile, Content, login_token, written},
    endpoints::redirected,
    error::SourceError,
};

/// The clients that AWS knows: with a browser on this machine, and with one elsewhere.
const SAME_DEVICE: &str = "arn:aws:signin:::devtools/same-device";
const CROSS_DEVICE: &str = "arn:aws:signin:::devtools/cross-device";

/// Where the latter's browser ends, which shows what is to be pasted.
const CONFIRMATION: &str = "/v1/sessions/confirmation";

/// How long somebody may take in the browser, as the AWS CLI has it.
const PATIENCE: Duration = Duration::from_mins(10);

/// The keys of a profile that say that it gets its credentials in another way, which would win or contradict.
const OTHER_STYLES: [(&str, &str); 8] = [
    ("role_arn", "a role"),
    ("web_identity_token_file", "a web identity"),
    ("sso_session", "IAM Identity Center"),
    ("sso_start_url", "IAM Identity Center"),
    ("sso_account_id", "IAM Identity Center"),
    ("sso_role_name", "IAM Identity Center"),
    ("aws_access_key_id", "keys"),
    ("credential_process", "a program"),
];

/// How somebody signs in at the console.
#[derive(Clone, Debug)]
pub struct ConsoleRequest {
    /// The region whose sign-in is used; without it that of the environment or the profile.
    pub region: Option<String>,
    /// Where the browser is.
    pub flow: Flow,
    /// The port of 127.0.0.1 that the browser comes back to; without it any that is free.
    pub redirect_port: Option<u16>,
}

/// Who has signed in. The sign-in is in the cache already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSignedIn {
    /// The user, root user or role session: its ARN.
    pub session: String,
    /// The account.
    pub account: String,
    /// The region whose sign-in it was: it is renewed there.
    pub region: String,
    /// Until when the first keys are good.
    pub expires: SystemTime,
    /// The file of the cache.
    pub file: PathBuf,
    /// Whose sign-in the profile names so far, if that is another's.
    pub replaces: Option<String>,
}

impl SignIn {
    /// Signs in at the console. Nothing is asked of a browser before it is sure that the profile can take the sign-in.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when no region is known, the profile has credentials of another kind, or the port can't be had;
    /// [`FailureKind::Denied`] when the sign-in is refused or can't be kept; [`FailureKind::Destination`] when the service can't
    /// be reached.
    pub async fn console(&self, request: ConsoleRequest, mut person: Person) -> Result<ConsoleSignedIn, Failure> {
        self.takes_console_sign_in()?;
        let region = request.region.as_deref().or(self.tools.region()).ok_or_else(|| {
            Failure::new(FailureKind::Usage, "no region is set, and a console sign-in belongs to one")
                .next("name it with --region, such as the one that the console shows, or set AWS_REGION")
        })?;
        let service = ("AWS_ENDPOINT_URL_SIGNIN", "signin");
        if let Some(note) = redirected(&self.environment, &self.files, &self.profile, service) {
            person.note(note);
        }
        let base = self.tools.signin_url(region).await.map_err(|error| error.failure())?;
        let mut flow = request.flow;
        let mut attempt = Attempt::begin(&base, flow, request.redirect_port, None).await?;
        let code = loop {
            let expires = self.tools.now() + PATIENCE;
            let url = attempt.url(&base).into();
            person.show(Progress::Open(Page { flow, url, code: None, expires }));
            match attempt.code(&mut person).await? {
                Came::Code(code) => break code,
                Came::Again(next) => flow = next,
            }
            attempt = Attempt::begin(&base, flow, request.redirect_port, attempt.listener.take()).await?;
        };
        let key = p256::SecretKey::generate();
        let answer = self.redeem(&attempt, &code, &key, region).await.map_err(|error| error.failure())?;
        self.keep(&attempt, &answer, &key, region).await
    }

    /// That the profile can take a console sign-in.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when it has credentials of another kind.
    fn takes_console_sign_in(&self) -> Result<(), Failure> {
        let Some(profile) = self.files.profiles.get(&self.profile) else { return Ok(()) };
        let Some((value, key, style)) =
            OTHER_STYLES.iter().find_map(|(key, style)| Some((profile.keys.get(*key)?, key, style)))
        else {
            return Ok(());
        };
        let what = format!(
            "profile {} already gets its credentials from {style} ({key} at {}), which a console sign-in would contradict",
            printable(&self.profile),
            value.origin
        );
        Err(Failure::new(FailureKind::Usage, what)
            .next("name another profile with --profile, which need not exist yet, or take that out of this one"))
    }

    async fn redeem(
        &self,
        attempt: &Attempt,
        code: &SecretString,
        key: &p256::SecretKey,
        region: &str,
    ) -> Result<CreateOAuth2TokenResponseBody, SourceError> {
        const WHAT: &str = "the console sign-in was not completed";
        const AGAIN: &str = "sign in again";
        let body = CreateOAuth2TokenRequestBody::builder()
            .client_id(attempt.client())
            .grant_type("authorization_code")
            .code(code.expose_secret())
            .code_verifier(attempt.verifier.expose_secret())
            .redirect_uri(&attempt.redirect)
            .build()
            .map_err(|error| SourceError::caused(WHAT, error, AGAIN))?;
        let answer = login_token::tokens(body, key.clone(), region, &self.tools).await.map_err(|error| {
            let reason = login_token::reason(&error);
            let (what, next) = match reason.as_str() {
                "AUTHCODE_EXPIRED" => {
                    (format!("{WHAT}: the code from the browser has expired"), "sign in again, and do not wait with the code")
                }
                "INSUFFICIENT_PERMISSIONS" => {
                    (format!("{WHAT}: this user or role may not sign in so"), login_token::PERMISSION)
                }
                "USER_CREDENTIALS_CHANGED" => (format!("{WHAT}: the user's password or keys were changed meanwhile"), AGAIN),
                "TOKEN_EXPIRED" => (format!("{WHAT}: the session in the browser is over"), AGAIN),
                "ValidationException" => (
                    format!("{WHAT}: {} takes neither this code nor this proof", printable(region)),
                    "check --region: it has to be the one in which the browser signed in; check this machine's clock, then sign \
                     in again",
                ),
                "TooManyRequestsError" => (WHAT.to_owned(), "wait a minute, then sign in again"),
                _ => (WHAT.to_owned(), AGAIN),
            };
            SourceError::of_service(what, error, next)
        })?;
        answer.token_output.ok_or_else(|| SourceError::new(format!("{WHAT}: the answer holds no tokens"), AGAIN))
    }

    /// Puts the sign-in into the cache, in the AWS CLI's form, with the region that renews it.
    async fn keep(
        &self,
        attempt: &Attempt,
        answer: &CreateOAuth2TokenResponseBody,
        key: &p256::SecretKey,
        region: &str,
    ) -> Result<ConsoleSignedIn, Failure> {
        let denied = |what: &str, next: &str| Failure::new(FailureKind::Denied, what).next(next);
        let endpoint = "check AWS_ENDPOINT_URL_SIGNIN, and whether something between here and AWS changes answers";
        let keys = answer.access_token.as_ref();
        let keys = keys.ok_or_else(|| denied("the console sign-in was answered without keys", endpoint))?;
        let session = answer.id_token.as_deref().and_then(subject);
        let session = session.ok_or_else(|| denied("the answer does not say who has signed in", endpoint))?;
        let account = session.split(':').nth(4).unwrap_or_default().to_owned();
        let pem = key.to_sec1_pem(LineEnding::LF);
        let pem = pem.map_err(|_| Failure::new(FailureKind::Bug, "a new key can't be written down"))?;
        let life = Duration::from_secs(u64::try_from(answer.expires_in).unwrap_or(0));
        let expires = self.tools.now() + life;
        let Some(folder) = login_token::folder(&self.environment) else {
            return Err(denied(
                "there is no home folder to keep the sign-in in",
                "set HOME or AWS_LOGIN_CACHE_DIRECTORY",
            ));
        };
        let file = CacheFile::new(folder.join(login_token::file_name(&session)));
        let lock = file.lock(self.tools.lock_wait).await.map_err(|error| error.failure())?;
        // What other tools have written there stays.
        let mut content = file.read().ok().flatten().unwrap_or_default();
        let new = json!({
            "accessToken": {
                "accessKeyId": keys.access_key_id,
                "secretAccessKey": keys.secret_access_key,
                "sessionToken": keys.session_token,
                "accountId": account,
                "expiresAt": written(expires),
            },
            "tokenType": answer.token_type,
            "clientId": attempt.client(),
            "refreshToken": answer.refresh_token,
            "idToken": answer.id_token,
            "dpopKey": pem.as_str(),
            "signInRegion": region,
        });
        let new: Content = new.as_object().cloned().unwrap_or_default();
        content.extend(new);
        file.write(&content).map_err(|error| {
            let what = format!("the sign-in can't be kept: {} can't be written: {error}", file.shown());
            denied(
                &what,
                "let this user write that folder (or make room there), or name another with AWS_LOGIN_CACHE_DIRECTORY",
            )
        })?;
        drop(lock);
        let named = self.files.profiles.get(&self.profile).and_then(|profile| profile.get("login_session"));
        let replaces = named.filter(|named| named.trim() != session).map(str::to_owned);
        let region = region.to_owned();
        Ok(ConsoleSignedIn { session, account, region, expires, file: file.path().to_owned(), replaces })
    }

    /// The AWS files with the sign-in as the profile's, and with its region where the profile has none. Nothing is written yet.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the profile can't take it.
    pub fn console_changes(&self, signed_in: &ConsoleSignedIn) -> Result<Vec<Changed>, Failure> {
        let profile = self.files.profiles.get(&self.profile);
        let has = |key| profile.is_some_and(|profile| profile.get(key).is_some_and(|value| !value.is_empty()));
        let mut edit = Edit::new(Of::Profile(self.profile.clone())).set("login_session", &signed_in.session);
        if !has("region") {
            edit = edit.set("region", &signed_in.region);
        }
        // The credentials file's keys count before the config file's.
        let hides = profile.is_some_and(|profile| profile.credentials.contains_key("login_session"));
        let hidden = hides.then(|| Edit::new(Of::Keys(self.profile.clone())).remove("login_session"));
        self.files.changed(&hidden.into_iter().chain([edit]).collect::<Vec<_>>())
    }
}

/// One try to get a code, with secrets of its own.
struct Attempt {
    /// Where the browser comes back to, if it is here.
    listener: Option<Listener>,
    state: String,
    verifier: SecretString,
    redirect: String,
}

/// What became of an attempt.
enum Came {
    Code(SecretString),
    /// It is to begin anew, in this way.
    Again(Flow),
}

impl Attempt {
    /// With the listener of the one before, which has the port.
    async fn begin(base: &str, flow: Flow, port: Option<u16>, listener: Option<Listener>) -> Result<Self, Failure> {
        let listener = match (flow, listener) {
            (Flow::Browser, Some(listener)) => Some(listener),
            (Flow::Browser, None) => Some(Listener::start(port).await?),
            (Flow::Device, _) => None,
        };
        let (redirect, state) = match &listener {
            Some(listener) => (listener.redirect().to_owned(), listener.state().to_owned()),
            None => (format!("{base}{CONFIRMATION}"), Uuid::new_v4().to_string()),
        };
        Ok(Self { listener, state, verifier: pkce::verifier(), redirect })
    }

    fn client(&self) -> &'static str {
        if self.listener.is_some() { SAME_DEVICE } else { CROSS_DEVICE }
    }

    /// What the browser opens.
    fn url(&self, base: &str) -> String {
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client())
            .append_pair("state", &self.state)
            // Not S256, as RFC 7636 has it.
            .append_pair("code_challenge_method", "SHA-256")
            .append_pair("scope", "openid")
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("code_challenge", &pkce::challenge(&self.verifier))
            .finish();
        format!("{base}/v1/authorize?{query}")
    }

    /// Waits for the browser or the person.
    async fn code(&mut self, person: &mut Person) -> Result<Came, Failure> {
        let over = tokio::time::sleep(PATIENCE);
        tokio::pin!(over);
        loop {
            let is_here = self.listener.is_some();
            let came_back = async {
                match &mut self.listener {
                    Some(listener) => listener.callback().await,
                    None => std::future::pending().await,
                }
            };
            let acts = async {
                match is_here {
                    true => Some(person.acts().await),
                    // Nothing comes back from a browser elsewhere but by hand.
                    false => person.decides().await,
                }
            };
            let callback = tokio::select! {
                callback = came_back => callback,
                act = acts => match act {
                    None => {
                        let what = "nobody is at a terminal to paste the code that the browser shows";
                        return Err(Failure::new(FailureKind::Denied, what)
                            .next("run it at a terminal, or with --flow browser where a browser is"));
                    }
                    Some(Act::Paste(text)) => self.pasted(text.expose_secret()),
                    Some(Act::Switch(flow)) => return Ok(Came::Again(flow)),
                    Some(Act::Renew) => {
                        return Ok(Came::Again(if is_here { Flow::Browser } else { Flow::Device }));
                    }
                },
                () = &mut over => {
                    let what = format!("nobody has signed in within {} minutes", PATIENCE.as_secs() / 60);
                    return Err(Failure::new(FailureKind::Denied, what).next(
                        "sign in again; where no browser reaches this machine, `--flow device` takes a code by hand",
                    ));
                }
            };
            match callback {
                Callback::Code(code) => return Ok(Came::Code(code)),
                Callback::Refused(why) => {
                    let what = format!("the sign-in was refused in the browser: {why}");
                    return Err(Failure::new(FailureKind::Denied, what).next(format!(
                        "sign in again and agree; if it was not you who refused, {}",
                        login_token::PERMISSION
                    )));
                }
                Callback::Stray(what) => person.note(what.to_owned()),
            }
        }
    }

    /// The page of the browser elsewhere shows `state=…&code=…` in base64; that of the browser here a URL.
    fn pasted(&self, text: &str) -> Callback {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let decoded = STANDARD.decode(&compact).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.filter(|decoded| decoded.contains("code=")) {
            Some(decoded) => pasted(&decoded, &self.state),
            None if self.listener.is_some() || text.contains("code=") => pasted(text, &self.state),
            None => {
                Callback::Stray("this is not the code that the page shows: copy all of it, and paste it in one line")
            }
        }
    }
}

/// Who an id token is about. It came from the service itself, over TLS: its signature adds nothing.
fn subject(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let subject = claims.get("sub")?.as_str()?;
    let is_arn = subject.starts_with("arn:") && subject.split(':').count() >= 6 && excerpt(subject, 2048) == subject;
    is_arn.then(|| subject.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_is_asked_for_as_the_aws_cli_does() {
        let attempt = Attempt {
            listener: None,
            state: "s".into(),
            // The example of RFC 7636, appendix B.
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
            redirect: "https://x/v1/sessions/confirmation".into(),
        };
        let expected = "https://x/v1/authorize?response_type=code&client_id=arn%3Aaws%3Asignin%3A%3A%3Adevtools%2Fcross-device&\
                        state=s&code_challenge_method=SHA-256&scope=openid&\
                        redirect_uri=https%3A%2F%2Fx%2Fv1%2Fsessions%2Fconfirmation&\
                        code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(attempt.url("https://x"), expected);
        let code = |text: &str| match attempt.pasted(text) {
            Callback::Code(code) => code.expose_secret().to_owned(),
            Callback::Refused(why) => why,
            Callback::Stray(what) => what.to_owned(),
        };
        let encoded = STANDARD.encode("state=s&code=c%2Bd");
        assert_eq!(code(&encoded), "c+d");
        assert_eq!(code(&format!(" {}\n{} ", &encoded[..5], &encoded[5..])), "c+d");
        assert!(code(&STANDARD.encode("state=t&code=c")).contains("another sign-in"));
        assert!(code("c+d").contains("copy all of it"));
        let local = Attempt::begin("https://x", Flow::Browser, None, None).await.unwrap();
        assert!(local.url("https://x").contains("same-device&state="));
        assert_eq!(local.verifier.expose_secret().len(), 64);
    }

    #[test]
    fn an_id_token_says_who_it_is_about() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        let arn = "arn:aws:iam::111122223333:user/Me";
        assert_eq!(subject(&token(&format!(r#"{{"sub": "{arn}"}}"#))).as_deref(), Some(arn));
        for wrong in
            ["", "x.y.z", &token("{}"), &token(r#"{"sub": "me"}"#), &token("{\"sub\": \"arn:a:b:c:d:e\\u001b\"}")]
        {
            assert_eq!(subject(wrong), None, "{wrong}");
        }
    }
}
