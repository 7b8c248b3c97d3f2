//! A program on a terminal of its own: keys are typed, its screen is read as a person sees it, and the terminal that it leaves behind is
//! compared with the one that it found.

use std::{
    io::{Read, Write},
    num::NonZeroU16,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use vt100::{Callbacks, Parser, Screen};

use crate::{Home, home::signal};

/// How long a screen is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long what a program has printed may take to arrive after its end.
const SETTLED: Duration = Duration::from_millis(500);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(5);

/// A key, as it is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// A letter with Control held.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Backspace.
    Backspace,
    /// F1 to F4.
    F(u8),
}

impl Key {
    /// What an xterm sends for it.
    fn bytes(self) -> Vec<u8> {
        let text = match self {
            Self::Char(c) => return c.to_string().into_bytes(),
            Self::Ctrl(letter) => return vec![u8::try_from(letter).expect("an ASCII letter") & 0x1f],
            Self::Enter => "\r",
            Self::Esc => "\u{1b}",
            Self::Tab => "\t",
            Self::Up => "\u{1b}[A",
            Self::Down => "\u{1b}[B",
            Self::Left => "\u{1b}[D",
            Self::Right => "\u{1b}[C",
            Self::Backspace => "\u{7f}",
            Self::F(number @ 1..=4) => return format!("\u{1b}O{}", char::from(b'O' + number)).into_bytes(),
            Self::F(number) => panic!("F{number} is not among the keys of these tests"),
        };
        text.as_bytes().to_vec()
    }
}

/// A program that runs on a terminal. It is killed when this is dropped.
pub struct Terminal<'home> {
    home: &'home Home,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// Kept open until the end: without it the terminal, and how it was left, would be gone with the program.
    slave: Option<Box<dyn SlavePty + Send>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    seen: Arc<Mutex<Seen>>,
    reader: Option<JoinHandle<()>>,
    before: String,
    keys: usize,
}

/// What has come from the program.
struct Seen {
    bytes: Vec<u8>,
    parser: Parser<Answers>,
}

/// What a terminal answers by itself.
#[derive(Default)]
struct Answers(Vec<u8>);

impl Callbacks for Answers {
    /// Where the cursor is, when that is asked (DSR 6).
    fn unhandled_csi(&mut self, screen: &mut Screen, i1: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        if i1.is_none() && c == 'n' && params == [&[6][..]] {
            let (row, column) = screen.cursor_position();
            self.0.extend_from_slice(format!("\u{1b}[{};{}R", row + 1, column + 1).as_bytes());
        }
    }
}

