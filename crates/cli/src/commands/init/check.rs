//! The check, as `lakeward check` makes it.

use std::sync::Arc;

use lakeward_core::{
    plan::{Plan, Storage},
    untrusted::printable,
};
use lakeward_wizard::{CheckLine, Event, Id, Outcome, Ticket};

use super::world::{Events, World};
use crate::commands::check::{
    self,
    report::{self, Check, Item},
};

pub(crate) async fn check(world: Arc<World>, ticket: Ticket, plan: Box<Plan>, events: Events) {
    let region = match &plan.destination.storage {
        Storage::S3(s3) => s3.region.clone(),
        Storage::Embedded { .. } => None,
    };
    let mut tell = |items: &[Item]| {
        items.iter().for_each(|item| events.send(Event::Checked(ticket, line(item, region.as_deref()))));
    };
    let works = match world.lead(*plan).await {
        Ok((plan, server)) => {
            // A program that hangs ends with a check that another takes the place of.
            let checked = lakeward_auth::with_programs(check::run(&plan, false, &world.environment, &mut tell));
            let report = Box::pin(checked).await;
            if let Some(server) = server {
                server.stop().await;
            }
            report.failure().is_none()
        }
        Err(failure) => {
            tell(&[Item::failed(Check::TestWrite, &failure)]);
            false
        }
    };
    events.send(Event::CheckDone(ticket, works));
}

/// An item as a line. `region` is the one that the config says.
fn line(item: &Item, region: Option<&str>) -> CheckLine {
    let found = item.region.as_deref().filter(|found| Some(*found) != region);
    let outcome = match item.outcome {
        // It is put into the config, and then all is well.
        report::Outcome::Warned if found.is_some() && region.is_none() => Outcome::Ok,
        report::Outcome::Ok => Outcome::Ok,
        report::Outcome::Noted | report::Outcome::Warned => Outcome::Warning,
        report::Outcome::Failed(_) => Outcome::Failed,
        report::Outcome::NotAsked | report::Outcome::NotReached | report::Outcome::NotProvable => Outcome::Skipped,
    };
    let safe = |text: &str| printable(text).into_owned();
    // What is put right by itself needs no advice.
    let is_taken = outcome == Outcome::Ok && found.is_some();
    let next = item.next.iter().map(|next| safe(next)).collect::<Vec<_>>().join("\n");
    CheckLine {
        check: item.check.name().to_owned(),
        outcome,
        detail: safe(&item.detail),
        next: Some(next).filter(|next| !is_taken && !next.is_empty()),
        statement: item.statement.as_ref().map(|statement| format!("{statement:#}")),
        answer: found.map(|found| (Id::Region, found.into())),
    }
}
