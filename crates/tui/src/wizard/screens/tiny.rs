//! A window too small for a screen: what can't wait, and how to go on. Until it is larger no key acts but those that leave.

use lakeward_wizard::{Popup, SMALLEST, Screen, State};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    run,
    sign_in::{self, address},
};
use crate::wizard::{
    ground::cells,
    look::{Look, bold},
    sheet::Sheet,
};

/// Of a sign-in the code and the page, each whole or not at all, for half of one leads nowhere; of a run how far it is; else which
/// screen this is. Then what to do.
pub(crate) fn draw(state: &State, look: &Look, buffer: &mut Buffer, area: Rect) {
    let mut left = area;
    let mut put = |sheet: Sheet<'_>| {
        let rows = cells(sheet.len());
        if rows > left.height {
            return;
        }
        sheet.draw_lines(buffer, left, 0);
        left = Rect { y: left.y + rows, height: left.height - rows, ..left };
    };
    let sheet = || Sheet::new(look, area.width);
    let said = |text: &str| {
        let mut sheet = sheet();
        sheet.styled(0, &look.text(text), bold());
        sheet
    };
    let page = state.sign_in.page.as_ref().map(|(page, _)| page).filter(|_| {
        // One that has expired leads nowhere: then the header's word is all.
        state.screen == Screen::SignIn && !state.sign_in.is_expired(state.now)
    });
    match (&state.popup, page) {
        (Some(Popup::Quit), _) => put(said("Leave? Enter leaves, Esc stays.")),
        (_, Some(page)) => {
            if let Some(code) = &page.code {
                let mut whole = sheet();
                whole.whole(0, &look.text(code.code.expose()), bold());
                put(whole);
            }
            let mut whole = sheet();
            whole.whole(0, &look.text(address(page)), Style::new());
            put(whole);
        }
        (_, None) => match state.screen {
            Screen::Run => put(said(&run::short(state, look))),
            Screen::SignIn | Screen::Mfa => put(said(&sign_in::header(state, look).1)),
            _ => {}
        },
    }
    let mut advice = sheet();
    let (columns, rows) = SMALLEST;
    advice.say(
        0,
        &format!("Enlarge the window to {columns} by {rows}: until then only Ctrl-C acts. --plain needs no window."),
    );
    if cells(advice.len()) > left.height {
        advice = sheet();
        advice.say(0, "Enlarge the window");
    }
    advice.draw_lines(buffer, left, 0);
}
