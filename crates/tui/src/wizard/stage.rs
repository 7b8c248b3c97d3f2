//! The full screen while it lasts: it owns the terminal, hands on what is typed, and draws what there is to see.

use std::{
    io::{self, Stdout, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use lakeward_core::untrusted::printable;
use lakeward_wizard::{Event, Key, Press, Remote, State};
use ratatui::{Terminal, backend::CrosstermBackend, crossterm::event, layout::Rect};

use super::{
    keys,
    look::Look,
    screens,
    terminal::{self, Guard},
};

/// At least so long between two drawings that no key asked for.
const FRAME: Duration = Duration::from_millis(33);

/// How long between two ticks while something on screen depends on the time.
const TICK: Duration = Duration::from_secs(1);

/// How often the thread that waits for keys looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(250);

/// The full screen. When it is dropped the terminal is as it was.
#[derive(Debug)]
pub struct Stage {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    look: Look,
    over: Arc<AtomicBool>,
    input: Option<thread::JoinHandle<()>>,
    #[cfg(unix)]
    signals: Option<signal_hook::iterator::Handle>,
    _guard: Guard,
}

/// How [`Stage::run`] goes on after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It draws and waits for the next.
    Go,
    /// It draws everything anew: something else has written to the terminal.
    Redraw,
    /// It gives the terminal back to the shell until the shell continues the program.
    Suspend,
    /// It is over.
    Leave,
}

impl Stage {
    /// Takes the terminal and begins to hand on what comes from it: keys, pastes and sizes; SIGTSTP as Ctrl-Z; that the program was
    /// continued as Ctrl-L; that the terminal is gone as a signal. SIGINT, SIGTERM and SIGHUP are for the caller to catch and to send
    /// as [`Event::Signal`].
    ///
    /// # Errors
    /// When there is no terminal, or it can't be taken; the error says what to do.
    pub fn open(look: Look, events: Sender<Event>) -> io::Result<Self> {
        let guard = terminal::take()?;
        let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        let size = terminal.size()?;
        wipe(&mut terminal)?;
        let _ = events.send(Event::Resize(size.width, size.height));
        let over = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        let signals = Some(listen(events.clone())?);
        let input = {
            let over = Arc::clone(&over);
            thread::Builder::new().name("terminal".into()).spawn(move || read(&over, &events))?
        };
        Ok(Self {
            terminal,
            look,
            over,
            input: Some(input),
            #[cfg(unix)]
            signals,
            _guard: guard,
        })
    }

    /// Draws the state, and answers as [`draw`](super::draw) does.
    ///
    /// # Errors
    /// When the terminal can't be written to, or was given back meanwhile (a panic elsewhere).
    pub fn draw(&mut self, state: &State) -> io::Result<usize> {
        if !terminal::is_taken() {
            return Err(io::Error::other("the terminal was given back"));
        }
        let mut beyond = 0;
        self.terminal.draw(|frame| beyond = screens::draw(state, &self.look, frame))?;
        Ok(beyond)
    }

    /// Draws the state whenever it may have changed, and hands every event to `on`, which changes it, until `on` says that it is over.
    /// It sleeps while nothing happens, and ticks only while something on screen depends on the time. Effects send their events to
    /// the same channel, from any thread or task.
    ///
    /// # Errors
    /// When the terminal can't be used any more.
    pub fn run(
        &mut self,
        state: &mut State,
        events: &Receiver<Event>,
        mut on: impl FnMut(&mut State, Event) -> Then,
    ) -> io::Result<()> {
        loop {
            let beyond = self.draw(state)?;
            if beyond != screens::known(state) {
                on(state, Event::Beyond(beyond));
                self.draw(state)?;
            }
            let drawn = Instant::now();
            let mut next = wait(events, pause(state));
            // Whatever has come meanwhile is one drawing. A key is shown at once; all else waits for its turn.
            while let Some(event) = next {
                let urgent = matches!(event, Event::Key(_) | Event::Paste(_) | Event::Resize(..));
                if urgent && SystemTime::now().duration_since(state.now).is_ok_and(|past| past >= TICK) {
                    // What a key begins is timed from now.
                    on(state, Event::Tick(SystemTime::now()));
                }
                match on(state, event) {
                    Then::Go => {}
                    Then::Redraw => self.redraw()?,
                    Then::Suspend => {
                        terminal::suspend()?;
                        self.redraw()?;
                    }
                    Then::Leave => return Ok(()),
                }
                next = match FRAME.checked_sub(drawn.elapsed()) {
                    Some(rest) if !urgent => events.recv_timeout(rest).ok(),
                    _ => None,
                };
            }
        }
    }

    /// Takes the modes again, which the shell may have changed, and forgets what is on screen.
    fn redraw(&mut self) -> io::Result<()> {
        terminal::enter()?;
        wipe(&mut self.terminal)
    }

    /// Gives the terminal back and leaves a few lines in it: what was done, for whoever scrolls back.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn close(mut self, summary: &str) -> io::Result<()> {
        self.end();
        terminal::restore();
        let mut out = io::stdout().lock();
        for line in summary.lines() {
            writeln!(out, "{}", printable(line))?;
        }
        out.flush()
    }

    /// Ends the threads. One that can't be ended, for its terminal is gone, is left behind.
    fn end(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        #[cfg(unix)]
        if let Some(signals) = self.signals.take() {
            signals.close();
        }
        if let Some(input) = self.input.take() {
            let patience = Instant::now() + 2 * GLANCE;
            while !input.is_finished() && Instant::now() < patience {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end();
    }
}

/// Empties the screen, so that all of it is drawn anew. Not with `Terminal::clear`, which asks the terminal for the cursor's position
/// first, and fails where none answers.
fn wipe(terminal: &mut Terminal<CrosstermBackend<Stdout>>) -> io::Result<()> {
    let size = terminal.size()?;
    terminal.resize(Rect::new(0, 0, size.width, size.height))
}

/// The next event; a tick when none has come in time.
fn wait(events: &Receiver<Event>, pause: Option<Duration>) -> Option<Event> {
    match pause {
        Some(pause) => match events.recv_timeout(pause) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => Some(Event::Tick(SystemTime::now())),
            Err(RecvTimeoutError::Disconnected) => Some(Event::Signal),
        },
        // Nobody is left who could say anything.
        None => Some(events.recv().unwrap_or(Event::Signal)),
    }
}

/// How long the screen stays right without an event; nothing where the time does not matter.
fn pause(state: &State) -> Option<Duration> {
    let facts = &state.facts;
    let asked = facts.detection.asked().is_some()
        || facts.identity.asked().is_some()
        || facts.directory.asked().is_some()
        || facts.preview.asked().is_some()
        || facts.check.asked().is_some()
        || facts.written.asked().is_some();
    let signing_in =
        state.sign_in.request.is_some() && matches!(state.sign_in.outcome, Remote::Idle | Remote::Asked(_));
    let running = state.run.began.is_some() && state.run.ended.is_none();
    (asked || signing_in || running || state.is_typing()).then_some(TICK)
}

/// Hands on what comes from the terminal until nobody wants it any more.
fn read(over: &AtomicBool, events: &Sender<Event>) {
    while !over.load(Ordering::SeqCst) {
        let came = match event::poll(GLANCE) {
            Ok(false) => continue,
            Ok(true) => gather(),
            Err(error) => Err(error),
        };
        let Ok(came) = came else {
            let _ = events.send(Event::Signal);
            return;
        };
        for event in keys::events(came, cfg!(windows)) {
            if events.send(event).is_err() {
                return;
            }
        }
    }
}

/// All that has come, at most so many.
fn gather() -> io::Result<Vec<event::Event>> {
    const MOST: usize = 4096;
    let mut came = vec![event::read()?];
    while came.len() < MOST && event::poll(Duration::ZERO)? {
        came.push(event::read()?);
    }
    Ok(came)
}

/// Hands on that the shell wants to stop the program, and that it has continued it.
#[cfg(unix)]
fn listen(events: Sender<Event>) -> io::Result<signal_hook::iterator::Handle> {
    use signal_hook::consts::{SIGCONT, SIGTSTP};

    let mut signals = signal_hook::iterator::Signals::new([SIGTSTP, SIGCONT])?;
    let handle = signals.handle();
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let c = if signal == SIGTSTP { 'z' } else { 'l' };
            let key = Press { key: Key::Char(c), ctrl: true, alt: false, shift: false };
            if events.send(Event::Key(key)).is_err() {
                return;
            }
        }
    })?;
    Ok(handle)
}
