//! The places where credentials come from, one file each: how it is recognised (`plan`) and how credentials are got there
//! ([`Source::fetch`](crate::link::Source::fetch)). A new one is a file here and a line in `resolution.rs`.

pub(crate) mod environment;
pub(crate) mod keys;
pub(crate) mod role;
pub(crate) mod web_identity;
pub(crate) mod sso;
pub(crate) mod login;
pub(crate) mod process;
pub(crate) mod container;
pub(crate) mod instance;
