//! Reading whole inputs, from paths to rows.

mod bad_input;
mod formats;
mod judged;
mod running;
mod support;
