//! A window too small for a screen: what can't wait, and how to go on.

use lakeward_wizard::State;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};

use super::sign_in::address;
use crate::wizard::{
    look::{Look, bold},
    sheet::Sheet,
};

/// The code and the page, each whole or not at all: half of one leads nowhere. Else what to do.
pub(crate) fn draw(state: &State, look: &Look, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let mut sheet = Sheet::new(look, area.width);
    let page =
        state.sign_in.page.as_ref().map(|(page, _)| page).filter(|_| state.screen == lakeward_wizard::Screen::SignIn);
    if let Some(page) = page {
        if let Some(code) = &page.code {
            sheet.whole(0, &look.text(code.code.expose()), bold());
        }
        let mut whole = Sheet::new(look, area.width);
        whole.whole(0, &look.text(address(page)), Style::new());
        if sheet.len() + whole.len() <= usize::from(area.height) {
            sheet.lines.append(&mut whole.lines);
        }
    } else if state.hidden.is_some() {
        sheet.line(Line::from(Span::styled("What you type is hidden.", bold())));
    }
    let left = usize::from(area.height).saturating_sub(sheet.len());
    let mut advice = Sheet::new(look, area.width);
    advice.say(0, "Enlarge the window to 60 by 16, or press p for plain text.");
    let short = Line::from("Enlarge the window");
    if advice.len() <= left {
        sheet.lines.append(&mut advice.lines);
    } else if left > 0 {
        sheet.line(short);
    }
    sheet.draw_from(buffer, area, 0);
    None
}
