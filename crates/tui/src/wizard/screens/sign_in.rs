//! A sign-in that goes on: the code, the page, and how long they are good. Both are on screen always, whole, whatever else finds room.

use lakeward_wizard::{Hidden, Page, Remote, Screen, SignInRequest, State};
use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::parts;
use crate::wizard::{
    ground::{Ground, Room, cells},
    look::{Look, Mark, bold, reverse},
    qr::Qr,
    sheet::Sheet,
    text::{padded, width},
    time::{clock, since, span, time_of_day},
};

/// What is signed in to, and how it stands.
pub(crate) fn header(state: &State, look: &Look) -> (String, String) {
    let name = match &state.sign_in.request {
        Some(SignInRequest::Sso { session: Some(session), region, .. }) => place("SSO: ", session, region.as_deref()),
        Some(SignInRequest::Sso { start_url, region, .. }) => {
            let host = start_url.as_deref().unwrap_or_default().trim_start_matches("https://");
            place("SSO: ", host.split('/').next().unwrap_or_default(), region.as_deref())
        }
        Some(SignInRequest::Console { profile }) => place("Console: ", profile, None),
        Some(SignInRequest::Mfa { .. }) => "MFA code".to_owned(),
        None => String::new(),
    };
    let status = match &state.sign_in.outcome {
        Remote::Got(_) => "SIGNED IN",
        Remote::Failed(_) => "NOT SIGNED IN",
        _ if is_expired(state) => "EXPIRED",
        _ => "WAITING",
    };
    (look.text(&name), status.to_owned())
}

fn place(what: &str, name: &str, region: Option<&str>) -> String {
    region.map_or_else(|| format!("{what}{name}"), |region| format!("{what}{name} ({region})"))
}

fn is_expired(state: &State) -> bool {
    state.sign_in.is_expired(state.now)
}

/// What a person opens: the page on which a code is typed, or the one URL there is.
pub(crate) fn address(page: &Page) -> &str {
    page.code.as_ref().map_or_else(|| page.url.expose(), |code| code.page.as_str())
}

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let Some((page, _)) = &state.sign_in.page else { return before(state, ground) };
    if is_expired(state) {
        return expired(state, page, ground);
    }
    if state.sign_in.qr_alone && page.device && alone(page, ground) {
        return;
    }
    let look = ground.look;
    let mut top = ground.sheet();
    let url = look.text(address(page));
    let lead = match page.code {
        Some(_) => "Open   ",
        // Here is where nobody sits.
        None if state.facts.place.device_first => "Open in a browser of the machine that Lakeward runs on",
        None => "Open in a browser of this machine",
    };
    if page.code.is_some() && lead.len() + width(&url) <= top.width {
        top.line(Line::from(vec![Span::raw(lead), Span::styled(url, bold())]));
    } else {
        top.say(0, lead.trim());
        top.whole(0, &url, bold());
    }
    ground.top(&top);

    let code = page.device.then(|| picture(page, ground)).flatten();
    let whole = ground.area;
    if let Some(code) = &code {
        let (columns, _) = code.size();
        let right = Rect { x: whole.right() - columns, width: columns, ..whole };
        code.draw(ground.buffer, right);
        ground.area.width -= columns + 2;
    }
    let mut sheet = ground.sheet();
    if let Some(code) = &page.code {
        large(&mut sheet, &look.text(code.code.expose()), ground.room);
    }
    countdown(state, &mut sheet, page, ground.room);
    if state.sign_in.qr_alone && page.device {
        let why =
            if look.can_draw_pictures() { "the window is too small for it" } else { "this terminal can't draw it" };
        sheet.mark(0, Mark::Info, &format!("No QR code: {why}."));
    }
    words(state, &mut sheet, page, ground.room);
    ground.fill(&sheet);
}

/// A page that leads nowhere any more is not shown: only how to get another.
fn expired(state: &State, page: &Page, ground: &mut Ground<'_>) {
    let mut sheet = ground.sheet();
    let what = if page.code.is_some() { "code" } else { "page" };
    sheet.mark(0, Mark::Bad, &format!("The {what} has expired."));
    sheet.blank();
    let other = if page.device { "signs in with a browser of this machine" } else { "asks for a code for any device" };
    sheet.say(0, &format!("n asks for another, m {other}."));
    sheet.blank();
    sheet.say(0, &format!("Did the page say \"invalid grant\"? {}", wrong_region(state)));
    notes(state, &mut sheet);
    ground.fill(&sheet);
}

