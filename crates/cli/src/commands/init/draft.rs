//! The answers of a session that was left, in the state directory.

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
};

use lakeward_wizard::{Draft, Event};

use super::world::{Events, World};

/// Keeps drafts on a thread of its own, the latest last: a disk may take its time.
pub(crate) struct Drafts {
    send: Option<Sender<Option<String>>>,
    thread: Option<JoinHandle<()>>,
    failed: Arc<AtomicBool>,
}

impl Drafts {
    pub(crate) fn new(world: &World, events: Events) -> Self {
        let (send, wanted) = mpsc::channel::<Option<String>>();
        let path = world.draft();
        let failed = Arc::new(AtomicBool::new(false));
        let latest_failed = Arc::clone(&failed);
        let keep = move || {
            let mut is_told = false;
            while let Ok(next) = wanted.recv() {
                let latest = wanted.try_iter().last().unwrap_or(next);
                let kept = match latest {
                    Some(text) => lakeward_auth::keep_private(&path, &text),
                    None => remove(&path),
                };
                latest_failed.store(kept.is_err(), Ordering::Relaxed);
                if let (Err(error), false) = (kept, is_told) {
                    is_told = true;
                    events.send(Event::Note(format!("the answers can't be kept for another time: {error}")));
                }
            }
        };
        let thread = thread::Builder::new().name("draft".into()).spawn(keep).ok();
        Self { send: Some(send), thread, failed }
    }

    /// Whether the latest that was to be kept could not be.
    pub(crate) fn have_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Keeps a draft, or forgets what is kept.
    pub(crate) fn keep(&self, text: Option<String>) {
        if let Some(send) = &self.send {
            // Without the thread nothing is kept, which the person was told.
            let _ = send.send(text);
        }
    }
}

impl Drop for Drafts {
    /// The last one is kept before the program ends.
    fn drop(&mut self) {
        self.send = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Forgets the draft.
pub(crate) fn forget(world: &World) {
    // One that can't be removed is asked about the next time.
    let _ = remove(&world.draft());
}

/// Reads it; the error says why what is there can't be gone on with.
pub(crate) fn read(world: &World) -> Result<Option<Draft>, String> {
    match fs::read_to_string(world.draft()) {
        Ok(text) => Draft::read(&text),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(format!("the answers of an earlier session can't be read: {error}")),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if is_absent(&error) => Ok(()),
        removed => removed,
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
