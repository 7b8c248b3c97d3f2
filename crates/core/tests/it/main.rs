//! What stands outside the source and has to agree with it.

mod examples;
mod schema;
