//! The few pages that a browser sees. Everything on them is the server's own text or made of letters and digits, so
//! that nothing needs escaping.

use super::exchange::Request;

pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A page that asks yes or no about what the field `name` holds; [`is_approved`] reads its form. It posts to where it
/// was opened.
pub(super) fn question(text: &str, name: &str, value: &str) -> String {
    page(&format!(
        "<p>{text}</p><form method=\"post\"><input type=\"hidden\" name=\"{name}\" value=\"{value}\">{BUTTONS}</form>"
    ))
}

/// A page that asks for a user code, and yes or no.
pub(super) fn code_question() -> String {
    page(&format!(
        "<form method=\"post\"><p><label>Code <input name=\"user_code\" autofocus></label></p>{BUTTONS}</form>"
    ))
}

/// A page that says something.
pub(super) fn note(text: &str) -> String {
    page(&format!("<p>{text}</p>"))
}

/// A page with something to copy.
pub(super) fn copy(text: &str, value: &str) -> String {
    page(&format!("<p>{text}</p><p><code id=\"code\">{value}</code></p>"))
}

/// Whether a page's form says yes.
pub(super) fn is_approved(request: &Request) -> bool {
    request.field("decision").as_deref() == Some("approve")
}

const BUTTONS: &str = "<p><button name=\"decision\" value=\"approve\">Approve</button> \
     <button name=\"decision\" value=\"deny\">Deny</button></p>";

fn page(body: &str) -> String {
    format!("<!doctype html><meta charset=\"utf-8\"><title>Loopback AWS</title><h1>Loopback AWS</h1>{body}\n")
}
