//! Questions of a form, one after the other, and rows of a list.

use super::{Plain, Told, Turn};
use crate::{
    answers::{Answers, From},
    event::{Event, Intent, Key},
    facts::Found,
    question::{Id, Kind, Need, QUESTIONS, Question},
    state::{Field, Popup, Row, Screen},
};

/// Whether an empty answer means that the content decides.
fn id_is_found(id: Id) -> bool {
    id == Id::SourceFormat
}

/// How many rows are listed at once.
pub(super) const PAGE: usize = 20;

/// What a question is about; the rest of its help is for whoever asks.
fn first_sentence(help: &str) -> &str {
    help.split_once(". ").and_then(|(first, _)| help.get(..=first.len())).unwrap_or(help)
}

pub(super) fn no_such_number(number: usize, last: usize) -> String {
    format!("There is no {number}; choose 1 to {last}.")
}

/// Why an answer was not taken.
fn not_taken(question: &Question, text: &str, error: &str) -> String {
    // A program and a spec may hold what nobody should see, and some reasons name the value themselves.
    let value = lakeward_core::untrusted::excerpt(text, 80);
    let is_shown = !matches!(question.kind, Kind::Words | Kind::Table) && !value.is_empty() && !error.contains(&value);
    let shown = if is_shown { format!("\"{value}\": ") } else { String::new() };
    super::tell::sentence(&format!("Not taken: {shown}{error}"))
}

impl Plain {
    /// The questions that are asked with the answers so far, in their order: of each screen those that few need come last.
    fn asked(&self) -> Vec<Id> {
        let answers = &self.understood();
        let place = |screen: Screen| Screen::ALL.iter().position(|other| *other == screen);
        let (here, trail) = (self.state.screen, &self.state.trail);
        // How to sign in is asked first, also of whoever then wants no AWS.
        let was_asked = |id: Id| id == Id::Auth && (here == Screen::Method || trail.contains(&Screen::Method));
        // What a choice answers beside itself is not asked: then its screen did not come.
        let is_passed = |question: &Question| {
            let can_be = matches!(question.screen, Screen::Details | Screen::Directory);
            can_be && place(question.screen) < place(here) && !trail.contains(&question.screen)
        };
        let is_asked = |question: &&Question| {
            // Account and role are one choice.
            let is_shown = self.state.form.fields.iter().any(|field| field.id == question.id);
            let is_open = !question.rare || is_shown || self.opened.contains(&question.screen);
            let is_needed = (question.need)(answers) != Need::NotAsked || was_asked(question.id);
            let is_passed = |question: &Question| is_passed(question) || self.is_chosen(question.id);
            is_needed && is_open && question.id != Id::SsoRoleName && !is_passed(question)
        };
        let mut asked: Vec<&Question> = QUESTIONS.iter().filter(is_asked).collect();
        asked.sort_by_key(|question| (place(question.screen), question.rare));
        asked.into_iter().map(|question| question.id).collect()
    }

    /// The answers, without choices that are none: those say nothing of what else is asked.
    fn understood(&self) -> Answers {
        let mut answers = self.state.answers.understood();
        answers.fill(&self.state.facts);
        answers
    }

    /// "Question 3 of 9"; "of about 9" while an answer is open on which it depends what else is asked.
    pub(super) fn number(&self, id: Id) -> String {
        let asked = self.asked();
        let about = if self.is_counted() { "" } else { "about " };
        match asked.iter().position(|other| *other == id) {
            Some(at) => format!("Question {} of {about}{}", at + 1, asked.len()),
            None => "One more question".to_owned(),
        }
    }

    /// Whether it is known how many questions there are: how to sign in and the kind of source decide on others.
    fn is_counted(&self) -> bool {
        let is_wrong = self.state.form.fields.iter().any(|field| field.id == Id::Source && field.error.is_some());
        let has_source = (self.state.answers.is_given(Id::Source) && !is_wrong) || self.answered.contains(&Id::Source);
        has_source && self.state.screen != Screen::Method
    }

    /// The field whose question is open: the first that is not dealt with and that nobody answered by other means.
    pub(super) fn open_field(&self) -> Option<&Field> {
        self.state.form.fields.iter().find(|field| !self.answered.contains(&field.id) && self.is_asked(field))
    }

