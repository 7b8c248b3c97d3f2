//! `lakeward auth login`: signs in, with the person at the terminal.

mod attend;
mod sso;
mod console;
mod mfa;

use lakeward_auth::{
    Environment,
    sign_in::{Choice, RoleMfa, SignIn},
};
use lakeward_core::{failure::Failure, plan::AuthPlan};

use super::{Asked, asked};
use crate::{arguments::LoginArguments, console::Console};

pub(super) async fn login(arguments: LoginArguments, console: &Console) -> Result<(), Failure> {
    if arguments.console {
        return console::login(arguments, *console).await;
    }
    if arguments.mfa.mfa_serial.is_some() {
        return mfa::user(arguments, *console).await;
    }
    let mut bucket = None;
    let choice = match (&arguments.sso_session, &arguments.sso_start_url) {
        (Some(name), _) => Choice::Session(name.clone()),
        (None, Some(url)) => Choice::Portal { start_url: url.clone(), region: arguments.sso_region.clone() },
        (None, None) => {
            let Asked { auth, s3, .. } = asked(arguments.choice.clone(), console)?;
            bucket = s3;
            Choice::Auth(auth)
        }
    };
    if let Choice::Auth(auth) = &choice {
        // What is broken is told below, in the words of what is missing there.
        if let Ok(Some(roles)) = RoleMfa::plan(auth, Environment::real(), bucket.as_ref()) {
            return mfa::roles(roles, &arguments.mfa, *console).await;
        }
        if let Some(profile) = of_profile(auth) {
            let sign_in = SignIn::new(Environment::real(), profile)?;
            if sign_in.has_console_sign_in() {
                return console::login(arguments, *console).await;
            }
            if sign_in.has_mfa_device() {
                return mfa::user(arguments, *console).await;
            }
        }
    }
    sso::login(choice, arguments.way, *console).await
}

/// Whether these credentials have something to sign in to.
pub(super) fn is_of_use(Asked { auth, s3, .. }: &Asked) -> bool {
    let asks_code = || matches!(RoleMfa::plan(auth, Environment::real(), s3.as_ref()), Ok(Some(_)));
    let sign_in = |profile| SignIn::new(Environment::real(), profile).ok();
    let is_of_profile = |sign_in: &SignIn| sign_in.has_console_sign_in() || sign_in.has_mfa_device();
    of_profile(auth).and_then(sign_in).as_ref().is_some_and(is_of_profile)
        || sign_in(None).is_some_and(|sign_in| sign_in.target(&Choice::Auth(auth.clone())).is_ok())
        || asks_code()
}

/// The profile that decides, if one does: by its name, or the one of the environment.
fn of_profile(auth: &AuthPlan) -> Option<Option<&str>> {
    match auth {
        AuthPlan::Profile(name) => Some(Some(name)),
        AuthPlan::Chain => Some(None),
        _ => None,
    }
}
