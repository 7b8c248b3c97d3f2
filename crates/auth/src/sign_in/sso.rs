//! Signing in to IAM Identity Center, by either flow and from one to the other, until there is a token.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use secrecy::SecretString;

use super::{
    SignIn, browser, device,
    person::{Act, Flow, Person, Progress},
    server_time::ServerTime,
    start_url::{Portal, region_of},
    target::SsoTarget,
};
use crate::{
    aws_files::{Changed, Edit, Of},
    cache::{
        sso_registration::{ACCESS_SCOPE, Registration, RegistrationFile},
        sso_token::{Fresh, SsoSignIn},
    },
    endpoints::redirected,
    error::{OAuthError, SourceError, code_of},
    tools::Tools,
};

/// When nobody has confirmed anything for so long, the likeliest reason is told.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The flow to begin with.
    pub flow: Flow,
    /// The port that the browser comes back to; else any that is free.
    pub redirect_port: Option<u16>,
}

/// What a sign-in has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoSignedIn {
    /// The file that keeps it, which the AWS tools use too.
    pub file: PathBuf,
    /// Until when its token is good.
    pub expires: SystemTime,
    /// Whether it is renewed without a person.
    pub renews: bool,
    /// The region that the start URL names, where it is another than `sso_region` says.
    pub region: Option<String>,
}

/// One sign-in, whichever way it goes.
pub(super) struct Attempt<'a> {
    pub(super) tools: &'a Tools,
    pub(super) sign_in: &'a SsoSignIn,
    pub(super) portal: Portal,
    /// What a client asks for.
    pub(super) scopes: Vec<String>,
    pub(super) file: RegistrationFile<'a>,
    pub(super) redirect_port: Option<u16>,
    pub(super) time: ServerTime,
}

/// How one flow has ended that has not failed.
pub(super) enum Ended {
    SignedIn(Token),
    /// By this flow again, or the other one, with a client that is registered anew where the old one may be the reason.
    Again {
        flow: Flow,
        register: bool,
    },
}

/// What a sign-in is for.
pub(super) struct Token {
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
    pub(super) life: Duration,
    pub(super) client: Registration,
}

impl SignIn {
    /// Signs in, and keeps the token where the AWS tools do. It is always a fresh one, whatever the cache holds.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the sign-in is refused, expires with nobody there, or can't be kept;
    /// [`FailureKind::Usage`] when the start URL or the region is wrong, or the port is taken; [`FailureKind::Destination`]
    /// when IAM Identity Center does not answer.
    pub async fn sso(&self, target: &SsoTarget, way: Way, mut person: Person) -> Result<SsoSignedIn, Failure> {
        let (tools, sign_in) = (&self.tools, &target.sign_in);
        sign_in.can_be_kept(tools).await.map_err(|error| error.failure())?;
        let service = ("AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc");
        redirected(&self.environment, &self.files, &self.profile, service)
            .into_iter()
            .for_each(|note| person.note(note));
        let portal = Portal::of(sign_in, tools).await?;
        let region = region_of(&portal.url).filter(|region| *region != sign_in.region).map(str::to_owned);
        if let Some(region) = &region {
            person.note(format!(
                "The start URL is one of {region}, so that is asked; sso_region says {} and should say {region}.",
                printable(&sign_in.region)
            ));
        }
        let scopes = match &target.scopes {
            Some(scopes) => scopes.clone(),
            // The older format knows no scopes, and no renewal.
            None if sign_in.session.is_none() => Vec::new(),
            None => vec![ACCESS_SCOPE.to_owned()],
        };
        let file = RegistrationFile { sign_in, scopes: target.scopes.as_deref() };
        let attempt = Attempt {
            tools,
            sign_in,
            portal,
            scopes,
            file,
            redirect_port: way.redirect_port,
            time: ServerTime::default(),
        };
        let (mut flow, mut register) = (way.flow, false);
        let token = loop {
            if flow == Flow::Browser && !attempt.goes_by_browser() {
                person.note("Without an [sso-session] a sign-in goes by a code alone.".to_owned());
                flow = Flow::Device;
            }
            let ended = match flow {
                Flow::Device => Box::pin(device::sign_in(&attempt, register, &mut person)).await?,
                Flow::Browser => Box::pin(browser::sign_in(&attempt, register, &mut person)).await?,
            };
            match ended {
                Ended::SignedIn(token) => break token,
                Ended::Again { flow: next, register: anew } => (flow, register) = (next, anew),
            }
        };
        let expires = tools.now() + token.life;
        let renews = sign_in.session.is_some() && token.refresh.is_some();
        let fresh = Fresh { token: token.access, expires, refresh: token.refresh, client: token.client };
        let kept = SsoSignIn { region: region.clone().unwrap_or_else(|| sign_in.region.clone()), ..sign_in.clone() };
        let file = kept.keep(&fresh, tools).await.map_err(|error| error.failure())?;
        Ok(SsoSignedIn { file, expires, renews, region })
    }

