//! `lakeward policy`.

use std::io::{self, Write};

use lakeward_core::{failure::Failure, policy};

use crate::{arguments::PolicyArguments, config_file, console::Console};

/// Prints the least IAM policy of the config's destination, or a note that asks an administrator for it.
pub(crate) fn policy(arguments: PolicyArguments, console: &Console) -> Result<(), Failure> {
    let destination = config_file::resolve(arguments.config, Vec::new(), *console)?.plan.destination;
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    let least = if arguments.with_read { policy::policy_with_read } else { policy::policy };
    let policy = least(&destination, region.as_deref())?;
    let text = if arguments.note { policy::note(&destination, &policy) } else { format!("{policy:#}\n") };
    // Nobody may be reading.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}
