//! The answers of a session that was left, in the state directory: of each config its own.

use std::{
    cmp::Reverse,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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
    /// Why the last of them could not be kept, if it could not.
    unkept: Arc<Mutex<Option<String>>>,
}

impl Drafts {
    pub(crate) fn new(world: &World, config: &Path, events: Events) -> Self {
        let (send, wanted) = mpsc::channel::<Option<String>>();
        let (path, unkept) = (file(world, config), Arc::<Mutex<Option<String>>>::default());
        let shown = world.shown(&path);
        let last = Arc::clone(&unkept);
        let keep = move || {
            while let Ok(next) = wanted.recv() {
                let latest = wanted.try_iter().last().unwrap_or(next);
                let kept = match latest {
                    Some(text) => lakeward_auth::keep_private(&path, &text),
                    None => remove(&path),
                };
                let kept = kept.map_err(|error| format!("{shown}: {error}"));
                let before = std::mem::replace(&mut *lock(&last), kept.clone().err());
                if before != kept.clone().err() {
                    events.send(Event::Drafted(kept));
                }
            }
        };
        let thread = thread::Builder::new().name("draft".into()).spawn(keep).ok();
        Self { send: Some(send), thread, unkept }
    }

    /// Keeps a draft, or forgets what is kept.
    pub(crate) fn keep(&self, text: Option<String>) {
        if let Some(send) = &self.send {
            // Without the thread nothing is kept, which the person was told.
            let _ = send.send(text);
        }
    }

    /// Waits until the last one is kept, and keeps none after it; why that one could not be, if so.
    pub(crate) fn end(&mut self) -> Option<String> {
        self.send = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        lock(&self.unkept).clone()
    }
}

fn lock(unkept: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    unkept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Drafts {
    /// The last one is kept before the program ends.
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// The file of a config's draft: the usual one, unless that is another config's.
fn file(world: &World, config: &Path) -> PathBuf {
    use sha2::{Digest, Sha256};
    const USUAL: &str = "init.json";
    let hash = Sha256::digest(config.as_os_str().as_encoded_bytes());
    let name: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let own = world.drafts().join(format!("init-{name}.json"));
    let usual = world.drafts().join(USUAL);
    let is_anothers = || config_of(&usual).is_some_and(|other| other != config);
    if own.exists() || is_anothers() { own } else { usual }
}

/// The config that the draft in a file is of.
fn config_of(file: &Path) -> Option<PathBuf> {
    Draft::read(&fs::read_to_string(file).ok()?).ok()??.config
}

/// The drafts of other configs, the latest first.
pub(crate) fn of_others(world: &World, config: &Path) -> Vec<Draft> {
    let files = fs::read_dir(world.drafts()).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let is_draft = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("init") && name.ends_with(".json")
    };
    let drafts = files.filter(is_draft).filter_map(|path| Draft::read(&fs::read_to_string(path).ok()?).ok()?);
    let mut others: Vec<Draft> =
        drafts.filter(|draft| draft.config.as_deref().is_some_and(|of| of != config)).collect();
    others.sort_by_key(|draft| Reverse(draft.kept));
    others
}

/// Forgets the draft of a config.
pub(crate) fn forget(world: &World, config: &Path) {
    // One that can't be removed is asked about the next time.
    let _ = remove(&file(world, config));
}

/// Reads it; the error says why what is there can't be gone on with.
pub(crate) fn read(world: &World, config: &Path) -> Result<Option<Draft>, String> {
    match fs::read_to_string(file(world, config)) {
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
