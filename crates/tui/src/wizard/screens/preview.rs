//! What a source holds: its tables, their columns with types, and their first rows.

use lakeward_wizard::{Id, PreviewedTable, Remote, Row, State};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{parts, source::of_plugin};
use crate::{
    quantity::{counted, size},
    wizard::{
        ground::{Ground, Room, in_view},
        look::{Look, Mark, bold, reverse},
        sheet::Sheet,
        text::{cut, padded, right, width},
    },
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let mut sheet = ground.sheet();
    let preview = match &state.facts.preview {
        Remote::Got(preview) => preview,
        Remote::Asked(asked) => {
            let (question, what) = if state.answers.is(Id::Source, "command") {
                ("The command runs", "Its first rows are shown as soon as it prints some")
            } else {
                let what = if of_plugin(state) { "Asking the plugin for its tables" } else { "Reading the first rows" };
                ("Looking into the source", what)
            };
            parts::question(&mut sheet, question, "");
            sheet.blank();
            parts::waiting_for(&mut sheet, what, *asked, state.now);
            return ground.fill(&sheet);
        }
        Remote::Failed(trouble) => {
            let is_config = state.facts.document.trouble() == Some(trouble);
            let what =
                if is_config { "The config can't be taken as it is" } else { "This source can't be read as it is" };
            parts::question(&mut sheet, what, "");
            sheet.blank();
            parts::trouble(&mut sheet, 0, trouble);
            sheet.blank();
            let more = state.answers.value(Id::Plugin).filter(|_| of_plugin(state));
            let more = more.map_or("", |_| ", where F3 shows the plugin's network, too");
            sheet.say(0, &format!("No answer is lost: Esc leads back to the source{more}."));
            return ground.fill(&sheet);
        }
        Remote::Idle => return,
    };
    if preview.tables.is_empty() {
        parts::question(&mut sheet, "There is no table in this source", "");
        sheet.blank();
        sheet.say(0, "Esc leads back to the source, r looks again.");
        return ground.fill(&sheet);
    }
    let odd = preview.tables.iter().filter(|table| table.warnings().next().is_some()).count();
    let odd = if odd > 0 { format!(", {odd} with a warning") } else { String::new() };
    let many = format!("{}{odd}", counted(preview.tables.len() as u64, "table"));
    parts::question(&mut sheet, "Is this what should land?", &many);
    ground.top(&sheet);
    if ground.room > Room::Narrow {
        ground.skip(1);
    }
    // The tables get at most a third, what is in one of them the rest.
    let most = (usize::from(ground.area.height) / 3).clamp(1, 8);
    let tables = tables(state, &preview.tables, ground, most);
    ground.top(&tables);
    if let Some(table) = focused(state).and_then(|at| preview.tables.get(at)) {
        let inside = inside(table, ground);
        ground.fill(&inside);
    }
}

/// The place of the table that has the focus.
pub(crate) fn focused(state: &State) -> Option<usize> {
    match state.list.focused() {
        Some(Row::Table(at)) => Some(at),
        _ => None,
    }
}

fn tables<'a>(state: &State, tables: &[PreviewedTable], ground: &Ground<'a>, most: usize) -> Sheet<'a> {
    let look = ground.look;
    let mut sheet = ground.sheet();
    let focus = focused(state);
    let name = sheet.width.saturating_sub(2 + 2 + 12 + 2 + 12 + 3).min(48);
    let view = in_view(tables.len(), focus.unwrap_or_default(), most);
    let rest = tables.len() - view.len();
    for at in view {
        let Some(table) = tables.get(at) else { continue };
        let is = focus == Some(at);
        let columns = counted(table.columns.len() as u64, "column");
        let bytes = table.bytes.map(size).unwrap_or_default();
        let (symbol, style) =
            if table.warnings().next().is_some() { look.mark(Mark::Warning) } else { ("", Style::new()) };
        sheet.line(Line::from(vec![
            Span::raw(format!("{} ", if is { look.pointer() } else { " " })),
            Span::styled(padded(&look.text(&table.name), name, look.ellipsis()), if is { reverse() } else { bold() }),
            Span::raw(format!("  {}  {}  ", right(&columns, 12, ""), right(&bytes, 12, ""))),
            Span::styled(symbol, style),
        ]));
    }
    if rest > 0 {
        sheet.say(2, &format!("and {rest} more: Up/Down"));
    }
    sheet
}

