//! The command that signs a person in, as advice names it: every word so that a shell takes it as it is meant.

use lakeward_core::untrusted::printable;

/// What anybody can do who has some way into AWS, and has set up none: the most likely first.
pub(crate) const ANY_SIGN_IN: [&str; 3] = [
    "sign in at the AWS console: `lakeward auth login --console`",
    "sign in with IAM Identity Center: `lakeward auth login --sso-start-url URL --sso-region REGION`",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
];

/// `lakeward auth login` with these arguments.
pub(crate) fn login(arguments: &[&str]) -> String {
    let words = ["lakeward", "auth", "login"].iter().chain(arguments).map(|word| {
        let word = printable(word);
        shlex::try_quote(&word).map_or_else(|_| word.to_string(), |quoted| quoted.into_owned())
    });
    format!("`{}`", words.collect::<Vec<_>>().join(" "))
}

/// The same for what a profile holds.
pub(crate) fn login_of(profile: &str) -> String {
    login(&chosen(profile))
}

/// The same at the console, for a profile.
pub(crate) fn login_at_console(profile: &str) -> String {
    login(&[&["--console"], chosen(profile).as_slice()].concat())
}

/// What chooses a profile: nothing for the one that is chosen anyway.
fn chosen(profile: &str) -> Vec<&str> {
    if profile == "default" { Vec::new() } else { vec!["--profile", profile] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_one_to_a_shell() {
        assert_eq!(login_of("default"), "`lakeward auth login`");
        assert_eq!(login_at_console("two words"), "`lakeward auth login --console --profile 'two words'`");
        assert_eq!(
            login(&["--sso-start-url", "https://d-1.awsapps.com/start#/"]),
            "`lakeward auth login --sso-start-url 'https://d-1.awsapps.com/start#/'`"
        );
    }
}
