//! What a config names and this machine lacks. It may be meant for another one, so that this is worth a word and no more. Nothing is run,
//! and nothing is asked of any service.

use std::path::Path;

use lakeward_auth::{Environment, Signing};
use lakeward_core::{
    failure::Failure,
    plan::{AuthPlan, Plan, SsoSession},
    untrusted::printable,
};

use crate::{commands::check::glances, config_file, console::Console};

/// Of the config that was written: each source and profile that is not here, and what that means for it.
pub(crate) fn absent(config: &Path, environment: &Environment, console: Console) -> Vec<Failure> {
    // What was written resolves; if a variable spoils it, a run says so.
    let Ok(resolved) = config_file::resolved(config, Vec::new(), console) else { return Vec::new() };
    let plan = &resolved.plan;
    let mut absent: Vec<Failure> =
        glances(plan).into_iter().filter_map(Result::err).chain(profile(plan, environment)).collect();
    absent.extend(absent.first().map(|first| Failure::new(first.kind, all_the_same(config))));
    absent
}

fn all_the_same(config: &Path) -> String {
    let folder = config.parent().unwrap_or(Path::new("."));
    format!(
        "the config is written all the same: it may be meant for another machine; relative paths in it count from its folder, {}",
        printable(&folder.display().to_string())
    )
}

/// Why the profile or the session of the AWS files that is named leads nowhere.
fn profile(plan: &Plan, environment: &Environment) -> Option<Failure> {
    if !is_named(&plan.auth) {
        return None;
    }
    match Signing::plan(&plan.auth, environment.clone()) {
        Ok(signing) => signing.resolution.found().err(),
        Err(failure) => Some(failure),
    }
}

fn is_named(auth: &AuthPlan) -> bool {
    match auth {
        AuthPlan::Profile(_) => true,
        AuthPlan::Sso(sso) => matches!(sso.session, SsoSession::Named(_)),
        AuthPlan::Role(role) => is_named(&role.source),
        AuthPlan::Chain | AuthPlan::Env | AuthPlan::Compute => false,
    }
}
