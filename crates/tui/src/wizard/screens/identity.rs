//! Whose the credentials are.

use lakeward_core::failure::FailureKind;
use lakeward_wizard::{Identity, Remote, State};
use ratatui::text::Span;

use super::parts;
use crate::wizard::{
    ground::{Ground, Room},
    look::{Look, Mark, bold},
    sheet::Sheet,
    text::whole,
    time::{since, span},
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    match &state.facts.identity {
        Remote::Idle => parts::question(&mut sheet, "Nobody has signed in yet.", ""),
        Remote::Asked(asked) => {
            parts::question(&mut sheet, "Asking AWS whose the credentials are", "");
            sheet.blank();
            match state.runs() {
                // It comes first, and asks nobody in the network as far as is known here.
                Some(program) => parts::waiting_for_program(&mut sheet, program, *asked, state.now),
                None => parts::waiting(&mut sheet, "Waiting for STS", *asked, state.now),
            }
        }
        Remote::Failed(trouble) => {
            let is_unanswered = trouble.code == FailureKind::Destination.exit_code();
            let heading = if is_unanswered { "AWS could not be reached" } else { "These credentials do not work" };
            parts::question(&mut sheet, heading, "");
            sheet.blank();
            parts::trouble(&mut sheet, 0, trouble);
            sheet.blank();
            sheet.say(0, "No answer is lost: Esc leads back to another way to sign in.");
        }
        Remote::Got(identity) => {
            parts::question(&mut sheet, "Is this who should write?", "");
            sheet.blank();
            if identity.account.is_empty() {
                sheet.mark(
                    0,
                    Mark::Info,
                    "AWS is not asked about these credentials: the destination is another server",
                );
            } else {
                sheet.mark(0, Mark::Good, "AWS knows these credentials");
            }
            sheet.blank();
            if !identity.account.is_empty() {
                sheet.pair(2, "Account", 10, &look.text(&identity.account));
            }
            arn(&mut sheet, &look.text(&identity.arn));
            sheet.pair(2, "Good for", 10, &validity(identity, state));
            if !identity.warnings.is_empty() {
                sheet.blank();
            }
            for warning in &identity.warnings {
                sheet.mark(0, Mark::Warning, &look.text(warning));
            }
            if ground.room > Room::Narrow {
                sheet.blank();
                sheet.say(0, "Nothing was written so far, and nothing was asked of S3. What this identity may do is tried at the end, with one small object.");
            }
        }
    }
    ground.fill(&sheet);
}

/// The ARN, in a column of its own where it fits there.
fn arn(sheet: &mut Sheet<'_>, arn: &str) {
    let mut lines = whole(arn, sheet.width.saturating_sub(12)).into_iter();
    sheet.hanging(Span::raw(format!("  {:<10}", "Identity")), &lines.next().unwrap_or_default(), bold());
    lines.for_each(|line| sheet.styled(12, &line, bold()));
}

/// Until when credentials are good.
pub(crate) fn validity(identity: &Identity, state: &State) -> String {
    let renewed = if identity.renews { ", then renewed" } else { "" };
    match identity.expires {
        None => "as long as nobody takes them away".to_owned(),
        Some(expires) if expires <= state.now => {
            format!("no longer: expired {} ago{renewed}", span(since(expires, state.now)))
        }
        Some(expires) => format!("{}{renewed}", span(since(state.now, expires))),
    }
}

/// The permission set of which IAM Identity Center made a role: it names the role `AWSReservedSSO_<permission set>_<16 hex digits>`.
fn permission_set(role: &str) -> Option<&str> {
    let (set, random) = role.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
    (random.len() == 16 && !set.is_empty()).then_some(set)
}

/// In a few words: the last part of the ARN, and the account.
pub(crate) fn short(identity: &Identity, look: &Look) -> String {
    let name = identity.arn.split_once('/').map_or(identity.arn.as_str(), |(_, name)| name);
    let name = name.split('/').next().unwrap_or(name);
    let name = permission_set(name).unwrap_or(name);
    let account = if identity.account.is_empty() { String::new() } else { format!(" in {}", identity.account) };
    look.text(&format!("{name}{account}"))
}
