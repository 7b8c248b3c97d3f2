//! Opens a browser, where there is one that the person sees. What it prints goes nowhere: it would stand amid what Lakeward
//! prints.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
    thread,
};

/// Browsers that draw on a terminal, which is Lakeward's.
const OF_TERMINALS: [&str; 9] = ["lynx", "links", "links2", "elinks", "w3m", "eww", "netrik", "retawq", "www-browser"];

/// Opens a URL without waiting for whatever it opens in. `BROWSER` is the command that does, or several between colons of which
/// the first that starts does; without it the system knows.
///
/// # Errors
/// When there is nothing that opens it.
pub(crate) fn open(url: &str) -> io::Result<()> {
    let named = std::env::var("BROWSER").ok().filter(|named| !named.is_empty());
    let commands = named.map_or_else(|| open::commands(url), |named| of_variable(&named, url));
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "there is no browser");
    for mut command in commands.into_iter().filter(|command| !is_of_terminals(command)) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Its own group: an interrupt of Lakeward ends no browser.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        match command.spawn() {
            Ok(mut browser) => {
                thread::spawn(move || browser.wait());
                return Ok(());
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// The commands of `BROWSER`: the URL stands where `%s` is, else at the end.
fn of_variable(named: &str, url: &str) -> Vec<Command> {
    let separator = if cfg!(windows) { ';' } else { ':' };
    let command = |words: Vec<String>| {
        let (program, arguments) = words.split_first()?;
        let mut command = Command::new(program);
        command.args(arguments.iter().map(|argument| argument.replace("%s", url)));
        if !arguments.iter().any(|argument| argument.contains("%s")) {
            command.arg(url);
        }
        Some(command)
    };
    named.split(separator).filter_map(shlex::split).filter_map(command).collect()
}

fn is_of_terminals(command: &Command) -> bool {
    let name = Path::new(command.get_program()).file_name();
    name.is_some_and(|name| OF_TERMINALS.iter().any(|browser| name == *browser))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_variable_names_commands_and_where_the_url_stands() {
        let commands = of_variable("/opt/my-browser:'a b' --new=%s:/usr/bin/w3m", "u");
        let shown: Vec<String> = commands.iter().map(|command| format!("{command:?}")).collect();
        assert_eq!(shown, [r#""/opt/my-browser" "u""#, r#""a b" "--new=u""#, r#""/usr/bin/w3m" "u""#]);
        assert_eq!(commands.iter().map(is_of_terminals).collect::<Vec<_>>(), [false, false, true]);
    }
}
