//! The accounts and roles of a sign-in: a list that may be long, filtered by what is typed.

use lakeward_wizard::{Account, Remote, Row, State};
use ratatui::text::{Line, Span};

use super::parts;
use crate::{
    quantity::counted,
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
    let mut count = counted(accounts.len() as u64, "account");
    if roles > 0 {
        count = format!("{count}, {}", counted(roles as u64, "role"));
    }
    ("lakeward init   Account and role".to_owned(), count)
}

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let list = &state.list;
    let mut top = ground.sheet();
    let filter = look.text(&list.filter);
    let matches = format!("{} of {} match", list.matching.len(), list.rows.len());
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
    for at in in_view(list.matching.len(), list.focus, usize::from(ground.area.height)) {
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
    ground.fill(&rows);
}

fn name(account: &Account) -> &str {
    if account.name.is_empty() { "(no name)" } else { &account.name }
}

/// What stands instead of roles that are not there.
fn listing(account: &Account, look: &Look) -> &'static str {
    match &account.roles {
        Remote::Got(_) => "(none is yours)",
        Remote::Failed(_) => "x could not be listed",
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
    if let Some((account, role)) = place.and_then(|(at, role)| Some((state.facts.accounts.get(at)?, role))) {
        sheet.blank();
        sheet.heading("Selected");
        let owner = if account.email.is_empty() { String::new() } else { format!("  owner {}", account.email) };
        sheet.pair(2, "account", 9, &look.text(&format!("{} ({}){owner}", name(account), account.id)));
        match (role.and_then(|role| account.roles.got()?.get(role)), account.roles.trouble()) {
            (Some(role), _) => {
                sheet.pair(2, "role", 9, &look.text(role));
                if is_broad(role) {
                    sheet.blank();
                    sheet.mark(
                        0,
                        Mark::Info,
                        &look.text(&format!("{role} is usually far broader than Lakeward needs.")),
                    );
                }
            }
            (None, Some(trouble)) => parts::trouble(&mut sheet, 2, trouble),
            (None, None) => {}
        }
    }
    sheet.blank();
    match &state.facts.directory {
        Remote::Asked(_) if state.facts.accounts.is_empty() => {
            sheet.say(0, &format!("Loading accounts {}", look.glyph("…", "...")))
        }
        Remote::Asked(_) => {
            let so_far = crate::quantity::count(state.facts.accounts.len() as u64);
            sheet.say(
                0,
                &format!("Loading more accounts {} {so_far} so far; you can pick now.", look.glyph("…", "...")),
            );
        }
        Remote::Failed(trouble) => parts::trouble(&mut sheet, 0, trouble),
        Remote::Got(()) if state.facts.accounts.is_empty() => {
            sheet.mark(0, Mark::Bad, "No account is assigned to you.");
            sheet.say(2, "Ask who runs IAM Identity Center to assign you an account with a permission set that may s3:PutObject; then Esc and sign in again.");
        }
        _ => {}
    }
    sheet
}

/// Whether AWS's own job function of that name allows about everything.
fn is_broad(role: &str) -> bool {
    ["AdministratorAccess", "PowerUserAccess"].iter().any(|broad| role.contains(broad))
}
