//! Which answers are still waited for.

use std::collections::BTreeMap;

use crate::effect::Ticket;

/// A kind of request; of each the latest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Request {
    Detect,
    Explain,
    SignIn,
    /// Accounts and their roles.
    Accounts,
    Identify,
    Preview,
    Check,
    Write,
    Keep,
    Run,
}

/// The latest ticket of each kind of request that is not dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tickets {
    given: u64,
    latest: BTreeMap<Request, Ticket>,
}

impl Tickets {
    /// A new ticket; earlier ones of the kind are dropped.
    pub(super) fn draw(&mut self, request: Request) -> Ticket {
        self.given += 1;
        self.latest.insert(request, Ticket(self.given));
        Ticket(self.given)
    }

    /// The ticket that counts.
    pub(super) fn latest(&self, request: Request) -> Option<Ticket> {
        self.latest.get(&request).copied()
    }

    pub(super) fn drop(&mut self, request: Request) {
        self.latest.remove(&request);
    }

    pub(super) fn is_latest(&self, request: Request, ticket: Ticket) -> bool {
        self.latest(request) == Some(ticket)
    }
}
