//! Signing in to IAM Identity Center, and what may be used with it.

use std::{io::IsTerminal, time::SystemTime};

use lakeward_auth::{
    Environment,
    sign_in::{AccountRoles, Choice, Flow, Machine, SignIn, SsoSignedIn, SsoTarget, Target, Way, situation},
};
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::AuthPlan,
    untrusted::printable,
};
use tokio::sync::mpsc;

use super::{
    super::until,
    attend::{Offers, attend, is_attended},
};
use crate::{arguments::WayArguments, console::Console};

/// Finds out what to sign in to, signs in, and checks what it is for.
pub(super) async fn login(choice: Choice, asked: WayArguments, console: Console) -> Result<(), Failure> {
    let profile = match &choice {
        Choice::Auth(AuthPlan::Profile(name)) => Some(name.as_str()),
        _ => None,
    };
    let sign_in = &SignIn::new(Environment::real(), profile)?;
    let target = match sign_in.target(&choice)? {
        Target::Sso(target) => target,
        Target::Console { profile } => {
            let what = format!("profile `{}` signs in at the console", printable(&profile));
            return Err(Failure::new(FailureKind::Usage, what)
                .next(format!("run `lakeward auth login --console --profile {}`", printable(&profile))));
        }
    };
    let (target, (way, offers)) = (&target, way(&target, asked, console)?);
    let signed_in = Box::pin(attend(|person| sign_in.sso(target, way, person), offers, console)).await?;
    console.note(&done(target, &signed_in));
    if target.role.is_some() {
        return match sign_in.verify(target).await {
            Ok(()) => {
                console.note("Its role is assigned.\n");
                Ok(())
            }
            // The sign-in itself is kept.
            Err(error) => Err(error.into_failure()),
        };
    }
    match choice {
        Choice::Portal { .. } => list(sign_in, target, console).await,
        _ => Ok(()),
    }
}

/// The flow that was asked for, else the one that fits here.
fn way(target: &SsoTarget, arguments: WayArguments, console: Console) -> Result<(Way, Offers), Failure> {
    let situation = situation(&Environment::real(), Machine::real());
    let has_session = target.session().is_some();
    let asked = arguments.flow.map(Flow::from).or(arguments.redirect_port.map(|_| Flow::Browser));
    let flow = match asked {
        Some(Flow::Browser) if !has_session => {
            let what = "without an [sso-session] a sign-in goes by a code alone, and not by --flow browser";
            return Err(Failure::new(FailureKind::Usage, what)
                .next("leave out --flow browser and --redirect-port, or name an [sso-session] of that start URL"));
        }
        Some(flow) => flow,
        None if !has_session => Flow::Device,
        None => {
            if let Some(reason) = &situation.reason {
                console.note(&format!("You sign in with a code, because {reason}.\n"));
            }
            // Nobody could paste what a browser elsewhere ends with.
            if is_attended() { situation.flow } else { Flow::Device }
        }
    };
    let offers = Offers {
        // Without a terminal nobody sits there.
        browser: !arguments.no_browser && situation.opens && std::io::stderr().is_terminal(),
        switch: has_session,
    };
    Ok((Way { flow, redirect_port: arguments.redirect_port }, offers))
}

fn done(target: &SsoTarget, signed_in: &SsoSignedIn) -> String {
    let session = target.session().map(|name| format!(" (session {})", printable(name))).unwrap_or_default();
    let renews = if signed_in.renews { ", and renews by itself" } else { "; it does not renew by itself" };
    let until = until(signed_in.expires, SystemTime::now());
    format!("Signed in to {}{session}. The sign-in is good until {until}{renews}.\n", printable(target.start_url()))
}

/// Prints what may be used, and how a config says so.
async fn list(sign_in: &SignIn, target: &SsoTarget, console: Console) -> Result<(), Failure> {
    let (send, mut assigned) = mpsc::channel(16);
    let print = async {
        let mut first: Option<(String, String)> = None;
        while let Some(AccountRoles { account, roles }) = assigned.recv().await {
            let name = account.name.map(|name| format!(" {name}")).unwrap_or_default();
            console.result(&format!("{}{name}: {}\n", account.id, roles.join(", ")));
            first = first.or_else(|| Some((account.id, roles.into_iter().next()?)));
        }
        first
    };
    let (listed, first) = tokio::join!(sign_in.assigned(target, send), print);
    listed.map_err(|error| error.into_failure())?;
    let Some((account, role)) = first else {
        return Err(Failure::new(
            FailureKind::Denied,
            "the sign-in is good, but no account and role is assigned to it",
        )
        .next("ask who administers IAM Identity Center to assign an account and a permission set to you"));
    };
    console.note(&format!(
        "To use one of them, put these lines into the config, with its account and role:\n\n\
         [auth]\nmethod = \"sso\"\nsso_start_url = {}\nsso_region = {}\nsso_account_id = {}\nsso_role_name = {}\n\n",
        toml(target.start_url()),
        toml(target.region()),
        toml(&account),
        toml(&role),
    ));
    Ok(())
}

/// A string of a config. Those of JSON are strings of TOML.
fn toml(text: &str) -> String {
    serde_json::Value::from(&*printable(text)).to_string()
}
