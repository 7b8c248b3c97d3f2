//! The embedded S3, driven by the AWS SDK and, where a client would never send such a thing, by hand.

mod kit;
mod put;