    /// Whether nobody answered it by other means; what was given and can't be taken is asked after all.
    fn is_asked(&self, field: &Field) -> bool {
        let answer = self.state.answers.get(field.id);
        let is_given = answer
            .is_some_and(|answer| matches!(answer.from, From::Flag | From::Variable | From::File) && !answer.stale);
        field.error.is_some() || !(is_given || self.is_chosen(field.id))
    }

    /// Whether a choice of another question has answered it: of how to sign in, whether it is AWS at all.
    fn is_chosen(&self, id: Id) -> bool {
        id == Id::Storage && self.state.trail.contains(&Screen::Method)
    }

    /// Of a form that was come back to, opens the last question.
    fn reopen_last(&mut self) {
        self.answered =
            self.state.form.fields.iter().filter(|field| self.is_asked(field)).map(|field| field.id).collect();
        self.answered.pop();
    }

    /// Whether there are questions of this form that few people need, and that were not asked for.
    pub(super) fn has_more(&self) -> bool {
        let answers = &self.state.answers;
        let is_left_out = |question: &Question| {
            question.rare && question.screen == self.state.screen && (question.need)(answers) != Need::NotAsked
        };
        let is_form = !self.state.form.fields.is_empty() && self.state.screen != Screen::Directory;
        is_form && !self.state.form.more && QUESTIONS.iter().any(is_left_out)
    }

    /// Asks for a field. `said` is what was said just before: why its answer was not taken may be among that.
    pub(super) fn ask(&self, field: &Field, said: &[String]) -> Vec<String> {
        let question = field.id.question();
        let about = format!("{}: {}", self.number(field.id), question.title);
        let mut lines = vec![String::new(), about];
        if !self.told.is_refused {
            lines.push(first_sentence(question.help).to_owned());
        }
        let is_new = |error: &&String| !said.iter().any(|line| line.contains(error.as_str()));
        lines.extend(field.error.as_ref().filter(is_new).map(|error| not_taken(question, &field.text, error)));
        let choices = if self.told.is_refused { &[] } else { question.choices() };
        for (at, choice) in choices.iter().enumerate() {
            lines.push(format!("  {}. {}: {}", at + 1, choice.value, choice.help));
        }
        if let Some(note) = &field.note {
            lines.push(format!("  ({note})"));
        }
        if field.id == Id::Dir && self.state.facts.place.existing.is_some() && self.has_more() {
            lines.push("To go to S3 instead of a folder: + asks about Storage too; answer s3 there.".to_owned());
        }
        let need = (question.need)(&self.state.answers);
        let proposed = self.proposal(field);
        let is_needed = |line: &String| line.contains("an answer is needed");
        lines.extend(match (proposed.as_str(), need) {
            ("", Need::Required) if said.iter().any(is_needed) => None,
            ("", Need::Required) => Some(format!("An answer is needed, such as {}.", question.example)),
            ("", _) if id_is_found(field.id) => Some("Enter leaves it to be found by content.".to_owned()),
            ("", _) if question.choices().is_empty() => {
                Some(format!("Such as {}. Enter leaves it empty.", question.example))
            }
            ("", _) => Some("Enter leaves it empty.".to_owned()),
            (text, Need::Required) => Some(format!("Enter takes {text}.")),
            (text, _) => Some(format!("Enter takes {text}, - leaves it empty.")),
        });
        if field.id == Id::Paths && !self.told.is_refused {
            let folder = self.state.facts.place.config.parent().map(|folder| folder.display().to_string());
            lines.extend(folder.map(|folder| format!("They count from the folder of the config: {folder}")));
        }
        if field.id == Id::Path
            && let Ok(key) = self.state.key_preview()
        {
            lines.push(format!("An object's address then is such as {key}"));
        }
        lines
    }

    /// What an empty line answers. What was not taken is not proposed: then it is what was proposed before, or else the default.
    fn proposal(&self, field: &Field) -> String {
        if field.error.is_none() {
            return field.text.clone();
        }
        if let Some((_, before)) = self.proposed.as_ref().filter(|(id, _)| *id == field.id) {
            return before.clone();
        }
        let default = (field.id.question().default)(&self.state.answers, &self.state.facts);
        default.map(|value| value.typed()).filter(|text| *text != field.text).unwrap_or_default()
    }

