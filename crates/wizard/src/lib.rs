//! From nothing to a config: which questions there are, what is known, and what follows from what a person does.
//!
//! Everything here is pure. [`State`] and an [`Event`] give the next state and [`Effect`]s ([`State::step`]); whoever runs it carries
//! the effects out and brings what comes of them back as events. A screen is drawn from `&State` alone.

mod question;
mod table;
mod registry;
mod reference;
mod answers;
mod layers;
mod validate;
mod compose;
mod headless;
mod draft;
mod facts;
mod titles;
mod state;
mod event;
mod effect;
mod secret;
mod reduce;
pub mod plain;
pub mod record;

#[cfg(test)]
mod tests;

pub use answers::{Answer, Answers, From, Rests, Value};
pub use compose::{Composed, auth_plan, command, compose};
pub use draft::Draft;
pub use effect::{AwsEntry, Effect, Exit, SignInRequest, Ticket, Writing};
pub use event::{Code, Event, Intent, Key, Page, Press, SignInAct, SignInEvent};
pub use facts::{
    Account, Again, CheckLine, Column, Condition, Document, Facts, Found, Identity, NOT_ALL, Outcome, Place, Preview,
    PreviewedTable, Remote, Search, SearchLink, SsoSession, Trouble, Wrong,
};
pub use headless::headless;
pub use question::{Choice, Id, Kind, Need, QUESTIONS, Question};
pub use reduce::{Hint, Start, start};
pub use reference::reference;
pub use secret::{Hidden, Secret};
pub use state::{
    Field, Form, INTRODUCTION, LEFT_EDIT, List, Popup, Review, ReviewTab, Row, RunState, RunTable, SMALLEST, Screen,
    Scroll, SignInState, State, TableState, Told, WITHOUT_ACCOUNT, Way, Welcome,
};
