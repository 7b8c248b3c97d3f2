//! What there is to press.

use crate::{
    effect::SignInRequest,
    facts::{Remote, Trouble},
    question::{Need, QUESTIONS, Question},
    state::{Popup, Row, Screen, State},
};

/// A key that does something now, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key, as it is written on screen.
    pub key: &'static str,
    /// What it does, in a word or two.
    pub does: &'static str,
}

impl State {
    /// The keys that do something now, the most useful first.
    #[must_use]
    pub fn hints(&self) -> Vec<Hint> {
        let hint = |key, does| Hint { key, does };
        let mut hints = match &self.popup {
            Some(Popup::Quit) => return self.popup_hints(&Popup::Quit),
            _ if self.is_too_small() => {
                return vec![hint("Ctrl-C", if self.is_running() { "stop safely" } else { "leave" })];
            }
            Some(popup) => return self.popup_hints(popup),
            None => self.screen_hints(),
        };
        // Where letters are text, none leaves.
        let quit = hint(if self.takes_text() { "Ctrl-C" } else { "q" }, "quit");
        match self.screen {
            // Ctrl-C stops the run first.
            Screen::Run if self.is_running() => {}
            // On the last screen Enter leaves too.
            Screen::Farewell => {}
            Screen::Welcome => hints.push(hint("Esc", "quit")),
            Screen::Written | Screen::Run => hints.push(quit),
            Screen::Directory if !self.form.more && !self.list.filter.is_empty() => {
                hints.extend([hint("Esc", "clear filter"), quit]);
            }
            _ if self.trail.is_empty() => hints.push(hint("Esc", "quit")),
            _ => hints.extend([hint("Esc", "back"), quit]),
        }
        if !matches!(self.screen, Screen::Run | Screen::Written | Screen::Farewell | Screen::Welcome) {
            hints.push(hint("F2", "command"));
        }
        hints.push(hint(if self.takes_text() { "F1" } else { "?" }, "help"));
        hints.retain(|hint| self.acts(hint.key));
        hints
    }

    fn popup_hints(&self, popup: &Popup) -> Vec<Hint> {
        let hint = |key, does| Hint { key, does };
        let mut hints = match popup {
            Popup::Quit => vec![hint("Enter", "quit"), hint("Esc", "stay")],
            Popup::Resume => {
                let leave = if self.screen == Screen::Welcome { "back, keep it" } else { "leave, keep it" };
                vec![hint("Enter", "go on with it"), hint("n", "begin anew"), hint("Esc", leave)]
            }
            Popup::Keep(..) => vec![hint("Enter", "write it"), hint("Esc", "leave the file")],
            Popup::Command => vec![hint("y", "copy"), hint("Esc", "close")],
            Popup::Help | Popup::Trouble(_) | Popup::Errors | Popup::Chain(_) => vec![hint("Esc", "close")],
        };
        if self.popup_scroll.beyond > 0 {
            hints.push(hint("Up/Down", "scroll"));
        }
        hints
    }

    /// Whether a key of the screen does anything just now.
    fn acts(&self, key: &str) -> bool {
        let facts = &self.facts;
        match (self.screen, key) {
            (Screen::Method, "d") => self.focused_found().is_some() && !self.is_roomy(),
            (Screen::Identity | Screen::Preview, "d") => self.trouble().is_some_and(|trouble| self.is_cut(trouble)),
            // What can't be used says why, and no more.
            (Screen::Method, "Enter") => match self.list.focused() {
                Some(Row::Found(at)) => {
                    facts.found.get(at).is_some_and(|found| found.condition.is_usable() || found.session.is_some())
                }
                _ => true,
            },
            (Screen::Method, "e") => self.session_there().is_some(),
            (Screen::Method, "s") => facts.detection.asked().is_some(),
            // Nothing can be gone on with while it is waited for.
            (Screen::Identity, "Enter") => facts.identity.got().is_some(),
            (Screen::Preview, "Enter") => facts.preview.got().is_some_and(|preview| !preview.tables.is_empty()),
            (Screen::Directory, "Enter") => self.form.more || !self.list.matching.is_empty(),
            (Screen::Identity, "r") => facts.identity.asked().is_none(),
            (Screen::Preview, "r") => facts.preview.asked().is_none(),
            (Screen::Review, "r") => facts.document.got().is_some() && facts.check != Remote::Idle,
            (Screen::Review, "y") => self.review_text().is_some(),
            (Screen::Review, "Ctrl-S" | "Enter" | "Esc" | "u") => facts.written.asked().is_none(),
            (Screen::Review, "Up/Down") => self.review.scroll.beyond > 0,
            (Screen::Run, "e") => !self.run.log.is_empty(),
            (Screen::Details | Screen::Destination | Screen::Source, "F3") => self.has_more(),
            (Screen::Directory, "type") => !self.list.rows.is_empty(),
            (Screen::Details | Screen::Destination | Screen::Source, "Tab") => self.form.fields.len() > 1,
            (_, "Up/Down") => self.list.matching.len() > 1,
            _ => true,
        }
    }

