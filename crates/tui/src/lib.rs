//! What a person or a program sees of a run: its progress while it goes on, its summary when it is over.
//!
//! Everything here is an [`lakeward_core::event::Observer`] or a pure rendering; nothing decides anything.

pub mod progress;
mod bars;
mod lines;
pub mod summary;
mod quantity;
