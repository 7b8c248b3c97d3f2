//! `lakeward auth logout`: ends sign-ins.

use lakeward_auth::{
    Environment,
    sign_in::{SignIn, SignOut},
};
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};

use super::status::kind;
use crate::{
    arguments::LogoutArguments,
    console::{Console, shown},
};

pub(super) async fn logout(arguments: LogoutArguments, console: Console) -> Result<(), Failure> {
    let LogoutArguments { profile, sso_session, sso_start_url, console: of_console, all } = arguments;
    let which = match (sso_session, sso_start_url) {
        (Some(name), _) => SignOut::SsoSession(name),
        (_, Some(url)) => SignOut::SsoStartUrl(url),
        _ if of_console => SignOut::Console,
        _ if all => SignOut::All,
        _ => SignOut::Profile,
    };
    let sign_in = SignIn::new(Environment::real(), profile.as_deref())?;
    let done = sign_in.sign_out(&which).await?;
    for one in &done.removed {
        console.result(&format!("Signed out: {} {} ({})\n", kind(one), one.what, shown(&one.file)));
    }
    done.notes.iter().for_each(|note| console.warning(note));
    if !done.left.is_empty() {
        let what = done.left.iter().map(|line| printable(line).into_owned()).collect::<Vec<_>>().join("; ");
        return Err(Failure::new(FailureKind::Denied, what).next("let this user write the folder, then sign out again"));
    }
    if done.removed.is_empty() {
        console.result("Nobody was signed in.\n");
    }
    Ok(())
}
