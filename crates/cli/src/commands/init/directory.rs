//! The accounts and roles of a sign-in, as they are listed.

use std::{sync::Arc, time::Duration};

use lakeward_auth::sign_in::{Choice, SignIn, SsoTarget, Target};
use lakeward_core::failure::{Failure, FailureKind};
use lakeward_wizard::{Account, Event, Remote, SignInRequest, Ticket};
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, sleep_until},
};

use super::world::{Events, World, trouble};

/// The least time between two accounts whose roles are asked for: the portal is said to allow some twenty calls a second.
const PACE: Duration = Duration::from_millis(67);

/// How many accounts are told at once, where they come so fast.
const AT_ONCE: usize = 50;

/// What all lists of a session share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory(Arc<Mutex<Option<Instant>>>);

impl Directory {
    pub(crate) async fn accounts(self, world: Arc<World>, ticket: Ticket, request: SignInRequest, events: Events) {
        let (send, mut accounts) = mpsc::channel(AT_ONCE);
        let told = async {
            let mut several = Vec::new();
            while accounts.recv_many(&mut several, AT_ONCE).await > 0 {
                let accounts = several.drain(..).map(|account: lakeward_auth::sign_in::Account| Account {
                    id: account.id,
                    name: account.name.unwrap_or_default(),
                    email: account.email.unwrap_or_default(),
                    roles: Remote::Idle,
                });
                events.send(Event::Accounts(ticket, accounts.collect()));
            }
        };
        let listed = async {
            let (sign_in, target) = portal(&world, &request)?;
            sign_in.accounts(&target, send).await.map_err(|error| error.into_failure())
        };
        // The sender goes with the list, so that the other ends too.
        let (listed, ()) = tokio::join!(listed, told);
        events.send(Event::Listed(ticket, listed.map_err(|failure| trouble(&failure))));
    }

    pub(crate) async fn roles(
        self,
        world: Arc<World>,
        ticket: Ticket,
        request: SignInRequest,
        account: String,
        events: Events,
    ) {
        self.turn().await;
        let roles = match portal(&world, &request) {
            Ok((sign_in, target)) => sign_in.roles(&target, &account).await.map_err(|error| error.into_failure()),
            Err(failure) => Err(failure),
        };
        events.send(Event::Roles(ticket, account, roles.map_err(|failure| trouble(&failure))));
    }

    async fn turn(&self) {
        let at = {
            let mut free = self.0.lock().await;
            let at = free.unwrap_or_else(Instant::now).max(Instant::now());
            *free = Some(at + PACE);
            at
        };
        sleep_until(at).await;
    }
}

/// What a request signs in to, if that is IAM Identity Center.
pub(crate) fn portal(world: &World, request: &SignInRequest) -> Result<(SignIn, SsoTarget), Failure> {
    let choice = match request {
        SignInRequest::Sso { session: Some(name), .. } => Choice::Session(name.clone()),
        SignInRequest::Sso { start_url: Some(url), region, .. } => {
            Choice::Portal { start_url: url.clone(), region: region.clone() }
        }
        SignInRequest::Sso { .. } | SignInRequest::Console { .. } | SignInRequest::Mfa { .. } => {
            let what = "neither a session nor a start URL says which access portal is meant";
            return Err(Failure::new(FailureKind::Usage, what).next("go back and name one of them"));
        }
    };
    let sign_in = SignIn::new(world.environment.clone(), None)?;
    match sign_in.target(&choice)? {
        Target::Sso(target) => Ok((sign_in, target)),
        Target::Console { profile } => {
            Err(Failure::new(FailureKind::Bug, format!("an access portal led to the console, by profile {profile}")))
        }
    }
}