/// No page is there yet, or no more.
fn before(state: &State, ground: &mut Ground<'_>) {
    let mut sheet = ground.sheet();
    match &state.sign_in.outcome {
        Remote::Asked(since) => {
            parts::question(&mut sheet, "A sign-in begins", "");
            sheet.blank();
            parts::waiting(&mut sheet, "Asking for the page on which it is approved", *since, state.now);
        }
        Remote::Failed(trouble) => {
            parts::question(&mut sheet, "Not signed in", "");
            sheet.blank();
            parts::trouble(&mut sheet, 0, trouble);
            sheet.blank();
            if let Some(again) = state.sign_in.again {
                sheet.say(0, &format!("Tried again at {}, with the same outcome.", time_of_day(again)));
                sheet.blank();
            }
            let back = match state.trail.last() {
                Some(Screen::Details) => "what was answered about it",
                Some(Screen::Welcome) => "what can be done with the config",
                _ => "the other ways to sign in",
            };
            sheet.say(0, &format!("No answer is lost: Esc leads back to {back}."));
        }
        Remote::Got(what) => sheet.mark(0, Mark::Good, &ground.look.text(what)),
        Remote::Idle => parts::question(&mut sheet, "A sign-in begins", ""),
    }
    notes(state, &mut sheet);
    pasting(state, &mut sheet);
    ground.fill(&sheet);
}

/// The picture of the page with the code filled in, where there is room for it and its colours.
fn picture(page: &Page, ground: &Ground<'_>) -> Option<Qr> {
    const TEXT: u16 = 38;
    if ground.room < Room::Full || !ground.look.can_draw_pictures() {
        return None;
    }
    let code = Qr::new(page.url.expose())?;
    let (columns, rows) = code.size();
    (columns + TEXT <= ground.area.width && rows <= ground.area.height).then_some(code)
}

/// The QR code with no more beside it than the code and the page.
fn alone(page: &Page, ground: &mut Ground<'_>) -> bool {
    let look = ground.look;
    let code = Qr::new(page.url.expose()).filter(|_| look.can_draw_pictures());
    let mut below = ground.sheet();
    if let Some(code) = &page.code {
        below.hanging(Span::raw("Code  "), &look.text(code.code.expose()), bold());
    }
    below.whole(0, &look.text(address(page)), bold());
    let Some(code) = code else { return false };
    let (columns, rows) = code.size();
    if rows + cells(below.len()) > ground.area.height || columns > ground.area.width {
        return false;
    }
    ground.bottom(&below, 0);
    let Rect { x, y, width, height } = ground.area;
    code.draw(ground.buffer, Rect { x: x + (width - columns) / 2, y, width: columns, height });
    true
}

/// The code so that it is read from across the room, and once more as a mouse can copy it.
fn large(sheet: &mut Sheet<'_>, code: &str, room: Room) {
    let spaced: Vec<String> = code.chars().map(String::from).collect();
    let spaced = format!("   {}   ", spaced.join(" "));
    let style = reverse().patch(bold());
    if room == Room::Narrow || width(&spaced) + 2 > sheet.width {
        sheet.hanging(Span::raw("Enter  "), code, bold());
        return sheet.say(7, "The page must show it. Approve only if you started this.");
    }
    sheet.blank();
    sheet.say(0, "Enter code");
    sheet.blank();
    let empty = " ".repeat(width(&spaced));
    for line in [empty.clone(), spaced, empty] {
        sheet.line(Line::from(vec![Span::raw("  "), Span::styled(line, style)]));
    }
    sheet.blank();
    sheet.line(Line::from(vec![Span::raw("The page must show "), Span::styled(code.to_owned(), bold())]));
    sheet.say(0, "Approve only if you started this.");
}

fn countdown(state: &State, sheet: &mut Sheet<'_>, page: &Page, room: Room) {
    const LABEL: usize = 12;
    let look = sheet.look;
    if room > Room::Narrow {
        sheet.blank();
    }
    match &state.sign_in.outcome {
        Remote::Got(what) => return sheet.mark(0, Mark::Good, &look.text(what)),
        Remote::Failed(trouble) => return parts::trouble(sheet, 0, trouble),
        _ => {}
    }
    let left = state.sign_in.left(state.now).unwrap_or_default();
    let began = state.sign_in.page.as_ref().map(|(_, began)| *began);
    let all = began.map(|began| since(began, page.expires)).unwrap_or_default();
    let gauge = parts::gauge(look, 12, left.as_secs(), all.as_secs());
    sheet.line(Line::from(vec![
        Span::raw(padded("Expires in", LABEL, "")),
        Span::styled(clock(left), bold()),
        Span::raw("  "),
        Span::styled(gauge, look.accent()),
    ]));
    if page.device {
        let last = match state.sign_in.asked {
            Some(asked) => format!("{} ago: not approved yet", span(since(asked, state.now))),
            None => "not yet".to_owned(),
        };
        sheet.pair(0, "Last check", LABEL, &last);
    }
}