    /// The config file with the region that a sign-in has found in place of that of the session, as the AWS CLI changes it. Nothing
    /// is written yet.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the file can't be changed so.
    pub fn region_changes(&self, target: &SsoTarget, region: &str) -> Result<Vec<Changed>, Failure> {
        let edit = target.session().map(|name| Edit::new(Of::SsoSession(name.to_owned())).set("sso_region", region));
        self.files.changed(edit.as_slice())
    }
}

impl Attempt<'_> {
    pub(super) fn goes_by_browser(&self) -> bool {
        self.sign_in.session.is_some()
    }

    pub(super) fn token(
        &self,
        answer: aws_sdk_ssooidc::operation::create_token::CreateTokenOutput,
        client: Registration,
    ) -> Result<Token, Failure> {
        let Some(access) = answer.access_token else {
            let what = "IAM Identity Center answered without a token";
            return Err(Failure::new(FailureKind::Destination, what).next("check AWS_ENDPOINT_URL_SSO_OIDC"));
        };
        Ok(Token {
            access: access.into(),
            refresh: answer.refresh_token.map(Into::into),
            life: Duration::from_secs(u64::try_from(answer.expires_in).unwrap_or(0)),
            client,
        })
    }

    /// A call that was refused, or not answered. Those that go with a wrong start URL or region are [`FailureKind::Usage`].
    pub(super) fn refused<E>(&self, what: &str, error: SdkError<E, HttpResponse>) -> Failure
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let of_kms = OAuthError::of(&error).reason.is_some();
        let answered = error.as_service_error().is_some();
        let code = code_of(&error).to_owned();
        let failure = SourceError::of_service(what, error, "try again in a moment").failure();
        match code.as_str() {
            _ if of_kms => failure,
            "InvalidRequestException" | "InvalidGrantException" => {
                Failure { kind: FailureKind::Usage, ..failure }.next(self.suspects())
            }
            "InvalidScopeException" | "InvalidClientMetadataException" => {
                Failure { kind: FailureKind::Usage, ..failure }.next("check sso_registration_scopes")
            }
            "InvalidRedirectUriException" | "UnauthorizedClientException" | "UnsupportedGrantTypeException" => {
                failure.next("sign in by the other flow: --flow device or --flow browser")
            }
            "AccessDeniedException" => failure.next("ask who administers IAM Identity Center for access"),
            _ if !answered => failure.next(format!(
                "check the network and proxies, and that {} is the region of IAM Identity Center",
                printable(&self.portal.region)
            )),
            _ => failure,
        }
    }

    /// What is wrong most likely.
    pub(super) fn suspects(&self) -> String {
        format!(
            "check sso_region first: IAM Identity Center is in one region, which need not be {}; then the start URL {}",
            printable(&self.portal.region),
            printable(&self.portal.url)
        )
    }

    /// What may be wrong when nobody confirms anything.
    pub(super) fn note_patience(&self, person: &Person) {
        person.note(format!(
            "Nobody has confirmed it yet. If the browser shows an error such as \"invalid grant\" or \"invalid client\", {}.",
            self.suspects()
        ));
    }
}

/// A page can't be used any more. Whoever attends may have another one.
pub(super) async fn expired(flow: Flow, person: &mut Person) -> Result<Ended, Failure> {
    if !person.is_alone() {
        person.show(Progress::Expired(flow));
    }
    loop {
        match person.decides().await {
            Some(Act::Renew) => return Ok(Ended::Again { flow, register: false }),
            Some(Act::Switch(flow)) => return Ok(Ended::Again { flow, register: false }),
            Some(Act::Paste(_)) => person.note("That came too late.".to_owned()),
            None => {
                return Err(Failure::new(FailureKind::Denied, "the sign-in expired before anybody had confirmed it")
                    .next("sign in again, and confirm it in a browser before it expires"));
            }
        }
    }
}
