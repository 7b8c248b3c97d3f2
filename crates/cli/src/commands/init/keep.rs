//! Entries of `~/.aws/config`, which are shown as a change and then written as every change of the AWS files is.

use std::time::SystemTime;

use lakeward_auth::{
    Changed, Edit, Named, Of,
    sign_in::{SSO_SCOPE, SignIn},
};
use lakeward_core::failure::{Failure, FailureKind};
use lakeward_wizard::{AwsEntry, Trouble};

use super::world::{World, trouble};

/// What the entry would change, as a diff, under a name that nothing else has.
pub(crate) fn offer(world: &World, entry: &AwsEntry) -> Result<(AwsEntry, String), Trouble> {
    let offered = || {
        let entry = free(world, entry)?;
        let changes = changes(world, &entry)?;
        let shown = match changes.as_slice() {
            [] => "It is there already.".to_owned(),
            changes => changes.iter().map(Changed::diff).collect(),
        };
        Ok((entry, shown))
    };
    offered().map_err(|failure: Failure| trouble(&failure))
}

/// Writes it, and says where.
pub(crate) async fn keep(world: &World, entry: AwsEntry) -> Result<(AwsEntry, String), Trouble> {
    let kept = async {
        let mut said = Vec::new();
        for changed in changes(world, &entry)? {
            let backup = changed.write().await?;
            let before = backup.map(|backup| format!("; as it was it is kept as {}", world.shown(&backup)));
            said.push(format!("wrote {}{}", world.shown(changed.path()), before.unwrap_or_default()));
        }
        Ok(if said.is_empty() { "it was there already".to_owned() } else { said.join("; ") })
    };
    let said = kept.await.map_err(|failure: Failure| trouble(&failure))?;
    Ok((entry, said))
}

fn changes(world: &World, entry: &AwsEntry) -> Result<Vec<Changed>, Failure> {
    let edit = match entry {
        AwsEntry::Session { name, start_url, region, is_there } => {
            let edit =
                Edit::new(Of::SsoSession(name.clone())).set("sso_start_url", start_url).set("sso_region", region);
            // Scopes that it has are somebody's choice.
            if *is_there { edit } else { edit.set("sso_registration_scopes", SSO_SCOPE) }
        }
        AwsEntry::Profile { name, session, account_id, role_name } => Edit::new(Of::Profile(name.clone()))
            .set("sso_session", session)
            .set("sso_account_id", account_id)
            .set("sso_role_name", role_name),
    };
    SignIn::new(world.environment.clone(), None)?.changes(&[edit])
}

/// The entry with a name that is free, or that the same entry has already; one that is to be changed keeps its name.
fn free(world: &World, entry: &AwsEntry) -> Result<AwsEntry, Failure> {
    if let AwsEntry::Session { is_there: true, .. } = entry {
        return Ok(entry.clone());
    }
    let named = Named::read(&world.environment, SystemTime::now());
    let named = named.map_err(|broken| broken.failure(FailureKind::Denied))?;
    let is_free = |entry: &AwsEntry| match entry {
        AwsEntry::Session { name, start_url, region, .. } => {
            let there = named.sso_sessions.iter().find(|session| session.name == *name);
            there.is_none_or(|there| {
                there.start_url.as_ref() == Some(start_url) && there.region.as_ref() == Some(region)
            })
        }
        AwsEntry::Profile { name, session, account_id, role_name } => {
            let there = named.profiles.iter().find(|profile| profile.name == *name);
            there.is_none_or(|there| there.role == Some([session, account_id, role_name].map(Clone::clone)))
        }
    };
    let numbered = |number: u32| {
        let with = |name: &str| if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
        match entry.clone() {
            AwsEntry::Session { name, start_url, region, is_there } => {
                AwsEntry::Session { name: with(&name), start_url, region, is_there }
            }
            AwsEntry::Profile { name, session, account_id, role_name } => {
                AwsEntry::Profile { name: with(&name), session, account_id, role_name }
            }
        }
    };
    (1..100).map(numbered).find(is_free).ok_or_else(|| {
        Failure::new(FailureKind::Usage, "the AWS files hold a hundred such entries already")
            .next("name one of those in the config")
    })
}
