//! Advice that was worded for a config, in the words of the form: its keys as the fields are called that hold them.

use crate::{
    facts::Trouble,
    question::{Id, QUESTIONS, Question},
    state::Screen,
};

/// The same trouble with a source, its advice in the words of the form. A key that has no field stays, for only the config has it.
pub(crate) fn of_form(trouble: Trouble) -> Trouble {
    let next = trouble
        .next
        .map(|next| QUESTIONS.iter().filter(|question| question.screen == Screen::Source).fold(next, titled));
    Trouble { next, ..trouble }
}

/// The same words about a sign-in with start URL and region, in the words of the form.
pub(crate) fn of_sign_in(text: &str) -> String {
    const IDS: [Id; 4] = [Id::SsoRegion, Id::SsoStartUrl, Id::SsoAccountId, Id::SsoRoleName];
    let in_words = |text: String, id: Id| {
        let question = id.question();
        text.replace(question.key.trim_start_matches("auth."), &format!("\"{}\"", question.title))
    };
    IDS.into_iter().fold(text.to_owned(), in_words)
}

fn titled(text: String, question: &Question) -> String {
    let Some(key) = question.key.strip_prefix("source.") else { return text };
    let mut text = text.replace(&format!("`{key}`"), &format!("\"{}\"", question.title));
    for choice in question.choices() {
        text = text
            .replace(&format!("{key} = \"{}\"", choice.value), &format!("\"{}\": {}", question.title, choice.value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_checked_of_a_sign_in_is_called_as_its_fields() {
        assert_eq!(of_sign_in("check sso_region first"), "check \"SSO region\" first");
        let all = "check sso_region, sso_account_id and sso_role_name";
        assert_eq!(of_sign_in(all), "check \"SSO region\", \"Account\" and \"Role\"");
    }

    #[test]
    fn keys_are_called_as_their_fields_and_others_stay() {
        let titled = |next: &str| of_form(Trouble::usage("wrong").next(next)).next.expect("an advice");
        assert_eq!(titled("check `paths`; give the source a `table`"), "check \"Files\"; give the source a \"Table\"");
        assert_eq!(
            titled("mend the row, or set such rows aside (on_error = \"skip\")"),
            "mend the row, or set such rows aside (\"Rows that don't fit\": skip)"
        );
        let own = "infer types from all rows (sample = \"all\")";
        assert_eq!(titled(own), own);
    }
}
