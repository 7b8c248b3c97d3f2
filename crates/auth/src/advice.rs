//! The command that signs a person in, as advice names it: every word so that a shell takes it as it is meant.

use lakeward_core::untrusted::printable;

/// What anybody can do who has some way into AWS, and has set up none: the most likely first.
pub(crate) const ANY_SIGN_IN: [&str; 3] = [
    "sign in at the AWS console: `lakeward auth login --console`",
    "sign in with IAM Identity Center: `lakeward auth login --sso-start-url URL --sso-region REGION`",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
];

/// How what else there is to choose begins: a profile, and an SSO session.
pub(crate) const CHOOSE: &str = "choose ";
pub(crate) const SIGN_IN_TO: &str = "sign in to ";

/// The same advice for somebody who is in the wizard: its own ways come first, and what leads out of it comes last.
#[must_use]
pub fn in_wizard(next: &str) -> String {
    let [console, sso, keys] = ANY_SIGN_IN;
    let (mut within, mut others, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for line in next.lines() {
        // What follows names flags and commands.
        let chosen = line.split_once(": `").filter(|_| line.starts_with(CHOOSE) || line.starts_with(SIGN_IN_TO));
        match chosen {
            Some((choice, _)) => within.push(format!("go back, and {choice}")),
            None if line == sso => within.push("go back, and choose \"New SSO sign-in\"".to_owned()),
            None if line == keys => others.push(format!("{keys} before Lakeward begins")),
            None if line == console || line.contains("`lakeward ") => without.push(line.to_owned()),
            None => others.push(line.to_owned()),
        }
    }
    [within, others, without].concat().join("\n")
}

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
    use crate::{aws_files::AwsFiles, environment::Environment};

    #[test]
    fn who_is_in_the_wizard_is_told_its_ways_before_commands() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let config = "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\naws_access_key_id = a\naws_secret_access_key = s\n\
                      [sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n";
        std::fs::write(home.path().join(".aws/config"), config).unwrap();
        let environment = Environment::new([("A", "x")], Some(home.path().into()));
        let others = AwsFiles::read(&environment).unwrap().others("default");
        let all = others
            .iter()
            .map(String::as_str)
            .chain(ANY_SIGN_IN)
            .chain(["see the whole search: `lakeward auth explain`"]);
        assert_eq!(
            in_wizard(&all.collect::<Vec<_>>().join("\n")).lines().collect::<Vec<_>>(),
            [
                "go back, and choose one of the profiles a, b",
                "go back, and sign in to the SSO session corp",
                "go back, and choose \"New SSO sign-in\"",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY before Lakeward begins",
                "sign in at the AWS console: `lakeward auth login --console`",
                "see the whole search: `lakeward auth explain`",
            ]
        );
        assert_eq!(in_wizard("attach a role to the instance"), "attach a role to the instance");
    }

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
