//! The account and the role: listed while one can choose already.

use super::tickets::Request;
use crate::{
    effect::{Effect, SignInRequest},
    facts::{Account, Remote, Trouble},
    question::Id,
    state::{Row, Screen, State},
};

/// How many accounts before and behind the focus have their roles listed ahead.
const AHEAD: (usize, usize) = (4, 12);
/// How many lists of roles are awaited at once: the portal throttles.
const AT_ONCE: usize = 8;

/// What is said to whoever chooses an account too early.
const AWAITED: &str = "its roles are still being listed";

impl State {
    fn portal(&self) -> Option<SignInRequest> {
        self.sign_in_request().filter(|request| matches!(request, SignInRequest::Sso { .. }))
    }

    pub(super) fn list_accounts(&mut self) {
        if self.facts.directory.got().is_some() || self.facts.directory.asked().is_some() {
            self.ask_roles();
            return;
        }
        let Some(request) = self.portal() else { return };
        let ticket = self.tickets.draw(Request::Accounts);
        self.facts.accounts.clear();
        self.facts.directory = Remote::Asked(self.now);
        self.effects.push(Effect::ListAccounts(ticket, request));
        self.refresh_list();
    }

    pub(super) fn accounts(&mut self, accounts: Vec<Account>) {
        self.facts.accounts.extend(accounts);
        self.refresh_directory();
    }

    pub(super) fn roles(&mut self, id: &str, roles: Result<Vec<String>, Trouble>) {
        if let Some(account) = self.facts.accounts.iter_mut().find(|account| account.id == id) {
            account.roles = roles.into();
        }
        self.notice.take_if(|notice| notice == AWAITED);
        self.refresh_directory();
        self.choose_lone();
    }

    pub(super) fn listed(&mut self, result: Result<(), Trouble>) {
        self.facts.directory = result.map_err(|trouble| self.of_sign_in(trouble)).into();
        if self.facts.directory.got().is_some() && self.facts.accounts.is_empty() {
            let what = "no account is assigned to you at this access portal";
            let next = "ask an administrator of IAM Identity Center: \"Please assign me an account with a permission set that allows \
                        s3:PutObject on our bucket.\"";
            self.facts.directory = Remote::Failed(Trouble { code: 77, ..Trouble::usage(what).next(next) });
        }
        self.refresh_directory();
        self.choose_lone();
    }

    fn refresh_directory(&mut self) {
        if self.screen == Screen::Directory {
            self.refresh_list();
            self.ask_roles();
        }
    }

    /// Has the roles of the accounts near the focus listed.
    pub(super) fn ask_roles(&mut self) {
        if self.screen != Screen::Directory {
            return;
        }
        let (Some(request), Some(ticket)) = (self.portal(), self.tickets.latest(Request::Accounts)) else { return };
        let awaited = self.facts.accounts.iter().filter(|account| account.roles.asked().is_some()).count();
        let from = self.list.focus.saturating_sub(AHEAD.0);
        let near = self.list.matching.iter().skip(from).take(AHEAD.0 + AHEAD.1);
        let near =
            near.filter_map(|row| if let Some(Row::Account(at)) = self.list.rows.get(*row) { Some(*at) } else { None });
        let is_unasked = |at: &usize| self.facts.accounts.get(*at).is_some_and(|account| account.roles == Remote::Idle);
        let wanted: Vec<usize> = near.filter(is_unasked).take(AT_ONCE.saturating_sub(awaited)).collect();
        for at in wanted {
            let Some(account) = self.facts.accounts.get_mut(at) else { continue };
            account.roles = Remote::Asked(self.now);
            self.effects.push(Effect::ListRoles(ticket, request.clone(), account.id.clone()));
        }
    }

    /// A lone choice is taken by itself.
    fn choose_lone(&mut self) {
        if self.screen != Screen::Directory || self.list.touched || self.popup.is_some() || self.form.more {
            return;
        }
        if let (Some(()), [account]) = (self.facts.directory.got(), self.facts.accounts.as_slice())
            && let Some([role]) = account.roles.got().map(Vec::as_slice)
        {
            let said = format!("the only account and role were taken: {role} in {}", account.id);
            let (id, role) = (account.id.clone(), role.clone());
            self.choose_role(&id, &role, true);
            self.notice = Some(said);
        }
    }

    pub(super) fn enter_directory(&mut self) {
        if self.form.more {
            if self.submit_form() {
                self.go(Screen::Identity);
            }
            return;
        }
        match self.list.focused() {
            Some(Row::Role(at, role)) => {
                let Some(account) = self.facts.accounts.get(at) else { return };
                let Some(role) = account.roles.got().and_then(|roles| roles.get(role)) else { return };
                let (id, role) = (account.id.clone(), role.clone());
                self.choose_role(&id, &role, false);
            }
            Some(Row::Account(at)) => {
                let Some(account) = self.facts.accounts.get_mut(at) else { return };
                self.notice = Some(match &account.roles {
                    Remote::Failed(trouble) => {
                        let said = format!("{}; it is tried again", trouble.what);
                        account.roles = Remote::Idle;
                        said
                    }
                    Remote::Got(_) => "no role of this account is assigned to you".to_owned(),
                    Remote::Idle | Remote::Asked(_) => AWAITED.to_owned(),
                });
                self.ask_roles();
            }
            _ if self.facts.directory.trouble().is_some() => {
                self.facts.directory = Remote::Idle;
                self.list_accounts();
            }
            _ if self.list.filter.is_empty() => self.notice = Some("the accounts are still being listed".to_owned()),
            _ => self.notice = Some("nothing matches; Esc clears the filter".to_owned()),
        }
    }

    fn choose_role(&mut self, account: &str, role: &str, replace: bool) {
        self.answer(Id::SsoAccountId, account.into());
        self.answer(Id::SsoRoleName, role.into());
        self.answers.confirm(Id::SsoAccountId);
        self.answers.confirm(Id::SsoRoleName);
        self.save_draft();
        if replace { self.go_instead(Screen::Identity) } else { self.go(Screen::Identity) }
    }
}
