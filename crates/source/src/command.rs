//! Programs whose output is an input: started without a shell, watched to their end, and ended with the run.

use std::{
    collections::{HashSet, VecDeque},
    io::{self, Read},
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use lakeward_core::{failure::Failure, table::TableName, untrusted};

use crate::{
    beginning::Beginning,
    error::{CommandFailed, Error},
    program,
};

/// How long a program that is asked to end may take.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(10);
/// How long what a program wrote to standard error is waited for after its end: another may hold it open.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How much of it is kept and shown: the end.
const KEPT_BYTES: usize = 4 << 10;
const KEPT_LINES: usize = 20;
/// The longest line of a service's standard output that is taken as one, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// The programs of a run that are running. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Commands(Arc<Mutex<Registry>>);

#[derive(Debug, Default)]
struct Registry {
    running: Vec<Arc<Running>>,
    ended: bool,
    /// Of text that is an input only the beginning is taken.
    is_look: bool,
    /// The tables whose programs went on.
    cut: HashSet<TableName>,
}

/// Ends all programs when it is dropped.
#[derive(Debug)]
pub struct EndCommands(Commands);

impl Commands {
    /// Those of a look at the sources before a run: of a program that prints text, only what it prints in the first moments is read.
    #[must_use]
    pub fn of_a_look() -> Self {
        Self(Arc::new(Mutex::new(Registry { is_look: true, ..Registry::default() })))
    }

    /// Whether more may come of a table than what was read of it in such a look.
    #[must_use]
    pub fn goes_on(&self, table: &TableName) -> bool {
        lock(&self.0).cut.contains(table)
    }

    /// What ends all programs of the run once it goes out of scope, whichever way the run ends.
    #[must_use = "the programs end with it"]
    pub fn end_with(&self) -> EndCommands {
        EndCommands(self.clone())
    }

    /// Ends all programs of the run at once, without the grace in which they could end by themselves, and lets no other
    /// start. It waits for nothing: it is what comes before an exit that can't wait.
    pub fn kill_now(&self) {
        let mut registry = lock(&self.0);
        registry.ended = true;
        registry.running.iter().for_each(|running| running.kill_now());
    }

    /// Starts a program whose output is an input, as [`Self::spawn`] does. `is_text`: whether it is made of lines.
    pub(crate) fn start(
        &self,
        command: &[String],
        folder: &Path,
        table: &TableName,
        is_text: bool,
    ) -> Result<(Output, EndCommand), Error> {
        let program = command.first().map_or("", String::as_str);
        // Arguments may hold secrets; the table tells apart what has the same program.
        let name = format!("the command {} of table {table}", untrusted::excerpt(program, 200));
        let Spawned { stdout, stderr, running, end } = self.spawn(name, command, folder, &[])?;
        let heard = running.listen(stderr).map_err(|cause| not_started(&running.name, cause))?;
        let stdout = if is_text && lock(&self.0).is_look {
            let beginning = Beginning::new(stdout).map_err(|cause| not_started(&running.name, cause))?;
            Printed::Beginning { beginning, table: table.clone(), commands: self.clone() }
        } else {
            Printed::All(stdout)
        };
        Ok((Output { stdout, running, heard }, end))
    }

    /// Starts a program that serves others until it is ended, in a folder, in a process group of its own. `name` is what messages
    /// call it, and `hear` gets each line that it writes to standard output.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_service(
        &self,
        name: String,
        command: &[String],
        folder: &Path,
        environment: &[(&str, &str)],
        hear: impl FnMut(&str) + Send + 'static,
    ) -> Result<Service, Failure> {
        let Spawned { stdout, stderr, running, end } = self.spawn(name, command, folder, environment)?;
        let listening = running.listen(stderr).and_then(|heard| {
            lines(stdout, hear)?;
            Ok(heard)
        });
        let heard = listening.map_err(|cause| not_started(&running.name, cause))?;
        Ok(Service { running, heard: Mutex::new(heard), _end: end })
    }

    /// Starts a program in a folder, in a process group of its own. Whoever drops the [`EndCommand`] ends it.
    fn spawn(
        &self,
        name: String,
        command: &[String],
        folder: &Path,
        environment: &[(&str, &str)],
    ) -> Result<Spawned, Error> {
        let (program, arguments) = command.split_first().ok_or_else(|| Error::Bug("a command without words".into()))?;
        let mut prepared = Command::new(program::meant(program, folder));
        prepared.args(arguments).current_dir(folder).envs(environment.iter().copied());
        prepared.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut prepared, 0);
        let mut registry = lock(&self.0);
        if registry.ended {
            return Err(not_started(&name, io::Error::other("the run is stopping")));
        }
        // What a look finds is told, which has the whole path; the system's error has not.
        let spawned = prepared.spawn().map_err(|cause| program::find(program, folder).err().unwrap_or(cause));
        let mut child = spawned.map_err(|cause| not_started(&name, cause))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let running = Arc::new(Running {
            name,
            #[cfg(unix)]
            group: rustix::process::Pid::from_child(&child),
            child: Mutex::new(child),
            is_claimed: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            #[cfg(unix)]
            is_killed: AtomicBool::new(false),
            words: Mutex::default(),
        });
        registry.running.retain(|running| !running.is_over());
        registry.running.push(Arc::clone(&running));
        drop(registry);
        let end = EndCommand(Arc::clone(&running));
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(Error::Bug("a command without pipes".into()));
        };
        Ok(Spawned { stdout, stderr, running, end })
    }
}

