//! Which module answers for which service.

use super::{
    account, compute, console,
    exchange::{Answer, Refusal, Request},
    oidc, portal,
    script::{Operation, Service},
    sts,
    world::World,
};

impl Service {
    /// Which operation a request to it is for.
    pub(super) fn operation(self, request: &Request) -> Option<Operation> {
        match self {
            Self::Oidc => oidc::operation(request),
            Self::Portal => portal::operation(request),
            Self::SignIn => console::operation(request),
            Self::Sts => sts::operation(request),
            Self::Account => account::operation(request),
            Self::Imds => compute::imds_operation(request),
            Self::Container => compute::container_operation(request),
        }
    }

    /// Its answer.
    pub(super) fn answer(self, world: &World, operation: Operation, request: &Request) -> Answer {
        let answered = match self {
            Self::Oidc => oidc::answer(world, operation, request),
            Self::Portal => portal::answer(world, operation, request),
            Self::SignIn => console::answer(world, operation, request),
            Self::Sts => sts::answer(world, operation, request),
            Self::Account => account::answer(world, request),
            Self::Imds => compute::imds(world, operation, request),
            Self::Container => compute::container(world, request),
        };
        answered.unwrap_or_else(|Refusal { status, code, message }| self.error(status, code, &message))
    }

    /// An error in its form.
    pub(super) fn error(self, status: u16, code: &str, message: &str) -> Answer {
        match self {
            Self::Oidc => oidc::error(status, code, message),
            Self::Portal => portal::error(status, code, message),
            Self::SignIn => console::error(status, code, message),
            Self::Sts => sts::error(status, code, message),
            Self::Account => account::error(status, code, message),
            Self::Imds => compute::imds_error(status, code, message),
            Self::Container => compute::container_error(status, code, message),
        }
    }

    /// The answer to a request for something that it does not do.
    pub(super) fn unknown(self) -> Answer {
        match self {
            Self::Sts => self.error(400, "InvalidAction", "Could not find operation for version 2011-06-15"),
            _ => self.error(404, "UnknownOperationException", "there is no such operation"),
        }
    }
}
