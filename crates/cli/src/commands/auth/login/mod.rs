//! `lakeward auth login`: signs in, with the person at the terminal.

mod attend;
mod sso;

use lakeward_core::failure::{Failure, FailureKind};

use crate::{arguments::LoginArguments, console::Console};

pub(super) async fn login(arguments: LoginArguments, console: &Console) -> Result<(), Failure> {
    if arguments.console {
        return Err(Failure::new(FailureKind::Usage, "there is no console sign-in yet").next("run `aws login`"));
    }
    sso::login(arguments, *console).await
}
