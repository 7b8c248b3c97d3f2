//! From nothing to a config: which questions there are, what is known, and what follows from what a person does.
//!
//! Everything here is pure. [`State`] and an [`Event`] give the next state and [`Effect`]s ([`reduce`]); whoever runs it carries the
//! effects out and brings what comes of them back as events. A screen is drawn from `&State` alone.

mod question;
mod answers;
mod facts;
mod state;
mod event;
mod effect;

pub use answers::{Answer, Answers, From, Value};
pub use effect::{Effect, Exit, SignInRequest, Ticket};
pub use event::{Event, Key, Press, SignInAct, SignInEvent};
pub use facts::{
    Account, CheckLine, Column, Condition, Document, Facts, Found, Identity, Outcome, Place, Preview, PreviewedTable,
    Remote, Trouble,
};
pub use question::{Choice, Id, Kind, QUESTIONS, Question};
pub use state::{Field, Form, List, Popup, ReviewTab, RunState, RunTable, Screen, SignInState, State, TableState};
