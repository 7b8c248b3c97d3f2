//! The wizard on a full screen: a drawing of its state, and what a person does to it as events. What follows from an event is for
//! `lakeward_wizard` alone.
//!
//! [`Stage`] owns the terminal while it lasts; [`draw`] is pure, so that a test can look at any screen, and [`capture`] can keep one.

mod stage;
mod terminal;
mod keys;
mod clipboard;
mod screens;
pub mod capture;
mod look;
mod ground;
mod sheet;
pub(crate) mod text;
mod time;
mod qr;

pub use clipboard::copy;
pub use look::Look;
pub use screens::draw;
pub use stage::{Stage, Then};
pub use terminal::{hint, restore};
