//! The accounts and roles of a sign-in: a list that may be long, filtered by what is typed.

use lakeward_wizard::{Account, Remote, Row, State};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{form, parts};
use crate::{
    quantity::{count, counted},
    wizard::{
        ground::{Ground, Room, in_view},
        look::{Look, Mark, bold, reverse},
        text::{padded, width},
    },
};

/// How many there are.
pub(crate) fn header(state: &State) -> (String, String) {
    let accounts = &state.facts.accounts;
    let roles: usize = accounts.iter().filter_map(|account| account.roles.got()).map(Vec::len).sum();
    let mut all = counted(accounts.len() as u64, "account");
    if roles > 0 {
        all = format!("{all}, {}", counted(roles as u64, "role"));
    }
    ("Account and role".to_owned(), all)
}

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    if state.form.more {
        return form::draw(state, ground, "Which account and which role?", "", None);
    }
    if state.facts.accounts.is_empty() {
        return none_yet(state, ground);
    }
    let look = ground.look;
    let list = &state.list;
    let mut top = ground.sheet();
    let filter = look.text(&list.filter);
    let matches = format!("{} of {} match", count(list.matching.len() as u64), count(list.rows.len() as u64));
    let cells = top.width.saturating_sub(8 + matches.len() + 2).max(1);
    let shown = padded(&filter, cells, look.ellipsis());
    top.cursor = Some((0, 8 + width(&filter).min(cells - 1)));
    top.line(Line::from(vec![
        Span::styled("Filter  ", bold()),
        Span::styled(shown, reverse()),
        Span::raw(format!("  {matches}")),
    ]));
    if ground.room > Room::Narrow {
        top.blank();
    }
    let columns = Columns::of(top.width);
    top.line(Line::styled(format!("  {}", columns.line(look, "ACCOUNT", "ID", "ROLE")), bold()));
    ground.top(&top);

    let below = below(state, ground);
    ground.bottom(&below, 4);
    let mut rows = ground.sheet();
    if list.matching.is_empty() && !list.rows.is_empty() {
        rows.say(2, "None matches. Esc clears the filter.");
    }
    let view = in_view(list.matching.len(), list.focus, usize::from(ground.area.height));
    for at in view.clone() {
        let Some(row) = list.matching.get(at).and_then(|index| list.rows.get(*index)) else { continue };
        let focused = at == list.focus;
        let style = if focused { reverse() } else { Default::default() };
        let pointer = if focused { look.pointer() } else { " " };
        let text = match row {
            Row::Account(at) => state
                .facts
                .accounts
                .get(*at)
                .map(|account| columns.line(look, name(account), &account.id, listing(account, look))),
            Row::Role(at, role) => state.facts.accounts.get(*at).map(|account| {
                let role = account.roles.got().and_then(|roles| roles.get(*role)).map_or("", String::as_str);
                columns.line(look, name(account), &account.id, role)
            }),
            _ => None,
        };
        rows.line(Line::from(vec![Span::raw(format!("{pointer} ")), Span::styled(text.unwrap_or_default(), style)]));
    }
    ground.fill_with_rows(&rows, &view, list.matching.len());
}

/// There is nothing to choose from: not yet, or not at all.
fn none_yet(state: &State, ground: &mut Ground<'_>) {
    let mut sheet = ground.sheet();
    parts::question(&mut sheet, "Which account and which role?", "");
    sheet.blank();
    match &state.facts.directory {
        Remote::Asked(asked) => parts::waiting(&mut sheet, "The access portal lists your accounts", *asked, state.now),
        Remote::Failed(trouble) => {
            parts::trouble(&mut sheet, 0, trouble);
            sheet.blank();
            sheet.say(0, "No answer is lost: Esc leads back to the sign-in.");
        }
        Remote::Got(()) | Remote::Idle => sheet.mark(0, Mark::Bad, "No account is assigned to you."),
    }
    sheet.blank();
    sheet.say(0, "Do you know their names? F3 lets you type them.");
    ground.fill(&sheet);
}

fn name(account: &Account) -> &str {
    if account.name.is_empty() { "(no name)" } else { &account.name }
}

/// What stands instead of roles that are not there.
fn listing(account: &Account, look: &Look) -> &'static str {
    match &account.roles {
        Remote::Got(_) => "(none is yours)",
        Remote::Failed(_) => look.glyph("✗ not listed", "x not listed"),
        Remote::Idle | Remote::Asked(_) => look.glyph("…", "..."),
    }
}

struct Columns {
    name: usize,
    role: usize,
}

impl Columns {
    const ID: usize = 12;

    fn of(width: usize) -> Self {
        let rest = width.saturating_sub(2 + Self::ID + 4);
        let name = rest / 2;
        Self { name, role: rest - name }
    }

    fn line(&self, look: &Look, name: &str, id: &str, role: &str) -> String {
        let fit = |text: &str, cells| padded(&look.text(text), cells, look.ellipsis());
        format!("{}  {}  {}", fit(name, self.name), fit(id, Self::ID), fit(role, self.role))
    }
}

/// More about the one with the focus, and how the listing stands.
fn below<'a>(state: &State, ground: &Ground<'a>) -> crate::wizard::sheet::Sheet<'a> {
    let look = ground.look;
    let mut sheet = ground.sheet();
    let focused = state.list.focused();
    let place = match focused {
        Some(Row::Account(at)) => Some((at, None)),
        Some(Row::Role(at, role)) => Some((at, Some(role))),
        _ => None,
    };
    // So many lines whatever has the focus: the list above stays where it is.
    if let Some((account, role)) = place.and_then(|(at, role)| Some((state.facts.accounts.get(at)?, role))) {
        sheet.blank();
        sheet.heading("Selected");
        let owner = if account.email.is_empty() { String::new() } else { format!(", owner {}", account.email) };
        sheet.pair(2, "account", 9, &look.text(&format!("{} ({}){owner}", name(account), account.id)));
        match (role.and_then(|role| account.roles.got()?.get(role)), account.roles.trouble()) {
            (Some(role), _) => {
                let broad = if is_broad(role) { "  ! broader than needed" } else { "" };
                let role = Span::styled(look.text(role), Style::new());
                sheet.line(Line::from(vec![Span::raw("  role     "), role, Span::styled(broad, look.warning())]));
            }
            (None, Some(trouble)) => parts::trouble(&mut sheet, 2, trouble),
            (None, None) if account.roles.got().is_some() => sheet.say(2, "no role of this account is assigned to you"),
            (None, None) => sheet.say(2, &format!("its roles are being listed {}", look.glyph("…", "..."))),
        }
    }
    match &state.facts.directory {
        Remote::Asked(_) => {
            sheet.blank();
            let so_far = count(state.facts.accounts.len() as u64);
            let dots = look.glyph("…", "...");
            sheet.say(0, &format!("Loading more accounts {dots} {so_far} so far; you can pick now."));
        }
        Remote::Failed(trouble) => {
            sheet.blank();
            parts::trouble(&mut sheet, 0, trouble);
        }
        Remote::Got(()) | Remote::Idle => {}
    }
    if ground.room > Room::Narrow {
        sheet.blank();
    }
    sheet
}

/// Whether AWS's own job function of that name allows about everything.
fn is_broad(role: &str) -> bool {
    ["AdministratorAccess", "PowerUserAccess"].iter().any(|broad| role.contains(broad))
}
