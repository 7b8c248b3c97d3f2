//! What a run of a config would trip over on this machine: what the config names and is not there, and files that can't be read. It may
//! be meant for another machine, so that this is worth a word and no more. Nothing is run, and nothing is asked of any service.

use std::path::Path;

use lakeward_auth::{Environment, Signing};
use lakeward_core::{
    failure::Failure,
    plan::{AuthPlan, Plan, SsoSession},
    untrusted::printable,
};
use lakeward_source::Glance;

use crate::{commands::check::glances, config_file, console::Console};

/// What is foreseen.
#[derive(Debug, Default)]
pub(crate) struct Foreseen {
    /// Why a run would fail here.
    pub(crate) failures: Vec<Failure>,
    /// What may not be what was meant, though it lands.
    pub(crate) odd: Vec<String>,
    /// What the failures mean for the config; nothing where there are none.
    pub(crate) note: Option<String>,
}

impl Foreseen {
    /// Of a config that was written.
    pub(crate) fn of(config: &Path, environment: &Environment, console: Console) -> Self {
        // What was written resolves; if a variable spoils it, a run says so.
        let Ok(resolved) = config_file::resolved(config, Vec::new(), console) else { return Self::default() };
        let plan = &resolved.plan;
        let mut foreseen = Self::default();
        for glance in glances(plan) {
            match glance {
                Ok(Glance::There(_, odd)) => foreseen.odd.extend(odd),
                Ok(Glance::Later(_)) => {}
                Err(failure) => foreseen.failures.push(failure),
            }
        }
        foreseen.failures.extend(profile(plan, environment));
        foreseen.note = (!foreseen.failures.is_empty()).then(|| all_the_same(config));
        foreseen
    }
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
