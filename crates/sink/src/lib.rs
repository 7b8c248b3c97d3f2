//! Record batches become objects in S3.
//!
//! The way of a row, in the order of the modules: `engine` takes a source's messages on a thread of its own and keeps one
//! `table_writer` for each open table; that cuts batches where an object closes, gives them to the `encode`r, and seals
//! the object: its bytes lie in a `spool`, and its key, length and checksums are known. `upload` puts sealed objects,
//! a few at once, tries again what `put_error` says is worth it, and tells the `ledger` what has landed. `bucket` is
//! the one place that speaks S3.
//!
//! Nothing here lists, reads or deletes.

mod engine;
mod table_writer;
mod keys;
mod encode;
mod spool;
mod parts;
mod digest;
mod body;
mod sealed;
mod multipart;
mod upload;
mod gate;
mod pace;
mod patience;
mod ledger;
mod bucket;
mod vendor;
mod put_error;
mod refusal;
mod stop;

pub use bucket::{Bucket, BucketOptions};
pub use engine::{Landing, SinkOptions, SinkOutlet, start};
pub use keys::first_keys;
pub use ledger::{Landed, LandedTable};
