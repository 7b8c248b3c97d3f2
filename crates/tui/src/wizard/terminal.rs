//! The terminal as it was found, taken and given back: raw mode, the alternate screen, bracketed paste, the cursor. Whatever ends the
//! wizard, a person gets their shell back as it was.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _, Write as _},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use ratatui::crossterm::{
    cursor::Show,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, queue,
    style::ResetColor,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};

/// Whether the terminal is taken: there is one of it in a process.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back when it is dropped.
#[derive(Debug)]
pub(crate) struct Guard(());

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Takes the terminal. From now on a panic on any thread gives it back before it is reported.
///
/// # Errors
/// When there is none, or it refuses; then it is as it was.
pub(crate) fn take() -> io::Result<Guard> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            restore();
            report(panicked);
        }));
    });
    if !io::stdin().is_terminal() && !cfg!(unix) || !io::stdout().is_terminal() {
        let hint = hint(|name| std::env::var_os(name)).unwrap_or("use --plain");
        return Err(io::Error::new(io::ErrorKind::Unsupported, format!("this is no terminal: {hint}")));
    }
    let guard = Guard(());
    enter()?;
    Ok(guard)
}

/// Takes the terminal again after [`restore`]; nothing where it is taken already, but for the modes that the shell may have changed.
///
/// # Errors
/// When it refuses.
pub(crate) fn enter() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Whether the terminal is taken still. After a panic elsewhere it is not, and nothing may be drawn any more.
pub(crate) fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Gives the terminal back, from any thread and as often as one likes: for whoever handles signals, and before a message that ends
/// the program. It does not take part in the wizard's end otherwise.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // Each is tried though another failed: a terminal that is gone needs none of them.
    let _ = queue!(out, DisableBracketedPaste);
    let _ = queue!(out, ResetColor, Show);
    let _ = queue!(out, LeaveAlternateScreen);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// Why there is no terminal, where that is known: mintty (Git Bash, MSYS2) gives Windows programs a pipe instead of a console.
pub fn hint(variable: impl Fn(&str) -> Option<OsString>) -> Option<&'static str> {
    let mintty =
        cfg!(windows) && (variable("MSYSTEM").is_some() || variable("TERM_PROGRAM").is_some_and(|t| t == "mintty"));
    mintty.then_some("mintty offers no console; start it with `winpty lakeward`, or use --plain")
}

/// Gives the terminal back and stops the process until the shell continues it, then takes the terminal again. Where no shell could
/// continue it, nothing happens.
///
/// # Errors
/// When the terminal can't be taken again.
#[cfg(unix)]
pub(crate) fn suspend() -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};

    if !has_shell() {
        return Ok(());
    }
    restore();
    // Not SIGTSTP, which is caught here. The whole group, as a terminal does it: what this was piped into stops as well.
    let _ = kill_current_process_group(Signal::STOP);
    enter()
}

/// Nowhere else does a shell stop a program.
#[cfg(not(unix))]
pub(crate) fn suspend() -> io::Result<()> {
    Ok(())
}

/// Whether the parent is of another process group of the same session: who can continue this one. The kernel ignores SIGTSTP
/// otherwise ("orphaned" groups of POSIX), but not SIGSTOP.
#[cfg(unix)]
fn has_shell() -> bool {
    use rustix::process::{getpgid, getpgrp, getppid, getsid};

    let Some(parent) = getppid() else { return false };
    let same_session = matches!((getsid(Some(parent)), getsid(None)), (Ok(theirs), Ok(ours)) if theirs == ours);
    same_session && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
}

#[cfg(all(test, unix))]
mod tests {
    use std::{process, thread};

    use lakeward_testkit::Home;

    use super::*;

    /// Set where the test below has started itself on a terminal of its own.
    const ON_TERMINAL: &str = "LAKEWARD_PANICS_ON_TERMINAL";

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_told() {
        if std::env::var_os(ON_TERMINAL).is_some() {
            let _guard = take().unwrap();
            assert!(thread::spawn(|| panic!("on purpose")).join().is_err());
            assert!(!is_taken());
            // Nothing else gives it back: an exit drops no guard.
            process::exit(7);
        }
        let this = "wizard::terminal::tests::a_panic_gives_the_terminal_back_before_it_is_told";
        let home = Home::new();
        let command = home.command(std::env::current_exe().unwrap()).args([this, "--exact", "--nocapture"]);
        let left = command.env(ON_TERMINAL, "1").on_terminal(80, 24).end().exits(7);
        let sent = String::from_utf8_lossy(&left.bytes);
        let place = |text: &str| sent.find(text).unwrap_or_else(|| panic!("{text:?} is not in {sent:?}"));
        assert!(place("[?1049h") < place("[?1049l") && place("[?1049l") < place("on purpose"), "{sent:?}");
        assert!(place("[?2004h") < place("[?2004l"), "{sent:?}");
    }
}
