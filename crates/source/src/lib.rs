//! Files, standard input and what commands print, as record batches.
//!
//! [`discover`] finds the files of each table, tells their formats and infers the table's columns from a bounded sample.
//! [`TableReader::read`] then cuts each file into blocks of whole records (`block`), decodes the blocks in parallel,
//! column by column (`decode`), and hands the batches over in the order of the file (`read`). Parquet and Arrow bring their
//! columns and types along (`columnar`); they are cut into pieces and cast where a table's types are others.
//!
//! Two rules hold everywhere. A value either lands as it was written or its row is a *misfit*: nothing is cut or guessed.
//! An integer or a decimal is never rounded; a float is the nearest of 64 bits. And every record that was read is either handed over or set aside, so the two counts add up to what the files
//! hold.

mod locate;
mod program;
mod command;
mod open;
mod sniff;

mod block;
mod infer;

mod decode;

mod columnar;
mod input;

mod beginning;
mod discover;
mod glance;
mod note;
mod read;
mod reject;
mod sampler;

mod error;

use std::{path::PathBuf, sync::Arc};

use lakeward_core::{budget::Budget, event::Observer, plan::OwnPlace};

pub use crate::{
    command::{Commands, EndCommands, Service},
    discover::{discover, discover_beside},
    glance::{Glance, glance},
    program::plugin_at,
    read::{TableRead, TableReader},
};

/// What all readers of one run share.
#[derive(Clone)]
pub struct Context {
    /// The memory that blocks and batches may take.
    pub budget: Budget,
    /// Is told what was read.
    pub observer: Arc<dyn Observer>,
    /// The run's id; it is part of the names of rejects files.
    pub run_id: String,
    /// Where content that must be in a file, and came through a pipe or compressed, is put into one without a name. It is
    /// made when that is first needed.
    pub spool_dir: PathBuf,
    /// What is of the runs themselves, and never read.
    pub own_places: Vec<OwnPlace>,
    /// The commands that were started. Whoever runs a sync holds what ends them.
    pub commands: Commands,
}
