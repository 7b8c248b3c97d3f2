//! The plain front: lines on standard output, answers a line each from standard input or the terminal.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, SystemTime},
};

use lakeward_core::failure::{Failure, FailureKind};
use lakeward_wizard::{
    Effect, Event, Exit, Screen, State,
    plain::{Plain, Turn},
};

use super::runner::{OfTerminal, Runner};
use crate::terminal::{self, Terminal};

/// At least so often it is told what time it is.
const TICK: Duration = Duration::from_secs(1);

/// What stands before what is typed.
const PROMPT: &str = "> ";

/// The longest line that is taken for an answer.
const LONGEST: u64 = 64 << 10;

/// What the session waits for.
pub(crate) enum Came {
    /// Something happened.
    Event(Event),
    /// A line was typed; what else had come with it, as a paste does, is left out where `alone` is false.
    Line { line: String, alone: bool },
    /// There will be no more lines.
    End,
}

/// Where answers come from.
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// The terminal, for standard input is data.
    Terminal(File),
}

impl Input {
    /// Standard input, unless it is the data that is to be landed.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when it is, and there is no terminal besides.
    pub(crate) fn of_person(stdin_is_data: bool) -> Result<Self, Failure> {
        if !stdin_is_data {
            return Ok(Self::Stdin);
        }
        let terminal = File::open(if cfg!(windows) { "CONIN$" } else { "/dev/tty" });
        terminal.map(Self::Terminal).map_err(|_| {
            let what = "standard input is the data that is to be landed, and there is no terminal on which to ask";
            Failure::new(FailureKind::Usage, what).next("give all answers as flags, with --yes")
        })
    }

    fn forget_rest(&self) -> bool {
        match self {
            Self::Stdin => terminal::forget_rest(&io::stdin()),
            Self::Terminal(file) => terminal::forget_rest(file),
        }
    }

    fn is_terminal(&self) -> bool {
        match self {
            Self::Stdin => io::stdin().is_terminal(),
            Self::Terminal(_) => true,
        }
    }
}

/// Runs a session to its end.
pub(crate) fn run(
    state: State,
    effects: Vec<Effect>,
    mut runner: Runner,
    input: Input,
    (send, came): (Sender<Came>, Receiver<Came>),
) -> (Exit, State, Runner) {
    let prompts = input.is_terminal();
    // What is typed unseen is read on another thread, which the end of this does not end.
    let _terminal = SetBack(prompts.then(Terminal::now));
    let asking = lines(input, send);
    let (mut plain, mut turn) = Plain::new(state, effects);
    let (mut is_asked, mut is_over) = (false, false);
    loop {
        runner.record(&mut plain.state);
        let is_prompted = prompts && is_asked;
        let has_lines = !turn.lines.is_empty();
        if is_prompted && has_lines {
            // What is said stands on lines of its own.
            say("\n");
        }
        if let Some(exit) = carry_out(&mut turn, &plain, &mut runner) {
            return (exit, plain.state, runner);
        }
        if is_prompted && has_lines {
            say(PROMPT);
        }
        // Somebody at a terminal can do something about a sign-in while it goes on.
        let has_come = plain.state.sign_in.page.is_some() || plain.state.trouble().is_some();
        let may_act = prompts && plain.state.screen == Screen::SignIn && !plain.is_hidden() && has_come;
        if is_over && plain.wants_line() {
            // What went on when the input ended has come to its end.
            turn = plain.end();
            continue;
        }
        // So can somebody who has waited for long.
        let may_leave = prompts && plain.is_slow();
        if (plain.wants_line() || may_act || may_leave) && !is_asked {
            if may_leave {
                say("This takes a while; < goes back, q quits.\n");
            }
            if prompts {
                say(PROMPT);
            }
            // Nobody reads any more: that comes back as the end.
            let _ = asking.send(plain.is_hidden());
            is_asked = true;
        }
        turn = match came.recv_timeout(TICK) {
            Ok(Came::Event(event)) => plain.step(event),
            Ok(Came::Line { line, alone }) => {
                is_asked = false;
                if !alone {
                    say("Several lines came at once: only the first is taken.\n");
                }
                let mut turn = plain.step(Event::Tick(SystemTime::now()));
                let next = plain.read(&line);
                turn.lines.extend(next.lines);
                turn.effects.extend(next.effects);
                turn
            }
            Ok(Came::End) | Err(RecvTimeoutError::Disconnected) => {
                is_over = true;
                plain.end()
            }
            Err(RecvTimeoutError::Timeout) => plain.step(Event::Tick(SystemTime::now())),
        };
    }
}

/// Sets the terminal back when it is dropped.
struct SetBack(Option<Terminal>);

impl Drop for SetBack {
    fn drop(&mut self) {
        self.0.iter().for_each(Terminal::set_back);
    }
}

/// Prints what is said and does what is wanted; the exit, if it is the end.
fn carry_out(turn: &mut Turn, plain: &Plain, runner: &mut Runner) -> Option<Exit> {
    let text: String = turn.lines.drain(..).map(|line| format!("{line}\n")).collect();
    if !text.is_empty() {
        say(&text);
    }
    let mut exit = None;
    for effect in std::mem::take(&mut turn.effects) {
        match runner.carry_out(effect, &plain.state) {
            Some(OfTerminal::Exit(how)) => exit = Some(how),
            // What would be copied was printed, and nothing was drawn.
            Some(OfTerminal::Copy(_) | OfTerminal::Redraw | OfTerminal::Suspend) | None => {}
        }
    }
    exit
}

/// Prints at once, also what is no whole line.
pub(crate) fn say(text: &str) {
    let text = terminal::fitted(text, &io::stdout());
    let mut out = io::stdout().lock();
    // Nobody may be reading.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Reads a line whenever one is asked for, on a thread of its own: nothing ends a read. `true` asks for one that is not shown.
fn lines(input: Input, came: Sender<Came>) -> Sender<bool> {
    let (asking, asked) = mpsc::channel();
    thread::spawn(move || {
        let is_terminal = input.is_terminal();
        let mut reader: BufReader<Box<dyn Read + '_>> = BufReader::new(match &input {
            Input::Stdin => Box::new(io::stdin()),
            Input::Terminal(file) => Box::new(file),
        });
        for hidden in asked {
            let line = if hidden && is_terminal { rpassword::read_password().map(Some) } else { line(&mut reader) };
            let is_over = !matches!(line, Ok(Some(_)));
            // What a paste brings along is no answer to a question that has not come.
            let alone = is_over || !is_terminal || !input.forget_rest();
            let sent = came.send(match line {
                Ok(Some(line)) => Came::Line { line, alone },
                // A signal tells of itself.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
                Ok(None) | Err(_) => Came::End,
            });
            if is_over || sent.is_err() {
                return;
            }
        }
    });
    asking
}

fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = reader.take(LONGEST).read_until(b'\n', &mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok((read > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
}
