//! Signing in to IAM Identity Center.

use lakeward_auth::{Environment, sign_in::SignIn};
use lakeward_core::failure::Failure;

use crate::{arguments::LoginArguments, console::Console};

pub(super) async fn login(arguments: LoginArguments, _console: Console) -> Result<(), Failure> {
    let _ = SignIn::new(Environment::real(), arguments.choice.profile.as_deref())?;
    Ok(())
}
