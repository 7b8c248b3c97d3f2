//! The loopback AWS: the services that sign a person in and give out credentials, on ports of 127.0.0.1.
//!
//! IAM Identity Center (OpenID Connect and the access portal), AWS Sign-In, STS, Account Management (its regions alone), IMDSv2
//! and container credentials, with the paths, bodies, headers and errors of the real ones. What it promises:
//! - Clients of AWS can't tell it from AWS as far as they look: `botocore` is the judge in the tests.
//! - What AWS verifies is verified: SigV4, PKCE, proofs of possession, a role's trust, bearer tokens, times.
//! - Every access key that it gave out is known by its id until long after its end ([`LoopbackAws::issued`]).
//! - Time, lifetimes and faults are scripted, so that what takes AWS hours to show takes a test seconds.
//! - What it gives out is random, opens nothing anywhere else, and is not told in [`Call`] or any `Debug`; only
//!   [`LoopbackAws::handed_out`] tells it, to those who look for leaks.

mod server;
mod dispatch;
mod world;
mod options;
mod clock;
mod script;
mod exchange;
mod oidc;
mod clients;
mod portal;
mod sso_sessions;
mod console;
mod console_sessions;
mod dpop;
mod codes;
mod pages;
mod sts;
mod account;
mod signature;
mod compute;
mod issued;
mod expiring;
mod secrets;
mod random;

pub use clock::Clock;
pub use console_sessions::ConsoleSession;
pub use issued::{AccessKeys, Issued, KeyRefused, Principal};
pub use options::{Account, Approval, Lifetimes, MfaDevice, Options, RefreshTokens, Role, User};
pub use script::{Call, Fault, Grant, Operation, Service};
pub use secrets::HandedOut;
pub use server::LoopbackAws;
pub use sso_sessions::SsoSession;
pub use world::Endpoints;
