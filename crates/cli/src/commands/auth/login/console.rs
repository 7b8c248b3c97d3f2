//! Signing in at the console.

use std::{
    io::{self, IsTerminal},
    time::SystemTime,
};

use lakeward_auth::{
    Environment,
    sign_in::{ConsoleRequest, Flow, Machine, SignIn, situation},
};
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};

use super::{
    super::{until, written},
    attend::{Offers, attend, is_attended},
};
use crate::{arguments::LoginArguments, console::Console};

pub(super) async fn login(arguments: LoginArguments, console: Console) -> Result<(), Failure> {
    let sign_in = SignIn::new(Environment::real(), arguments.choice.profile.as_deref())?;
    let way = arguments.way;
    let situation = situation(&Environment::real(), Machine::real());
    let flow = match way.flow.map(Flow::from).or(way.redirect_port.map(|_| Flow::Browser)) {
        Some(flow) => flow,
        // Nobody could paste a code.
        None if !is_attended() => Flow::Browser,
        None => {
            if let Some(reason) = &situation.reason {
                console.note(&format!("You sign in with a code, because {reason}.\n"));
            }
            situation.flow
        }
    };
    // Whoever names a browser has one; else somebody has to sit there.
    let is_named = std::env::var_os("BROWSER").is_some_and(|named| !named.is_empty());
    let opens = is_named || (situation.opens && io::stderr().is_terminal());
    let request = ConsoleRequest { region: arguments.at_console.region, flow, redirect_port: way.redirect_port };
    let offers = Offers { browser: !way.no_browser && opens, switch: true };
    let signed_in = attend(|person| sign_in.console(request, person), offers, console).await?;
    let profile = printable(sign_in.profile());
    if let (Some(other), false) = (&signed_in.replaces, arguments.at_console.replace) {
        let what = format!(
            "you have signed in as {}, but profile {profile} is {}'s, and was left as it is",
            printable(&signed_in.session),
            printable(other)
        );
        return Err(Failure::new(FailureKind::Usage, what)
            .next("run it again with --replace to change the profile, or name another one with --profile"));
    }
    console.result(&format!(
        "Signed in as {} (account {}, region {}).\nKeys until {}; they are renewed by themselves for up to 12 hours.\n",
        printable(&signed_in.session),
        printable(&signed_in.account),
        printable(&signed_in.region),
        until(signed_in.expires, SystemTime::now())
    ));
    written(sign_in.console_changes(&signed_in)?, console).await?;
    console.result(&format!("Profile {profile} uses this sign-in.\n"));
    Ok(())
}
