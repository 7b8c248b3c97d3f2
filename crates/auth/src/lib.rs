//! Who Lakeward is to AWS: the credentials that a plan chooses, and the one HTTP client through which every AWS call goes.
//!
//! [`Session::open`] is the way in. It first decides purely, from the environment and the AWS files, where credentials come
//! from ([`Resolution`]); then it gets them there, and keeps them fresh ([`Renewing`]). [`Signing`] shows both steps apart, and
//! asks AWS about them.

mod session;
mod environment;
mod resolution;
mod link;
mod place;
mod broken;
mod step;
mod origin;
mod region;
mod error;
mod advice;
mod temporary;
mod aws_files;
mod sources;
mod cache;
mod replace;
mod rewrite;
mod tools;
mod endpoints;
mod renewing;
mod status;
mod named;
mod account;
mod server_clock;
pub mod sign_in;
mod http_client;
mod unreached;

pub use account::Regions;
pub use advice::in_wizard;
pub use aws_files::{Changed, Edit, Of};
pub use broken::{Broken, Fault};
pub use environment::Environment;
pub use http_client::{HttpClientError, HttpClientOptions, http_client};
pub use link::{Found, Link, State, deciding};
pub use named::{By, Kept, Named, NamedProfile, NamedSession, Selected};
pub use origin::{Origin, Setting};
pub use place::Place;
pub use renewing::Renewing;
pub use resolution::Resolution;
pub use rewrite::{Rewrite, RewriteError, keep_private};
pub use server_clock::{Clocks, ServerClock};
pub use session::{Identity, Keys, NoKeys, Session, Signing, known_keys};
pub use sources::{end_programs, with_programs};
pub use status::{SignInKind, SignedIn, SignedInHere, signed_in};
pub use step::Step;

#[cfg(test)]
mod tests;