impl<'home> Terminal<'home> {
    /// Starts a command on a new terminal. `TERM` is that of an xterm unless the command has one.
    #[track_caller]
    pub(crate) fn start(home: &'home Home, command: &Command, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("there is a terminal to be had");
        let mut builder = CommandBuilder::new(command.get_program());
        builder.env_clear();
        builder.env("TERM", "xterm-256color");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => builder.env(name, value),
                None => builder.env_remove(name),
            }
        }
        builder.args(command.get_args());
        builder.cwd(command.get_current_dir().expect("a command of a home has a folder"));
        let before = modes(&*pair.master);
        let mut reader = pair.master.try_clone_reader().expect("a terminal can be read");
        let writer = Arc::new(Mutex::new(pair.master.take_writer().expect("a terminal can be written")));
        let child = pair.slave.spawn_command(builder).expect("the program starts");
        let parser = Parser::new_with_callbacks(some(rows), some(columns), 0, Answers::default());
        let seen = Arc::new(Mutex::new(Seen { bytes: Vec::new(), parser }));
        let reader = thread::spawn({
            let (seen, writer) = (Arc::clone(&seen), Arc::clone(&writer));
            move || {
                let mut buffer = [0; 8192];
                // The end is an error (EIO) once nobody has the terminal open any more.
                while let Ok(count @ 1..) = reader.read(&mut buffer) {
                    let mut seen = lock(&seen);
                    seen.bytes.extend_from_slice(&buffer[..count]);
                    seen.parser.process(&buffer[..count]);
                    let answers = std::mem::take(&mut seen.parser.callbacks_mut().0);
                    drop(seen);
                    // Whoever asked may be gone.
                    let _ = lock(&writer).write_all(&answers);
                }
            }
        });
        let (master, slave) = (pair.master, Some(pair.slave));
        Self { home, child, master, slave, writer, seen, reader: Some(reader), before, keys: 0 }
    }

    /// Presses a key.
    #[track_caller]
    pub fn press(&mut self, key: Key) {
        self.keys += 1;
        self.send(&key.bytes());
    }

    /// Types a text, a key a character.
    #[track_caller]
    pub fn text(&mut self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Pastes a text, as a terminal does that was asked to mark pastes.
    #[track_caller]
    pub fn paste(&mut self, text: &str) {
        assert!(lock(&self.seen).parser.screen().bracketed_paste(), "pastes are not asked for\n{}", self.shown());
        self.send(format!("\u{1b}[200~{text}\u{1b}[201~").as_bytes());
    }

    /// How many keys were [pressed](Self::press); texts do not count.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// Gives the terminal another size.
    #[track_caller]
    pub fn resize(&mut self, columns: u16, rows: u16) {
        lock(&self.seen).parser.set_size(some(rows), some(columns));
        self.master.resize(size(columns, rows)).expect("a terminal can be resized");
    }

    /// What stands on the screen, without the blanks at the ends of its lines.
    #[must_use]
    pub fn screen(&self) -> String {
        text(lock(&self.seen).parser.screen())
    }

    /// Waits until a text stands on the screen; the whole screen.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        self.until_it(&format!("shows {text:?}"), |screen| screen.contains(text))
    }

    /// Waits until a text is not on the screen any more; the whole screen.
    #[track_caller]
    pub fn until_gone(&mut self, text: &str) -> String {
        self.until_it(&format!("takes {text:?} away"), |screen| !screen.contains(text))
    }

    /// Waits until the screen is as it should be; the whole screen. `what` says what that is.
    #[track_caller]
    pub fn until_it(&mut self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        let mut ended: Option<Instant> = None;
        loop {
            if self.ended() {
                ended.get_or_insert_with(Instant::now);
            }
            let screen = self.screen();
            if is(&screen) {
                return screen;
            }
            // What it has printed last may still be on its way.
            let is_over = ended.is_some_and(|ended| ended.elapsed() > SETTLED);
            assert!(!is_over, "the program ended before it {what}\n{}", self.shown());
            assert!(began.elapsed() < PATIENCE, "it never {what}\n{}", self.shown());
            sleep(POLL);
        }
    }

    /// The process id of the program.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a program has an id")
    }

    /// Sends a signal by its name without `SIG`, as in `TERM`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// The modes of the terminal as they are now, and whether the program has taken the screen.
    #[must_use]
    pub fn is_as_it_was(&self) -> bool {
        differences(&self.before, &modes(&*self.master), lock(&self.seen).parser.screen()).is_empty()
    }

    /// Waits for the program's end.
    #[track_caller]
    #[must_use]
    pub fn end(mut self) -> Left {
        let began = Instant::now();
        while !self.ended() {
            assert!(began.elapsed() < PATIENCE, "it does not end\n{}", self.shown());
            sleep(POLL);
        }
        let status = self.child.wait().expect("a child can be waited for");
        let after = modes(&*self.master);
        // Once nobody holds it any more, all that was printed can be read up to its end.
        drop(self.slave.take());
        self.reader.take().expect("it is read until the end").join().expect("it is read");
        let seen = lock(&self.seen);
        let screen = seen.parser.screen();
        let left = Left {
            code: status.signal().is_none().then(|| status.exit_code()),
            screen: text(screen),
            differences: differences(&self.before, &after, screen),
            bytes: seen.bytes.clone(),
        };
        let leaks = self.home.leaks(&[("screen", &left.screen), ("terminal", &String::from_utf8_lossy(&left.bytes))]);
        assert!(leaks.is_empty(), "a secret leaked: {leaks:#?}");
        drop(seen);
        left
    }

    fn ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    #[track_caller]
    fn send(&self, bytes: &[u8]) {
        let mut writer = lock(&self.writer);
        writer.write_all(bytes).and_then(|()| writer.flush()).expect("a terminal takes keys");
    }

    /// The screen in a frame, for the message of a failure.
    fn shown(&self) -> String {
        let screen = self.screen();
        screen.lines().fold("--- screen\n".to_owned(), |text, line| text + "| " + line + "\n")
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(self.pid(), "KILL");
            let _ = self.child.wait();
        }
    }
}

