//! What to do with a config that is there, and how to sign in.

use super::tickets::Request;
use crate::{
    effect::{Effect, Exit, SignInRequest},
    facts::{Condition, Found, Remote, Search, SsoSession, Trouble},
    question::Id,
    state::{Popup, ReviewTab, Row, Screen, State, Way, Welcome},
};

impl State {
    pub(super) fn enter_welcome(&mut self) {
        let Some(Row::Welcome(choice)) = self.list.focused() else { return };
        match choice {
            Welcome::Run => self.begin_run(),
            Welcome::Edit => self.edit(),
            Welcome::LookAgain => {
                let ticket = self.tickets.draw(Request::Write);
                self.effects.push(Effect::Reread(ticket));
            }
            Welcome::Check => {
                self.go(Screen::Review);
                self.review.tab = ReviewTab::Check;
                self.check();
            }
            Welcome::SignIn => match self.sign_in_request() {
                Some(_) => self.sign_in_or_go_on(),
                None => self.edit(),
            },
            Welcome::Quit => self.leave(Exit::Done),
        }
    }

    pub(super) fn detect(&mut self) {
        let ticket = self.tickets.draw(Request::Detect);
        self.facts.found.clear();
        self.facts.detection = Remote::Asked(self.now);
        self.effects.push(Effect::Detect(ticket));
        self.refresh_list();
    }

    /// A way to sign in was found; the best come first.
    pub(super) fn found(&mut self, found: Found) {
        let at = self.facts.found.partition_point(|other| other.rank <= found.rank);
        self.facts.found.insert(at, found);
        if self.screen == Screen::Method {
            self.refresh_list();
        }
    }

    pub(super) fn detected(&mut self) {
        self.facts.detection = Remote::Got(());
        if self.screen == Screen::Method {
            self.refresh_list();
        }
    }

    /// Whether the search is over, and there is nothing on this machine to sign in with.
    #[must_use]
    pub fn has_found_nothing(&self) -> bool {
        let is_there = |found: &Found| !matches!(found.condition, Condition::Absent(_));
        self.facts.detection.got().is_some() && !self.facts.found.iter().any(is_there)
    }

    pub(super) fn enter_method(&mut self) {
        match self.list.focused() {
            Some(Row::Found(at)) => {
                let Some(found) = self.facts.found.get(at).cloned() else { return };
                if !found.condition.is_usable() {
                    // What is wrong with a session can be changed.
                    if let Some(there) = found.session {
                        return self.edit_found(there);
                    }
                    self.notice = Some(format!("{} can't be used: {}", found.title, found.condition.words()));
                    return;
                }
                self.take_found(&found);
            }
            Some(Row::Configured) => self.take_configured(),
            Some(Row::Other(way)) => self.take_way(way),
            _ => {}
        }
    }

    /// The answers of what was found become the person's, and nothing else can take over.
    fn take_found(&mut self, found: &Found) {
        self.take_chosen();
        self.save_draft();
        let pinned =
            format!("{} will be pinned in the config: nothing in the environment can take over later", found.title);
        match found.sign_in.clone() {
            None => self.after_auth(false),
            Some(request) => {
                self.go(if matches!(request, SignInRequest::Mfa { .. }) { Screen::Mfa } else { Screen::SignIn });
                self.sign_in(request);
            }
        }
        if !self.answers.is(Id::Auth, "chain") {
            self.notice = Some(pinned);
        }
    }

    /// A session of the AWS files, to be changed before it is signed in to.
    fn edit_found(&mut self, there: SsoSession) {
        self.open_session(there);
        self.save_draft();
        self.go(Screen::Details);
        self.say_opened();
    }

    fn take_way(&mut self, way: Way) {
        self.take_chosen();
        match way {
            Way::Embedded => self.go(Screen::Destination),
            Way::Sso | Way::Role | Way::Profile => self.go(Screen::Details),
            _ => self.after_auth(false),
        }
    }

    /// Shows the search, if that is still what the person looks at.
    pub(super) fn explained(&mut self, search: Result<Search, Trouble>) {
        self.tickets.drop(Request::Explain);
        if self.screen == Screen::Method && self.popup.is_none() {
            self.popup = Some(search.map_or_else(Popup::Trouble, Popup::Chain));
        }
    }

    /// Letters of the screen. Whether it was one.
    pub(super) fn method_letter(&mut self, letter: char) -> bool {
        match letter {
            'r' => self.detect(),
            'e' => match self.session_there() {
                Some(there) => self.edit_found(there),
                None => return false,
            },
            'w' => {
                let ticket = self.tickets.draw(Request::Explain);
                self.effects.push(Effect::Explain(ticket));
            }
            // What is still found is not heard any more.
            's' if self.facts.detection.asked().is_some() => {
                self.tickets.drop(Request::Detect);
                self.detected();
            }
            'd' => {
                let Some(found) = self.focused_found() else { return false };
                let what = format!("{} ({}): {}. {}", found.title, found.origin, found.condition.words(), found.why);
                self.popup = Some(Popup::Trouble(Trouble::usage(what)));
            }
            _ => return false,
        }
        true
    }
}