    /// A line that answers the open question.
    pub(super) fn answer(&mut self, line: &str, turn: &mut Turn) {
        let Some(field) = self.open_field() else { return };
        let id = field.id;
        let proposed = self.proposal(field);
        let question = id.question();
        let line = line.trim();
        let choices = question.choices();
        let number = line.parse::<usize>().ok().filter(|_| !choices.is_empty());
        let chosen = match number {
            Some(number) => number.checked_sub(1).and_then(|at| choices.get(at)),
            None => choices.iter().find(|choice| choice.value.eq_ignore_ascii_case(line)),
        };
        if let Some(number) = number.filter(|_| chosen.is_none()) {
            turn.lines.push(no_such_number(number, choices.len()));
            return;
        }
        let text = match (line, chosen) {
            ("", _) => proposed.clone(),
            ("-", _) if (question.need)(&self.state.answers) == Need::Optional => String::new(),
            (_, Some(choice)) => choice.value.to_owned(),
            (line, None) => line.to_owned(),
        };
        self.take(Event::Intent(Intent::Fill(id, text.clone())), turn);
        let error = self.state.form.fields.iter().find(|field| field.id == id).and_then(|field| field.error.clone());
        self.proposed = Some((id, proposed.clone()))
            .filter(|(_, proposed)| error.is_some() && !proposed.is_empty() && *proposed != text);
        if let Some(error) = error {
            self.told.question = None;
            self.told.is_refused = true;
            turn.lines.push(not_taken(question, &text, &error));
            return;
        }
        if id == Id::Path
            && text != proposed
            && let Ok(key) = self.state.key_preview()
        {
            turn.lines.push(format!("An object's address is such as {key}"));
        }
        if !self.answered.contains(&id) {
            self.answered.push(id);
        }
    }

    /// The question before, or else the screen before.
    pub(super) fn back(&mut self, turn: &mut Turn) {
        self.told.question = None;
        self.told.rows = None;
        if !self.state.form.fields.is_empty() && self.answered.pop().is_some() {
            return;
        }
        if self.state.trail.is_empty() && self.state.screen != Screen::Written {
            turn.lines.push(format!("This is the first question; {}.", self.quits()));
            self.ask_list_again();
            return;
        }
        self.intend(Intent::Back, turn);
        // A form whose questions were all answered by flags would lead forward again.
        while !self.state.form.fields.is_empty() && self.open_field().is_none() && !self.state.trail.is_empty() {
            self.intend(Intent::Back, turn);
        }
        self.reopen_last();
    }

