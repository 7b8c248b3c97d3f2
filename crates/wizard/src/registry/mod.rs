//! The registry of questions. A new one has an [`Id`](crate::Id), a constant beside its kin, and a line here.

mod needs;
mod auth;
mod destination;
mod source;
mod cloudquery;

use crate::question::Question;

/// Every question, in the order in which they are asked, which is the order of their ids.
pub const QUESTIONS: &[Question] = &[
    destination::STORAGE,
    auth::AUTH,
    auth::PROFILE,
    auth::SSO_SESSION,
    auth::SSO_START_URL,
    auth::SSO_REGION,
    auth::SSO_ACCOUNT_ID,
    auth::SSO_ROLE_NAME,
    auth::ROLE_ARN,
    auth::SOURCE_PROFILE,
    auth::MFA_SERIAL,
    auth::EXTERNAL_ID,
    auth::ROLE_SESSION_NAME,
    auth::DURATION,
    destination::DIR,
    destination::BUCKET,
    destination::PATH,
    destination::REGION,
    destination::FORMAT,
    destination::COMPRESSION,
    destination::FILE_SIZE,
    destination::SSE_KMS_KEY_ID,
    destination::ENDPOINT,
    source::SOURCE,
    source::PATHS,
    source::COMMAND,
    source::TABLE,
    source::SOURCE_FORMAT,
    source::ON_ERROR,
    cloudquery::ADDRESS,
    cloudquery::PLUGIN,
    cloudquery::TABLES,
    cloudquery::SKIP_TABLES,
    cloudquery::SPEC,
    cloudquery::NETWORK,
    cloudquery::TIMEOUT,
];
