//! `lakeward auth export`: the credentials for other programs, and nothing else on standard output.

use std::io::{self, Write};

use lakeward_auth::{Environment, Keys};
use lakeward_core::failure::{Failure, FailureKind};
use secrecy::ExposeSecret;
use serde_json::json;

use super::{asked, timestamp};
use crate::{
    arguments::{ExportArguments, ExportFormat},
    console::Console,
};

pub(super) async fn export(arguments: ExportArguments, console: &Console) -> Result<(), Failure> {
    let asked = asked(arguments.choice, console)?;
    let keys = asked.signing(Environment::real())?.keys().await?;
    let text = match arguments.format {
        ExportFormat::Env => env(&keys),
        ExportFormat::CredentialProcess => credential_process(&keys),
    };
    // Whoever asked has to know whether all of it came.
    let mut stdout = io::stdout();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::new(FailureKind::Destination, format!("the credentials can't be printed: {error}")))
}

/// Lines for `eval` in a POSIX shell.
fn env(keys: &Keys) -> String {
    let line = |name: &str, value: &str| format!("export {name}='{}'\n", value.replace('\'', r"'\''"));
    let mut text = line("AWS_ACCESS_KEY_ID", &keys.access_key_id);
    text.push_str(&line("AWS_SECRET_ACCESS_KEY", keys.secret_access_key.expose_secret()));
    match &keys.session_token {
        Some(token) => text.push_str(&line("AWS_SESSION_TOKEN", token.expose_secret())),
        // One that is left from other keys would make these useless.
        None => text.push_str("unset AWS_SESSION_TOKEN\n"),
    }
    match keys.expires {
        Some(expires) => text.push_str(&line("AWS_CREDENTIAL_EXPIRATION", &timestamp(expires))),
        None => text.push_str("unset AWS_CREDENTIAL_EXPIRATION\n"),
    }
    text
}

/// What a `credential_process` prints (AWS SDKs and tools reference guide, "Process credential provider").
fn credential_process(keys: &Keys) -> String {
    let mut answer = json!({
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.expose_secret(),
    });
    if let Some(token) = &keys.session_token {
        answer["SessionToken"] = json!(token.expose_secret());
    }
    if let Some(expires) = keys.expires {
        answer["Expiration"] = json!(timestamp(expires));
    }
    format!("{answer}\n")
}
