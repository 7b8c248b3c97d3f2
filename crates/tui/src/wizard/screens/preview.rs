//! What a source holds: its tables, their columns with types, and their first rows.

use lakeward_wizard::{PreviewedTable, Remote, Row, State};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::parts;
use crate::{
    quantity::{counted, size},
    wizard::{
        ground::{Ground, in_view},
        look::{Look, bold, reverse},
        sheet::Sheet,
        text::{cut, padded, right, width, wrapped},
    },
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let mut sheet = ground.sheet();
    let preview = match &state.facts.preview {
        Remote::Got(preview) => preview,
        Remote::Asked(asked) => {
            parts::question(&mut sheet, "Looking into the source", "");
            sheet.blank();
            parts::waiting(&mut sheet, "Reading the first rows", *asked, state.now);
            return ground.fill(&sheet);
        }
        Remote::Failed(trouble) => {
            parts::question(&mut sheet, "This source can't be read as it is", "");
            sheet.blank();
            parts::trouble(&mut sheet, 0, trouble);
            return ground.fill(&sheet);
        }
        Remote::Idle => return,
    };
    parts::question(&mut sheet, "Is this what should land?", &counted(preview.tables.len() as u64, "table"));
    ground.top(&sheet);
    ground.skip(1);
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
    let name = sheet.width.saturating_sub(2 + 2 + 12 + 2 + 12).min(48);
    let view = in_view(tables.len(), focus.unwrap_or_default(), most);
    let rest = tables.len() - view.len();
    for at in view {
        let Some(table) = tables.get(at) else { continue };
        let is = focus == Some(at);
        let columns = counted(table.columns.len() as u64, "column");
        let bytes = table.bytes.map(size).unwrap_or_default();
        sheet.line(Line::from(vec![
            Span::raw(format!("{} ", if is { look.pointer() } else { " " })),
            Span::styled(padded(&look.text(&table.name), name, look.ellipsis()), if is { reverse() } else { bold() }),
            Span::raw(format!("  {}  {}", right(&columns, 12, ""), right(&bytes, 12, ""))),
        ]));
    }
    if rest > 0 {
        sheet.say(2, &format!("and {rest} more: Up/Down"));
    }
    sheet
}

/// A table's key, its columns, and as many of its first rows and columns as fit.
fn inside<'a>(table: &PreviewedTable, ground: &Ground<'a>) -> Sheet<'a> {
    let look = ground.look;
    let mut sheet = ground.sheet();
    sheet.blank();
    sheet.say(0, "First object");
    sheet.whole(2, &look.text(&table.first_key), Style::new());
    sheet.blank();
    sheet.heading("Columns");
    let columns: Vec<String> =
        table.columns.iter().map(|column| look.text(&format!("{}: {}", column.name, column.column_type))).collect();
    let lines = wrapped(&columns.join(",  "), sheet.width.saturating_sub(2));
    // The rows tell more than the hundredth column's type.
    let most = (usize::from(ground.area.height) / 3).max(2);
    for line in lines.iter().take(most) {
        sheet.say(2, line);
    }
    if lines.len() > most {
        sheet.say(2, &format!("and more: {} in all", counted(table.columns.len() as u64, "column")));
    }
    sheet.blank();
    if table.rows.is_empty() {
        sheet.say(0, "It holds no rows.");
        return sheet;
    }
    sheet.heading("First rows");
    grid(table, look, &mut sheet);
    sheet
}

fn grid(table: &PreviewedTable, look: &Look, sheet: &mut Sheet<'_>) {
    const WIDEST: usize = 24;
    let mut used = 2;
    let mut widths = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let cells = table.rows.iter().filter_map(|row| row.get(at)).map(|cell| width(&look.text(cell)));
        let wanted = cells.chain([width(&look.text(&column.name))]).max().unwrap_or_default().clamp(1, WIDEST);
        if used + wanted > sheet.width {
            break;
        }
        used += wanted + 2;
        widths.push(wanted);
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = widths.iter().zip(cells).map(|(width, cell)| {
            let cell = cut(&look.text(cell), *width, look.ellipsis());
            padded(&cell, *width, "")
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
    };
    let names = line(&mut table.columns.iter().map(|column| column.name.as_str()));
    sheet.line(Line::styled(names, Style::new().add_modifier(ratatui::style::Modifier::UNDERLINED)));
    for row in &table.rows {
        let text = line(&mut row.iter().map(String::as_str));
        sheet.line(text);
    }
    if widths.len() < table.columns.len() {
        sheet.say(
            2,
            &format!("and {} more to the right", counted((table.columns.len() - widths.len()) as u64, "column")),
        );
    }
}
