//! The embedded S3: an S3 server in this process that keeps each object as the plain file `dir/bucket/key`.
//!
//! It speaks the real protocol (signed requests, aws-chunked bodies, trailers, by way of `s3s`) and implements the write
//! half only: `PutObject` and the multipart calls. A policy denies everything else and everything outside one prefix of
//! one bucket, and counts what it denied. So a run against it takes the same path as a run against AWS, and shows that
//! the run needs nothing but writes.
//!
//! What it promises:
//! - An object is visible as a whole or not at all, whatever happens to the process or the connection: it is received
//!   into a temporary file, its length and every checksum that came with it are verified, and only then is the file, once
//!   on disk, renamed to its place.
//! - Two processes may share a `dir`.
//! - A key can't leave its bucket's folder.
//! - An option that it can't keep (encryption, tags, access lists, …) is an error and never ignored. The content type and
//!   user metadata are ignored: plain files have no place for them.
//!
//! An object's entity tag is opaque, as it is on AWS with KMS encryption: it is not an MD5, which would cost more time
//! than everything else that happens to a byte here.
//!
//! Beside its own key it accepts those that a [`aws::LoopbackAws`] gives out, if it is told to ([`Options::access_keys`]).
//!
//! Beside it, [`aws`] is the rest of AWS that a sign-in needs, for tests and demonstrations.

mod access;
mod calls;
mod checksum;
mod error;
mod exchange;
mod multipart;
mod object_path;
mod receive;
mod server;
mod service;
mod store;
mod temp;
pub mod aws;

pub use calls::Calls;
pub use error::{DISK_FULL_CODE, KEY_CONFLICT_CODE, NOT_WRITABLE_CODE};
pub use server::{EmbeddedS3, Options};
