//! Reading whole inputs, from paths to rows.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod bad_columnar;
mod bad_input;
mod columnar;
mod command;
mod formats;
mod judged;
mod running;
mod support;