/// What a program leaves on a terminal, and how it ended.
#[derive(Clone, Debug)]
pub struct Left {
    /// Its exit code; none when a signal ended it.
    pub code: Option<u32>,
    /// What stands on the screen.
    pub screen: String,
    /// How the terminal differs from the one that it found.
    pub differences: Vec<String>,
    /// All that it has sent to the terminal.
    pub bytes: Vec<u8>,
}

impl Left {
    /// Itself, if it ended with this exit code and left the terminal as it was: modes, cursor, screen, pastes and colours.
    #[track_caller]
    #[must_use]
    pub fn exits(self, code: u32) -> Self {
        assert_eq!(self.code, Some(code), "the exit code\n{}", self.screen);
        assert!(self.differences.is_empty(), "the terminal is not as it was: {:#?}\n{}", self.differences, self.screen);
        self
    }
}

/// How a terminal is not as it was before, in words.
fn differences(before: &str, after: &str, screen: &Screen) -> Vec<String> {
    let mut differences = Vec::new();
    if before != after {
        differences.push(format!("its modes are {after} rather than {before}"));
    }
    let wrong = [
        (screen.alternate_screen(), "the alternate screen is shown"),
        (screen.hide_cursor(), "the cursor is hidden"),
        (screen.bracketed_paste(), "pastes are marked"),
        (screen.application_cursor() || screen.application_keypad(), "keys are those of an application"),
        (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "the mouse is watched"),
        (screen.bold() || screen.inverse() || screen.underline(), "letters have a style"),
        (screen.fgcolor() != vt100::Color::Default || screen.bgcolor() != vt100::Color::Default, "there is a colour"),
    ];
    differences.extend(wrong.iter().filter(|(is, _)| *is).map(|(_, what)| (*what).to_owned()));
    differences
}

fn text(screen: &Screen) -> String {
    screen.contents().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The modes of the terminal (termios), in words.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has modes"))
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn some(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a terminal of the parser has cells")
}

/// A test that failed while it held the lock has told what matters already.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell<'home>(home: &'home Home, script: &str) -> Terminal<'home> {
        home.command("sh").args(["-c", script]).on_terminal(40, 5)
    }

    #[test]
    fn what_is_typed_arrives_and_what_is_shown_is_read() {
        let home = Home::new();
        let mut terminal = shell(&home, "stty size; read -r line; echo \"<$line>\"; exit 3");
        terminal.until("5 40");
        terminal.text("typed");
        terminal.press(Key::Enter);
        terminal.until("<typed>");
        assert_eq!(terminal.keys(), 1);
        let _ = terminal.end().exits(3);
    }

    #[test]
    fn all_that_a_program_leaves_otherwise_is_told() {
        let home = Home::new();
        for (script, told) in [
            ("stty -echo", "its modes"),
            ("printf '\\033[?1049h'", "alternate screen"),
            ("printf '\\033[?25l'", "cursor is hidden"),
            ("printf '\\033[?2004h'", "pastes"),
            ("printf '\\033[31m'", "colour"),
        ] {
            let left = shell(&home, script).end();
            assert!(left.differences.len() == 1 && left.differences[0].contains(told), "{script}: {left:?}");
        }
        let _ = shell(&home, "true").end().exits(0);
    }

    #[test]
    #[should_panic(expected = "| what is there")]
    fn a_text_that_never_comes_fails_with_the_screen() {
        let home = Home::new();
        shell(&home, "echo what is there").until("what is not");
    }
}