    /// Whether there is room for what a list says of its row with the focus.
    fn is_roomy(&self) -> bool {
        self.size.0 >= 80 && self.size.1 >= 24
    }

    /// Whether a trouble may be too long for its screen, so that a box that scrolls tells more.
    fn is_cut(&self, trouble: &Trouble) -> bool {
        const AROUND: (usize, usize) = (8, 9);
        let columns = usize::from(self.size.0).saturating_sub(AROUND.0).max(1);
        let texts = [Some(&trouble.what), trouble.next.as_ref(), trouble.statement.as_ref()];
        let lines = texts.into_iter().flatten().flat_map(|text| text.lines());
        let rows: usize = lines.map(|line| line.chars().count() / columns + 1).sum();
        rows + AROUND.1 > usize::from(self.size.1)
    }

    /// What the log of the run holds, in a word.
    fn log_name(&self) -> &'static str {
        let retries = usize::try_from(self.run.retries).unwrap_or(usize::MAX);
        match self.run.errors {
            0 if self.run.log.len() <= retries => "retries",
            0 => "log",
            _ => "errors",
        }
    }

    /// Whether the screen has questions that few people need.
    fn has_more(&self) -> bool {
        let answers = self.typed_answers();
        let is_more = |question: &Question| {
            question.screen == self.screen && question.rare && (question.need)(&answers) != Need::NotAsked
        };
        QUESTIONS.iter().any(is_more)
    }

    fn screen_hints(&self) -> Vec<Hint> {
        let hint = |key, does| Hint { key, does };
        let edit = match self.sign_in.request {
            Some(SignInRequest::Sso { session: Some(_), .. }) if self.session_there().is_some() => "edit session",
            // Of one that was not found only its name is asked.
            Some(SignInRequest::Sso { session: Some(_), .. }) => "another session",
            _ => "edit URL and region",
        };
        let failed = self.trouble().is_some();
        match self.screen {
            Screen::Welcome => vec![hint("Up/Down", "choose"), hint("Enter", "go")],
            Screen::Method => {
                vec![
                    hint("Up/Down", "choose"),
                    hint("Enter", "next"),
                    hint("s", "stop looking"),
                    hint("w", "whole chain"),
                    hint("d", "details"),
                    hint("r", "look again"),
                    hint("e", "edit session"),
                ]
            }
            Screen::Details | Screen::Destination | Screen::Source => {
                let mut hints = vec![hint("Enter", "next")];
                if !self.takes_text() {
                    hints.push(hint("Left/Right", "choose"));
                }
                hints.push(hint("Tab", "next field"));
                hints.push(hint("F3", if self.form.more { "fewer" } else { "more" }));
                hints
            }
            Screen::SignIn if self.hidden.is_some() => vec![hint("Enter", "hand over")],
            Screen::SignIn if failed => {
                let mut hints = vec![hint("r", "try again"), hint("e", edit)];
                if self.can_go_unsigned() {
                    hints.push(hint("g", "go on anyway"));
                }
                hints
            }
            Screen::SignIn => match &self.sign_in.page {
                None => vec![],
                Some((page, _)) if self.sign_in.is_expired(self.now) => vec![
                    hint("n", if page.code.is_some() { "new code" } else { "new page" }),
                    hint("m", if page.device { "browser flow" } else { "code instead" }),
                    hint("e", edit),
                ],
                Some((page, _)) => {
                    let mut hints: Vec<Hint> = self.approves().then(|| hint("Enter", "approve")).into_iter().collect();
                    // Where the browser is on another machine, these two lead on.
                    let ends = [hint("p", "paste its last URL"), hint("m", "code instead")];
                    let (first, last) = if self.facts.place.device_first {
                        (ends, vec![])
                    } else {
                        ([hint("o", "open here"), ends[1]], vec![ends[0]])
                    };
                    hints.push(hint("c", if page.code.is_some() { "copy code" } else { "copy URL" }));
                    if page.device {
                        hints.push(hint("o", "open here"));
                        hints.extend([
                            hint("u", "copy URL"),
                            hint("v", "QR"),
                            hint("m", "browser flow"),
                            hint("n", "new code"),
                        ]);
                    } else {
                        hints.extend(first);
                        hints.extend(last);
                        if self.facts.place.device_first {
                            hints.push(hint("o", "open here"));
                        }
                    }
                    hints.push(hint("e", edit));
                    if self.keepable().is_some() {
                        let is_there = self.edited.is_some();
                        hints.push(hint("k", if is_there { "change the session" } else { "keep as a session" }));
                    }
                    hints
                }
            },
            Screen::Mfa if failed => vec![hint("r", "try again")],
            Screen::Mfa => vec![hint("Enter", "hand over")],
            Screen::Directory if self.form.more => {
                vec![hint("Enter", "next"), hint("Tab", "next field"), hint("F3", "list")]
            }
            Screen::Directory if failed => {
                let mut hints = vec![hint("r", "try again"), hint("F3", "type both")];
                if self.can_sign_in_anew() {
                    hints.push(hint("s", "sign in anew"));
                }
                hints
            }
            Screen::Directory => {
                vec![hint("type", "filter"), hint("Up/Down", "choose"), hint("Enter", "next"), hint("F3", "type both")]
            }
            Screen::Identity | Screen::Preview if failed => {
                let mut hints = vec![hint("r", "try again"), hint("g", "go on anyway"), hint("d", "details")];
                if self.can_sign_in_anew() {
                    hints.insert(1, hint("s", "sign in anew"));
                }
                if self.screen == Screen::Preview && self.can_set_aside() {
                    hints.insert(0, hint("s", "set such rows aside"));
                }
                hints
            }
            Screen::Identity => {
                let mut hints = vec![hint("Enter", "next"), hint("r", "ask again")];
                if self.keepable().is_some() {
                    hints.push(hint("k", "keep as an AWS profile"));
                }
                hints
            }
            Screen::Preview => vec![hint("Enter", "next"), hint("Up/Down", "table"), hint("r", "look again")],
            Screen::Review => {
                let is_offered = self.offered().is_some();
                let mut hints = match self.facts.check {
                    Remote::Got(true) if is_offered => {
                        vec![hint("Enter", "use what was found"), hint("Ctrl-S", "write as it is")]
                    }
                    Remote::Got(true) if self.is_only_checked() => vec![hint("Enter", "back")],
                    Remote::Got(true) => vec![hint("Enter", "write the config")],
                    Remote::Idle => vec![hint("Enter", "test write")],
                    _ if is_offered => vec![hint("Ctrl-S", "write anyway"), hint("u", "use what was found")],
                    _ => vec![hint("Ctrl-S", "write anyway")],
                };
                hints.extend([hint("Left/Right", "page"), hint("Up/Down", "scroll")]);
                hints.extend([hint("r", "test again"), hint("y", "copy")]);
                hints
            }
            Screen::Written => vec![hint("Up/Down", "choose"), hint("Enter", "go")],
            Screen::Run if self.is_running() => {
                vec![
                    hint("Ctrl-C", if self.run.stops == 0 { "stop safely" } else { "end at once" }),
                    hint("e", self.log_name()),
                ]
            }
            Screen::Run => {
                vec![hint("Enter", "next"), hint("e", self.log_name())]
            }
            Screen::Farewell => vec![hint("Enter", "leave")],
        }
    }
}
