//! The embedded S3, driven by the AWS SDK and, where no client would send such a thing, by hand; the loopback AWS, driven
//! by botocore and by hand.

#![expect(clippy::expect_used, clippy::panic, reason = "tests and their helpers fail by panicking")]

mod access_keys;
mod aws_account;
mod aws_console;
mod aws_compute;
mod aws_faults;
mod aws_kit;
#[cfg(unix)]
mod aws_program;
mod aws_sso;
mod aws_sts;
mod checksums;
mod faults;
mod keys;
mod kit;
mod multipart;
mod policy;
mod processes;
mod put;
mod raw;
mod speed;