/// Why it is done this way, and what usually keeps it from working.
fn words(state: &State, sheet: &mut Sheet<'_>, page: &Page, room: Room) {
    let look = sheet.look;
    pasting(state, sheet);
    notes(state, sheet);
    if state.sign_in.is_slow(state.now) && page.device {
        sheet.blank();
        sheet.heading("Does the page say \"invalid grant\"?");
        sheet.say(0, &wrong_region(state));
    }
    if room == Room::Narrow {
        return;
    }
    sheet.blank();
    let situation = look.text(&state.facts.place.situation);
    if page.device && state.facts.place.device_first && !situation.is_empty() {
        sheet.say(0, &format!("A code for any device, because {situation}."));
    }
    if !page.device {
        sheet.say(0, "When you have signed in, the page says so and this screen goes on by itself.");
        sheet.blank();
        sheet.say(0, &elsewhere(page));
    }
}

/// What to do about a region that is wrong: that of a session stands in the AWS files.
fn wrong_region(state: &State) -> String {
    match &state.sign_in.request {
        Some(SignInRequest::Sso { session: Some(session), .. }) => format!(
            "Its region is probably wrong: mend sso_region of [sso-session {}] in ~/.aws/config, or press e for another.",
            lakeward_core::untrusted::printable(session)
        ),
        _ => "Its region is probably wrong: press e.".to_owned(),
    }
}

/// What to do where the browser runs on another machine than this program.
fn elsewhere(page: &Page) -> String {
    let tunnel = page.port().map_or_else(String::new, |port| {
        format!(
            " Or let it be reached: on that machine run `ssh -L {port}:127.0.0.1:{port} HOST`, where HOST is this one."
        )
    });
    format!(
        "Is the browser on another machine? Its last page leads to this one and fails there: press m for a code that works on any \
         device, or p and paste that page's address.{tunnel}"
    )
}

/// What is odd, the last of it: what came earlier has been read.
fn notes(state: &State, sheet: &mut Sheet<'_>) {
    let look = sheet.look;
    let notes = &state.sign_in.notes;
    if !notes.is_empty() {
        sheet.blank();
    }
    for note in notes.iter().skip(notes.len().saturating_sub(3)) {
        sheet.mark(0, Mark::Info, &look.text(note));
    }
}

fn pasting(state: &State, sheet: &mut Sheet<'_>) {
    let Some(hidden) = &state.hidden else { return };
    sheet.blank();
    sheet.say(0, "Paste the address on which the browser ended. It is not shown.");
    typed(sheet, "Address", hidden);
}

/// Something that is typed and not shown: as many dots as fit, and how many there are.
fn typed(sheet: &mut Sheet<'_>, label: &str, hidden: &Hidden) {
    let look = sheet.look;
    let most = sheet.width.saturating_sub(label.len() + 12).clamp(1, 24);
    let dots = hidden.len().min(most - 1);
    let first = sheet.len();
    let value = padded(&look.glyph("•", "*").repeat(dots), most, "");
    let count = if hidden.len() > dots { format!("  {}", hidden.len()) } else { String::new() };
    sheet.line(Line::from(vec![
        Span::styled(format!("{label}  "), bold()),
        Span::styled(value, reverse()),
        Span::raw(count),
    ]));
    sheet.cursor = Some((first, label.len() + 2 + dots));
    sheet.focus = first..first + 1;
}

/// The code of an MFA device.
pub(crate) fn mfa(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    parts::question(&mut sheet, "Which code does your MFA device show?", "");
    if ground.room > Room::Narrow {
        sheet.blank();
    }
    if let Some(SignInRequest::Mfa { profile, serial }) = &state.sign_in.request {
        sheet.pair(0, "Device", 9, &look.text(serial));
        if let Some(profile) = profile {
            sheet.pair(0, "Profile", 9, &look.text(profile));
        }
        sheet.blank();
    }
    // Once it is refused there is nothing to type until n begins anew.
    if let Some(hidden) = &state.hidden {
        typed(&mut sheet, "Code   ", hidden);
        sheet.blank();
    }
    match &state.sign_in.outcome {
        Remote::Asked(_) if state.sign_in.handed_over.is_some() => {
            let since = state.sign_in.handed_over.unwrap_or(state.now);
            parts::waiting(&mut sheet, "Asking AWS whether the code is right", since, state.now);
        }
        Remote::Asked(_) => sheet.say(0, "Six digits, not shown while you type. Each code works once."),
        Remote::Got(what) => sheet.mark(0, Mark::Good, &look.text(what)),
        Remote::Failed(trouble) => {
            parts::trouble(&mut sheet, 0, trouble);
            sheet.blank();
            sheet.say(0, "r tries again. Each code works once: wait until the device shows another.");
        }
        Remote::Idle => {}
    }
    notes(state, &mut sheet);
    ground.fill(&sheet);
}