    /// What says where the rows are.
    pub(super) fn source_question(&self) -> Option<&'static Question> {
        let answers = &self.state.answers;
        let is_it = |question: &&Question| {
            let is_of_source = question.screen == Screen::Source && question.id != Id::Source;
            is_of_source && (question.need)(answers) == Need::Required && self.state.answers.get(question.id).is_some()
        };
        QUESTIONS.iter().find(is_it)
    }

    /// The question where the rows are, once they could not be read.
    pub(super) fn back_to_source(&mut self, turn: &mut Turn) {
        let Some(question) = self.source_question() else { return self.back(turn) };
        self.back(turn);
        let fields = self.state.form.fields.iter().map(|field| field.id);
        let before: Vec<Id> = fields.take_while(|id| *id != question.id).collect();
        self.answered.retain(|id| before.contains(id));
    }

    /// A list that is told again comes with what it is chosen for.
    fn ask_list_again(&mut self) {
        if self.is_list() && self.state.screen != Screen::Welcome {
            self.told.screen = None;
        }
    }

    pub(super) fn help(&mut self, turn: &mut Turn) {
        if let Some(lines) = self.help_of_offer() {
            turn.lines.extend(lines);
            self.told.popup = None;
            return;
        }
        if let Some(field) = self.open_field() {
            let question = field.id.question();
            turn.lines.push(question.help.to_owned());
            turn.lines.push(format!(
                "An example: {}. As a flag: --{}. In the config: {}.",
                question.example, question.flag, question.key
            ));
            if (question.need)(&self.state.answers) == Need::Optional {
                turn.lines.push("- leaves it empty.".to_owned());
            }
        }
        if self.has_more() {
            turn.lines.push("+ also asks the questions that few people need.".to_owned());
        }
        let has_choices = self.open_field().is_some_and(|field| !field.id.question().choices().is_empty());
        turn.lines.push(self.help_of_screen(has_choices));
        turn.lines.push(format!(
            "< goes back, {}. To answer with such a character itself, type a space before it.",
            self.quits()
        ));
        // At the menu nothing is answered yet.
        if self.state.screen != Screen::Welcome {
            turn.lines.push(format!("The same so far: {}", self.state.command()));
        }
        self.told = Told { question: None, rows: None, hidden: false, popup: None, ..self.told.clone() };
        self.ask_list_again();
    }

    /// What can be typed on the screen as it is now.
    fn help_of_screen(&self, has_choices: bool) -> String {
        /// What goes on while a sign-in does.
        const SIGN_IN: &[(&str, &str)] = &[
            ("n", "a new code"),
            ("m", "the other way to sign in"),
            ("o", "open the page here"),
            ("p", "paste the address that the browser ended at"),
            ("e", "edit what is signed in to"),
            ("k", "keep a start URL as a session of the AWS files"),
        ];
        let hints = self.state.hints();
        let has = |key: &str| hints.iter().any(|hint| hint.key == key);
        match self.state.screen {
            Screen::SignIn | Screen::Mfa | Screen::Directory | Screen::Identity | Screen::Preview if self.has_failed() => {
                return self.after_failure();
            }
            Screen::SignIn => {
                let keys = SIGN_IN.iter().filter(|(key, _)| has(key)).map(|(key, does)| format!("{key}: {does}; "));
                return format!("{}signing in goes on meanwhile.", keys.collect::<String>());
            }
            Screen::Details | Screen::Destination | Screen::Source if has_choices => {
                "Type the answer, or its number; Enter takes what is proposed."
            }
            Screen::Details | Screen::Destination | Screen::Source => "Type the answer; Enter takes what is proposed.",
            Screen::Directory => {
                "Type a number to choose, words to filter, + for the next page, = to type account and role."
            }
            Screen::Review => {
                "Enter tests and then writes; w writes without a test; r tests again; policy, command and toml show these."
            }
            Screen::Identity if has("k") => "Enter goes on; r asks once more; k keeps it as a profile for the AWS tools too.",
            Screen::Identity => "Enter goes on; r asks once more.",
            Screen::Preview => "Enter goes on; r looks once more.",
            Screen::Method => "Type a number to choose; r looks again, w shows the whole credential chain.",
            Screen::Welcome | Screen::Written => "Type a number to choose.",
            Screen::Mfa => "Type the code that the device shows now. It is not shown.",
            Screen::Run if self.state.is_running() => {
                "Ctrl-C stops safely: what was taken still lands. Again: the run ends at once."
            }
            Screen::Run => "Enter goes on.",
            Screen::Farewell => "Enter leaves.",
        }
        .to_owned()
    }

    /// What each answer means where it is asked whether to go on with a draft, or whether to change a file.
    fn help_of_offer(&self) -> Option<Vec<String>> {
        let place = &self.state.facts.place;
        let lines = match self.state.popup.as_ref()? {
            Popup::Resume if self.state.screen == Screen::Welcome => vec![
                "Enter or y: the edit goes on. Each question proposes what was answered; nothing is written before you have seen the change.".to_owned(),
                format!("n: the edit is forgotten for good, and another begins with what {} says.", place.config_shown),
                "<: back to the menu. The edit is kept, and Edit asks again.".to_owned(),
                "q: quits. The edit is kept.".to_owned(),
            ],
            Popup::Resume => vec![
                "Enter or y: goes on. The questions come one after the other, and each proposes what was answered: Enter takes it, and anything else can be typed instead.".to_owned(),
                "n: begins anew. The answers are forgotten for good.".to_owned(),
                format!("q: quits. The answers are kept, and the next `{}` asks again.", place.asking()),
            ],
            Popup::Keep(..) => vec![
                "Enter or y: the change is written, and the file as it was is kept beside it.".to_owned(),
                "n: the file stays as it is, and the wizard goes on.".to_owned(),
            ],
            _ => return None,
        };
        Some(lines)
    }

    /// What q does.
    fn quits(&self) -> &'static str {
        if self.state.keeps_answers() { "q quits and keeps the answers" } else { "q quits" }
    }

    /// Whether no row of the page is about to become others.
    pub(super) fn is_directory_ready(&self) -> bool {
        let list = &self.state.list;
        let waits = |row: &usize| match list.rows.get(*row) {
            Some(Row::Account(at)) => {
                self.state.facts.accounts.get(*at).is_some_and(|account| account.roles.asked().is_some())
            }
            _ => false,
        };
        self.state.form.more
            || (self.state.facts.directory.asked().is_none()
                && !list.matching.iter().skip(self.page).take(PAGE).any(waits))
    }

    /// The rows of the page, numbered over all that match.
    pub(super) fn list(&self) -> Vec<String> {
        let list = &self.state.list;
        let total = list.matching.len();
        let shown = list.matching.iter().enumerate().skip(self.page).take(PAGE);
        let mut lines: Vec<String> =
            shown.filter_map(|(at, row)| Some(format!("  {}. {}", at + 1, self.row(*list.rows.get(*row)?)))).collect();
        if total > PAGE {
            let to = (self.page + PAGE).min(total);
            lines.push(format!("  {} to {to} of {total}; + shows the next", self.page + 1));
        }
        lines
    }

    fn row(&self, row: Row) -> String {
        let facts = &self.state.facts;
        let found = |found: &Found| format!("{} ({}): {}", found.title, found.origin, found.condition.words());
        match row {
            Row::Welcome(choice) => {
                let (name, does) = choice.words(facts.again);
                format!("{name}: {does}")
            }
            Row::Found(at) => facts.found.get(at).map_or_else(String::new, found),
            Row::Configured => self.state.configured().as_ref().map_or_else(String::new, found),
            Row::Other(way) => format!("{}: {}", way.words().0, way.words().1),
            Row::Account(at) => facts.accounts.get(at).map_or_else(String::new, |account| {
                let role = match &account.roles {
                    crate::facts::Remote::Failed(trouble) => trouble.what.clone(),
                    crate::facts::Remote::Got(_) => "no role".to_owned(),
                    _ => "roles not listed yet".to_owned(),
                };
                format!("{} {}: {role}", account.name, account.id)
            }),
            Row::Role(at, role) => facts.accounts.get(at).map_or_else(String::new, |account| {
                let role =
                    account.roles.got().and_then(|roles| roles.get(role)).map(String::as_str).unwrap_or_default();
                format!("{} {}: {role}", account.name, account.id)
            }),
            Row::Table(at) => facts
                .preview
                .got()
                .and_then(|preview| preview.tables.get(at))
                .map_or_else(String::new, |table| table.name.clone()),
            Row::Run(true) => format!("Run now: {}", facts.again.offer()),
            Row::Run(false) => "Not now".to_owned(),
        }
    }

    /// Whether all questions of the form are dealt with: then it goes on by itself, or one of them is asked again.
    pub(super) fn go_on(&mut self, turn: &mut Turn) -> bool {
        let is_form = !self.state.form.fields.is_empty() && self.state.popup.is_none();
        if !is_form || self.open_field().is_some() {
            return false;
        }
        let screen = self.state.screen;
        self.press(Key::Enter, turn);
        if self.state.screen != screen {
            return true;
        }
        // Something that was dealt with is wrong beside the others: it is asked again.
        let wrong: Vec<Id> =
            self.state.form.fields.iter().filter(|field| field.error.is_some()).map(|field| field.id).collect();
        for field in self.state.form.fields.iter().filter(|field| wrong.contains(&field.id)) {
            let error = field.error.clone().unwrap_or_default();
            let title = field.id.question().title;
            turn.lines.push(super::tell::sentence(&format!("{title}: {error}")));
        }
        self.answered.retain(|id| !wrong.contains(id));
        self.told.question = None;
        !wrong.is_empty()
    }
}
