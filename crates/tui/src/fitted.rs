//! Lines for people, broken between words where a terminal would break them anywhere.

use crate::wizard::text::width;

/// With what a command begins that is to be copied as a whole, where it stands behind a colon.
const PROGRAMS: [&str; 6] = ["lakeward", "duckdb", "ssh", "aws", "chmod", "eval"];

/// How far lines are set in where a column would leave no room.
const NARROW: usize = 4;

/// A text whose lines fit a terminal: sentences are broken between words, below their beginning. What is to be copied is not broken: words
/// such as URLs, what stands between backticks, and a command behind a colon. Lines of a file, of a table or of a picture of an error
/// stay as they are.
#[must_use]
pub fn fitted(text: &str, columns: usize) -> String {
    let fitted: Vec<String> = text.split('\n').map(|line| line_fitted(line, columns)).collect();
    fitted.join("\n")
}

fn line_fitted(line: &str, columns: usize) -> String {
    if width(line) <= columns || is_whole(line) {
        return line.to_owned();
    }
    let words = line.trim_start_matches(' ');
    let indent = line.len() - words.len();
    // What stands in columns goes on below the last of them, as long as that leaves room.
    let (lead, words) = words.split_at(gaps(words).last().copied().unwrap_or_default());
    let hang = Some(indent + width(lead)).filter(|hang| hang * 2 <= columns).unwrap_or(NARROW);
    let begin = if indent * 2 <= columns { indent } else { NARROW };
    let mut fitted = " ".repeat(begin) + lead;
    let mut taken = begin + width(lead);
    let mut is_first = true;
    for unit in units(words) {
        let needs = width(&unit);
        if taken + usize::from(!is_first) + needs > columns && !(is_first && lead.is_empty()) {
            fitted.truncate(fitted.trim_end_matches(' ').len());
            fitted.push('\n');
            fitted.push_str(&" ".repeat(hang));
            taken = hang;
        } else if !is_first {
            fitted.push(' ');
            taken += 1;
        }
        fitted.push_str(&unit);
        taken += needs;
        is_first = false;
    }
    fitted
}

/// Where the columns of a line begin, but for the first.
fn gaps(words: &str) -> Vec<usize> {
    let is_end = |at: usize| words.get(..at).is_some_and(|before| before.ends_with("  "));
    words.char_indices().filter(|(at, c)| *c != ' ' && is_end(*at)).map(|(at, _)| at).collect()
}

/// Whether a line is one of a file, a table or a picture.
fn is_whole(line: &str) -> bool {
    let inner = line.trim_start_matches(['+', '-', ' ']);
    let is_key = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-\"".contains(c));
    let is_setting = inner.split_once(" = ").is_some_and(|(key, _)| is_key(key));
    let is_picture = line.contains('\u{1b}') || line.contains(" |") || inner.starts_with(['|', '>']);
    let gaps = gaps(inner);
    let is_command = gaps
        .last()
        .and_then(|at| inner.get(*at..))
        .is_some_and(|rest| PROGRAMS.iter().any(|program| rest.starts_with(&format!("{program} "))));
    is_setting || is_picture || is_command || gaps.len() > 2 || inner.starts_with(['#', '[', '{', '}', '"'])
}

/// Whether a whole line is a command, and no sentence that begins with a program's name: it has flags, and quotes nothing as texts do.
fn is_copied(line: &str) -> bool {
    line.contains(" --") && !line.contains('`')
}

/// What may stand on lines of its own.
fn units(words: &str) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    let (mut is_quoted, mut is_command) = (false, false);
    for word in words.split(' ') {
        let begins = !is_quoted
            && PROGRAMS.contains(&word)
            && (units.last().is_some_and(|before| before.ends_with(':')) || (units.is_empty() && is_copied(words)));
        is_command |= begins;
        // Programs among its own words, such as `--auth aws`, do not begin another.
        let goes_on = is_quoted || (is_command && !begins);
        match units.last_mut().filter(|_| goes_on) {
            Some(unit) => {
                unit.push(' ');
                unit.push_str(word);
            }
            None => units.push(word.to_owned()),
        }
        is_quoted ^= word.matches('`').count() % 2 == 1;
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words_below_their_beginning() {
        assert_eq!(fitted("  one two three\nfour", 10), "  one two\n  three\nfour");
        assert_eq!(fitted("short enough", 12), "short enough");
        assert_eq!(fitted("für dieselbe Größe", 8), "für\ndieselbe\nGröße");
        assert_eq!(fitted("", 5), "");
        for columns in 0..40 {
            let text = "a sentence of a few words, and https://acme.awsapps.com/start/#/device?user_code=KQTM-VXRB";
            assert_eq!(fitted(text, columns).replace('\n', " "), text, "{columns}");
        }
    }

    #[test]
    fn a_text_behind_columns_goes_on_below_itself_where_there_is_room() {
        let line = "ok           source    3 files, the first is a.csv";
        assert_eq!(fitted(line, 46), "ok           source    3 files, the first is\n                       a.csv");
        assert_eq!(fitted(line, 30), "ok           source    3\n    files, the first is a.csv");
        assert_eq!(fitted("                    next: see what it says", 30), "    next: see what it says");
        let command = "Run it:                      lakeward --config lakeward.toml";
        assert_eq!(fitted(command, 40), command);
    }

    #[test]
    fn what_is_copied_is_not_broken() {
        let url = "https://acme.awsapps.com/start/#/device?user_code=KQTM-VXRB";
        assert_eq!(fitted(&format!("Open this page: {url} now"), 20), format!("Open this page:\n{url}\nnow"));
        let command = "lakeward init --config 'my lake.toml' --bucket b";
        assert_eq!(fitted(&format!("The same so far: {command}"), 20), format!("The same so far:\n{command}"));
        assert_eq!(fitted(command, 20), command, "alone on its line");
        let of_program = "lakeward init --bucket b --command 'aws s3 cp s3://b/a -'";
        assert_eq!(fitted(of_program, 30), of_program);
        assert_eq!(fitted(&format!("The same so far: {of_program}"), 30), format!("The same so far:\n{of_program}"));
        assert_eq!(fitted("lakeward can do more than that", 20), "lakeward can do more\nthan that");
        assert_eq!(
            fitted("then run `lakeward check --config x` and see", 20),
            "then run\n`lakeward check --config x`\nand see"
        );
    }

    #[test]
    fn lines_of_files_tables_and_pictures_stay() {
        for line in [
            "#   lakeward init --storage embedded --bucket b",
            "+path = \"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\"",
            "  \"Resource\": \"arn:aws:s3:::my-lake/raw/*\"",
            "orders       100       100        0    1",
            "3 | bukcet = \"precious\" and more",
        ] {
            assert_eq!(fitted(line, 12), line);
        }
    }
}
