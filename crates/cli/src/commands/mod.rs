//! One module a command.

pub(crate) mod init;
pub(crate) mod auth;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod import;
pub(crate) mod policy;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod sync;
