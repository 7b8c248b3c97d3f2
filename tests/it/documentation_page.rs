//! The fenced blocks of a page, the commands in them, and the messages that it explains.

use std::fs;

use crate::program::root;

/// A fenced block.
pub(crate) struct Block {
    /// The heading that it stands below, of whatever level.
    pub(crate) heading: String,
    /// The heading of the first or second level that it stands below.
    pub(crate) chapter: String,
    /// What follows the opening fence.
    pub(crate) language: String,
    /// The lines, without the block's indentation.
    pub(crate) lines: Vec<String>,
    /// The line of the opening fence.
    pub(crate) line: usize,
}

impl Block {
    /// The whole block.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The file that its first line names, in a comment.
    pub(crate) fn file(&self) -> Option<&str> {
        self.lines.first()?.strip_prefix("# ")
    }
}

/// The command of this program in a line of a shell, of a script in YAML, of a crontab or a unit: from the program's name on, without
/// a comment behind it.
pub(crate) fn command(line: &str) -> Option<String> {
    let line = line.trim().replace(['[', ']', ','], "");
    let words: Vec<&str> = line.split_whitespace().collect();
    let first = words.iter().position(|word| *word == "lakeward" || word.ends_with("/lakeward"))?;
    let follows = words.get(first + 1)?;
    let is_command = follows.starts_with('-') || ["auth", "check", "policy", "sync"].contains(follows);
    // What a file says of another program is that program's.
    let is_value = first > 0 && line.starts_with("credential_process");
    let words = words.into_iter().skip(first + 1).take_while(|word| *word != "#");
    let arguments: Vec<&str> = words.collect();
    (is_command && !is_value).then(|| format!("lakeward {}", arguments.join(" ")))
}

/// All blocks of a page of `docs`.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let (mut heading, mut chapter) = (String::new(), String::new());
    let (mut blocks, mut open): (Vec<Block>, Option<(usize, Block)>) = (Vec::new(), None);
    for (number, line) in (1..).zip(text(page).lines()) {
        let trimmed = line.trim_start();
        match (&mut open, trimmed.strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take().map(|(_, block)| block)),
            (Some((indent, block)), _) => block.lines.push(line.get(*indent..).unwrap_or_default().to_owned()),
            (None, Some(language)) => {
                let (heading, chapter, language) = (heading.clone(), chapter.clone(), language.to_owned());
                let block = Block { heading, chapter, language, lines: Vec::new(), line: number };
                open = Some((line.len() - trimmed.len(), block));
            }
            (None, None) => {
                if let Some((marks, title)) = line.split_once(' ').filter(|(marks, _)| is_heading(marks)) {
                    title.clone_into(&mut heading);
                    if marks.len() < 3 {
                        title.clone_into(&mut chapter);
                    }
                }
            }
        }
    }
    assert!(open.is_none(), "a block of {page} has no end");
    blocks
}

fn is_heading(marks: &str) -> bool {
    !marks.is_empty() && marks.bytes().all(|mark| mark == b'#')
}

/// The commands of this program that stand amid the text.
pub(crate) fn mentioned(page: &str) -> Vec<String> {
    let mut is_block = false;
    let text = text(page);
    let prose = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_block ^= is_fence;
        !is_block && !is_fence
    });
    // Every other piece is quoted.
    let quoted = prose.flat_map(|line| line.split('`').skip(1).step_by(2)).filter_map(command);
    quoted.collect()
}

/// Where the page's links lead: to another file, to a heading, or both.
pub(crate) fn links(page: &str) -> Vec<(String, String)> {
    let text = text(page);
    let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let split = targets.map(|target| target.split_once('#').unwrap_or((target, "")));
    split.map(|(file, heading)| (file.to_owned(), heading.to_owned())).collect()
}

/// The headings of a page, as links name them.
pub(crate) fn anchors(page: &str) -> Vec<String> {
    let text = text(page);
    let titles = text.lines().filter_map(|line| line.split_once(' ').filter(|(marks, _)| is_heading(marks)));
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    titles.map(|(_, title)| title.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

/// The texts in backquotes with which rows of the page's tables of messages begin, each in the pieces that stand still.
pub(crate) fn messages(page: &str) -> Vec<Vec<String>> {
    let mut messages = Vec::new();
    let mut is_table = false;
    for line in text(page).lines() {
        match line.strip_prefix("| ").and_then(|row| row.split_once(" |")) {
            Some(("Message" | "What you see" | "Situation", _)) => is_table = true,
            Some((cell, _)) if is_table => {
                // Every other piece is quoted.
                let quoted = cell.split('`').skip(1).step_by(2);
                let quoted = quoted.filter(|text| text.contains(' ') && !text.starts_with("auth "));
                messages.extend(quoted.map(|text| text.split('…').map(|piece| piece.trim().to_owned()).collect()));
            }
            _ if line.starts_with('|') => {}
            _ => is_table = false,
        }
    }
    messages
}

fn text(page: &str) -> String {
    fs::read_to_string(root().join("docs").join(page)).unwrap()
}
