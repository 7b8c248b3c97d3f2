//! The terminal: how it is while something is typed unseen, which a signal does not set back; how wide it is; and what was pasted into it.

#[cfg(unix)]
use std::{fs::File, os::fd::AsFd, thread, time::Duration};

#[cfg(unix)]
use rustix::{
    io::ioctl_fionread,
    termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr},
};

/// How long what comes with a line may take.
#[cfg(unix)]
const AT_ONCE: Duration = Duration::from_millis(20);

/// A text as it fits what it is printed to; to what is no terminal it goes as it is.
#[cfg(unix)]
pub(crate) fn fitted(text: &str, out: &impl AsFd) -> String {
    // Few terminals are so narrow, and there nothing is of use.
    let columns = tcgetwinsize(out).map(|size| usize::from(size.ws_col)).ok().filter(|columns| *columns >= 20);
    columns.map_or_else(|| text.to_owned(), |columns| lakeward_tui::fitted(text, columns))
}

/// Elsewhere a console breaks lines by itself.
#[cfg(not(unix))]
pub(crate) fn fitted<T>(text: &str, _: &T) -> String {
    text.to_owned()
}

/// Forgets what came together with a line that was read, as a paste of several lines does. Whether there was any.
#[cfg(unix)]
pub(crate) fn forget_rest(input: &impl AsFd) -> bool {
    thread::sleep(AT_ONCE);
    ioctl_fionread(input).is_ok_and(|bytes| bytes > 0) && tcflush(input, QueueSelector::IFlush).is_ok()
}

/// Elsewhere it can't be told from what is typed.
#[cfg(not(unix))]
pub(crate) fn forget_rest<T>(_: &T) -> bool {
    false
}

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