/// A table's columns with their types, as many of its first rows and columns as fit, and a key.
fn inside<'a>(table: &PreviewedTable, ground: &Ground<'a>) -> Sheet<'a> {
    let look = ground.look;
    let mut sheet = ground.sheet();
    sheet.blank();
    let heading = match (&table.plugin, table.rows.is_empty(), table.goes_on) {
        (Some(_), ..) => "Its columns",
        (None, true, true) => "No row has come yet, and the command goes on; its columns so far",
        (None, true, false) if table.unseen => "Its rows were not looked at; its columns",
        (None, true, false) if table.rejected > 0 => "No row fits; its columns",
        (None, true, false) => "It holds no rows; its columns",
        (None, false, true) => "First rows; the command goes on, and the types are of what has come so far",
        (None, false, false) => "First rows",
    };
    let mut lines = ground.sheet();
    let shown = grid(table, look, &mut lines);
    let all = table.columns.len();
    // Names that are beyond the bottom are not missed without a word.
    let part = if shown < all { format!(" ({shown} of {all} columns; +{} more)", all - shown) } else { String::new() };
    sheet.heading(&format!("{heading}{part}"));
    for warning in table.warnings() {
        sheet.mark(2, Mark::Warning, &look.text(&warning));
    }
    sheet.lines.append(&mut lines.lines);
    let rest = table.columns.get(shown..).unwrap_or_default();
    if !rest.is_empty() {
        let rest: Vec<String> = rest.iter().map(|column| format!("{} {}", column.name, column.column_type)).collect();
        let lead = if shown == 0 { "" } else { "and to the right: " };
        sheet.say(2, &look.text(&format!("{lead}{}", rest.join(", "))));
    }
    let mut object = ground.sheet();
    if let Some(plugin) = &table.plugin {
        object.blank();
        object.say(2, &look.text(&format!("of {plugin}; its rows come with a run")));
    }
    object.blank();
    object.heading("Its first object");
    object.whole(2, &look.text(&table.first_key), Style::new());
    if sheet.len() + object.len() <= usize::from(ground.area.height) {
        sheet.lines.append(&mut object.lines);
    }
    sheet
}

/// The columns that fit, with their types and values, numbers on the right. Answers how many these are.
fn grid(table: &PreviewedTable, look: &Look, sheet: &mut Sheet<'_>) -> usize {
    const WIDEST: usize = 28;
    let mut used = 2;
    let mut columns = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let values = table.rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
        let cells = values.chain([column.name.as_str(), column.column_type.as_str()]);
        let wanted = cells.map(|cell| width(&look.text(cell))).max().unwrap_or_default().clamp(1, WIDEST);
        if used + wanted > sheet.width {
            break;
        }
        used += wanted + 2;
        columns.push((wanted, is_number(&column.column_type)));
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = columns.iter().zip(cells).map(|((width, is_number), cell)| {
            let cell = cut(&look.text(cell), *width, look.ellipsis());
            if *is_number { right(&cell, *width, "") } else { padded(&cell, *width, "") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    let names = line(&mut table.columns.iter().map(|column| column.name.as_str()));
    let types = line(&mut table.columns.iter().map(|column| column.column_type.as_str()));
    sheet.line(Line::from(vec![Span::raw("  "), Span::styled(names, bold())]));
    let underlined = Style::new().add_modifier(Modifier::UNDERLINED);
    sheet.line(Line::from(vec![Span::raw("  "), Span::styled(types, underlined)]));
    for row in &table.rows {
        sheet.line(format!("  {}", line(&mut row.iter().map(String::as_str))));
    }
    columns.len()
}

fn is_number(column_type: &str) -> bool {
    ["int", "uint", "float", "decimal"].iter().any(|kind| column_type.starts_with(kind))
}