fn not_started(command: &str, cause: io::Error) -> Error {
    Error::NotStarted { command: command.to_owned(), cause }
}

/// A program that was just started.
struct Spawned {
    stdout: ChildStdout,
    stderr: ChildStderr,
    running: Arc<Running>,
    end: EndCommand,
}

impl Drop for EndCommands {
    fn drop(&mut self) {
        let mut registry = lock(&self.0.0);
        registry.ended = true;
        // They stay listed: who can't wait for them any longer may still kill them.
        let running = registry.running.clone();
        drop(registry);
        // All of them have the same grace, not one after the other.
        thread::scope(|scope| {
            for running in &running {
                scope.spawn(|| running.end());
            }
        });
    }
}

/// A program that was started.
#[derive(Debug)]
struct Running {
    name: String,
    /// It and what it started, unless that left the group.
    #[cfg(unix)]
    group: rustix::process::Pid,
    /// Locked all the time while it is being ended.
    child: Mutex<Child>,
    /// Somebody is ending it, or it has ended well.
    is_claimed: AtomicBool,
    /// Nothing of it is to be ended any more. Before that, no other process or group can have its number.
    is_over: AtomicBool,
    /// All of its group was killed.
    #[cfg(unix)]
    is_killed: AtomicBool,
    /// The end of what it wrote to standard error.
    words: Mutex<VecDeque<u8>>,
}

/// Ends its program, with all that it started, when it is dropped. Does nothing to one that has ended by itself.
#[derive(Clone, Debug)]
pub(crate) struct EndCommand(Arc<Running>);

impl EndCommand {
    pub(crate) fn end(&self) {
        self.0.end();
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }
}

impl Drop for EndCommand {
    fn drop(&mut self) {
        self.end();
    }
}

impl Running {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Reads standard error all the time, so that no program ever waits to write to it, and keeps its end.
    fn listen(self: &Arc<Self>, mut stderr: ChildStderr) -> io::Result<Receiver<()>> {
        let (sender, heard) = channel();
        let running = Arc::clone(self);
        thread::Builder::new().name("standard error".into()).spawn(move || {
            let mut buffer = [0; 16 << 10];
            loop {
                match stderr.read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) => break,
                    Ok(read) => {
                        let mut words = lock(&running.words);
                        words.extend(buffer.get(..read).unwrap_or_default());
                        let surplus = words.len().saturating_sub(KEPT_BYTES);
                        words.drain(..surplus);
                    }
                }
            }
            let _ = sender.send(());
        })?;
        Ok(heard)
    }

    /// Waits for the program's own end.
    fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            // The lock is given back meanwhile: another thread may want to end it.
            let mut child = lock(&self.child);
            if let Some(status) = child.try_wait()? {
                if status.success() {
                    // What it left running closed the output, and is to go on.
                    self.is_claimed.store(true, Ordering::Release);
                    self.is_over.store(true, Ordering::Release);
                } else {
                    self.end_group(&mut child);
                }
                return Ok(status);
            }
            drop(child);
            thread::sleep(GLANCE);
        }
    }

    /// Ends the program and all that it started, unless it has ended well.
    fn end(&self) {
        self.end_group(&mut lock(&self.child));
    }

    /// Asks all of the program's group to end, and soon makes them.
    fn end_group(&self, child: &mut Child) {
        if !self.is_claimed.swap(true, Ordering::AcqRel) {
            self.see_to_its_end(child);
            self.is_over.store(true, Ordering::Release);
        }
    }

    #[cfg(unix)]
    fn see_to_its_end(&self, child: &mut Child) {
        use rustix::process::{Signal, kill_process_group, test_kill_process_group};
        for (signal, patience) in [(Signal::TERM, GRACE), (Signal::KILL, LAST_WORDS)] {
            let _ = kill_process_group(self.group, signal);
            // One that is stopped, as by asking a terminal from the background, hears nothing before it goes on.
            let _ = kill_process_group(self.group, Signal::CONT);
            let asked = Instant::now();
            while asked.elapsed() < patience {
                let has_ended = !matches!(child.try_wait(), Ok(None));
                // Of a group that was killed none goes on, though some may be listed until their parent has seen it.
                let is_killed = self.is_killed.load(Ordering::Acquire);
                if has_ended && (is_killed || test_kill_process_group(self.group).is_err()) {
                    return;
                }
                thread::sleep(GLANCE);
            }
        }
        let _ = child.wait();
    }

    #[cfg(not(unix))]
    fn see_to_its_end(&self, child: &mut Child) {
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Ends all of the program's group at once, whoever else is about to.
    #[cfg(unix)]
    fn kill_now(&self) {
        if !self.is_over() {
            let _ = rustix::process::kill_process_group(self.group, rustix::process::Signal::KILL);
            self.is_killed.store(true, Ordering::Release);
        }
    }

    /// Ends the program at once. One that somebody is ending has been killed already.
    #[cfg(not(unix))]
    fn kill_now(&self) {
        if !self.is_claimed.load(Ordering::Acquire) {
            let _ = lock(&self.child).kill();
        }
    }

    /// The last lines of what it wrote to standard error, printable.
    fn last_words(&self) -> Vec<String> {
        let words: Vec<u8> = lock(&self.words).iter().copied().collect();
        let is_cut = words.len() >= KEPT_BYTES;
        let words = String::from_utf8_lossy(&words);
        let lines = words.split(['\n', '\r']).map(|line| untrusted::printable(line.trim_end()).into_owned());
        let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
        if is_cut && lines.len() > 1 {
            // The first has lost its beginning.
            lines.remove(0);
        }
        lines.get(lines.len().saturating_sub(KEPT_LINES)..).unwrap_or_default().to_vec()
    }
}

