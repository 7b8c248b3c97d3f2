//! Record batches become objects in S3.
//!
//! The way of a row, in the order of the modules: `engine` takes a source's messages on a thread of its own and keeps one
//! `table_writer` for each open table; that cuts batches where an object closes and gives them to the `encode`r. Its bytes go
//! into a `spool`, which cuts them into pieces and hashes each. One piece alone is an object and is sealed when the object closes;
//! of a larger one each piece is sealed as a part (`multipart`) as soon as there is more. `upload` sends what is sealed, as many
//! at once as `pace` finds good, tries again as long as `patience` and `put_error` say, and tells the `ledger` what has landed.
//! `bucket` is the one place that speaks S3, to each `vendor`'s server in its way; `refusal` knows what servers answer, and `denial` what AWS says of what it
//! does not allow.
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
mod denial;
mod stop;

pub use bucket::{Bucket, BucketOptions, NotWritten, Renew, TestWrite, Written};
pub use denial::{Denial, PolicyKind, Why};
pub use engine::{Landing, SinkOptions, SinkOutlet, start};
pub use keys::first_keys;
pub use ledger::{Landed, LandedTable};
