//! What a person or a program sees: of a run its progress while it goes on and its summary when it is over; of the wizard its
//! screens.
//!
//! Everything here is an [`lakeward_core::event::Observer`], a pure rendering, or the terminal itself; nothing decides anything.

pub mod progress;
mod bars;
mod lines;
pub mod summary;
pub mod wizard;
mod quantity;
mod fitted;

pub use fitted::fitted;