/// What is read of what a program prints.
enum Printed {
    All(ChildStdout),
    Beginning { beginning: Beginning, table: TableName, commands: Commands },
}

/// What a program writes to standard output. It ends well only if the program does: with status 0.
pub(crate) struct Output {
    stdout: Printed,
    running: Arc<Running>,
    /// Standard error has ended.
    heard: Receiver<()>,
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.stdout {
            Printed::All(stdout) => stdout.read(buffer)?,
            Printed::Beginning { beginning, .. } => beginning.read(buffer)?,
        };
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        if let Printed::Beginning { beginning, table, commands } = &self.stdout
            && beginning.is_cut()
        {
            // How it would end is not waited for.
            lock(&commands.0).cut.insert(table.clone());
            return Ok(0);
        }
        let status = self.running.wait()?;
        if status.success() {
            return Ok(0);
        }
        let _ = self.heard.recv_timeout(LAST_WORDS);
        let (command, words) = (self.running.name.clone(), self.running.last_words());
        Err(io::Error::other(CommandFailed { command, end: told(status), words }))
    }
}

/// A program that serves others. It ends, with all that it started, when this is dropped.
#[derive(Debug)]
pub struct Service {
    running: Arc<Running>,
    /// Standard error has ended.
    heard: Mutex<Receiver<()>>,
    _end: EndCommand,
}

impl Service {
    /// How it ended, and the end of what it wrote to standard error, if it has ended by itself: "the plugin x was ended by SIGKILL; …".
    #[must_use]
    pub fn ended(&self) -> Option<String> {
        let mut child = lock(&self.running.child);
        let status = child.try_wait().ok().flatten()?;
        // What it started serves nobody any more.
        self.running.end_group(&mut child);
        drop(child);
        let _ = lock(&self.heard).recv_timeout(LAST_WORDS);
        let (command, words) = (self.running.name.clone(), self.running.last_words());
        Some(CommandFailed { command, end: told(status), words }.to_string())
    }
}

/// Reads lines all the time, so that no program ever waits to write one. What goes on without end comes in pieces.
fn lines(mut stdout: ChildStdout, mut hear: impl FnMut(&str) + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("standard output".into()).spawn(move || {
        let (mut buffer, mut line) = ([0; 16 << 10], Vec::new());
        loop {
            match stdout.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
                Ok(read) => {
                    for piece in buffer.get(..read).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
                        line.extend_from_slice(piece);
                        if piece.ends_with(b"\n") || line.len() >= LONGEST_LINE {
                            hear(String::from_utf8_lossy(&line).trim_end());
                            line.clear();
                        }
                    }
                }
            }
        }
        if !line.is_empty() {
            hear(String::from_utf8_lossy(&line).trim_end());
        }
    })?;
    Ok(())
}

#[cfg(unix)]
fn told(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
    ];
    match status.signal() {
        Some(number) => match names.iter().find(|(signal, _)| signal.as_raw() == number) {
            Some((_, name)) => format!("was ended by {name}"),
            None => format!("was ended by signal {number}"),
        },
        None => format!("ended with status {}", status.code().unwrap_or_default()),
    }
}

#[cfg(not(unix))]
fn told(status: ExitStatus) -> String {
    format!("ended with {status}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole at every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
