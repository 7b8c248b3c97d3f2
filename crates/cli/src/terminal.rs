//! The terminal while something is typed unseen: a prompt that a signal ends does not set it back.

#[cfg(unix)]
use std::fs::File;

#[cfg(unix)]
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// The terminal as it was.
#[cfg(unix)]
pub(crate) struct Terminal(Option<(File, Termios)>);

#[cfg(unix)]
impl Terminal {
    /// As it is now; where there is none, there is nothing to set back.
    pub(crate) fn now() -> Self {
        let now = || {
            let terminal = File::open("/dev/tty").ok()?;
            let settings = tcgetattr(&terminal).ok()?;
            Some((terminal, settings))
        };
        Self(now())
    }

    /// Sets it back.
    pub(crate) fn set_back(&self) {
        if let Some((terminal, settings)) = &self.0 {
            let _ = tcsetattr(terminal, OptionalActions::Now, settings);
        }
    }
}

/// Elsewhere a console forgets what a program has set once that ends.
#[cfg(not(unix))]
pub(crate) struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    pub(crate) fn now() -> Self {
        Self
    }

    pub(crate) fn set_back(&self) {}
}
