//! Whatever lines come, and whatever is answered in time or not.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Nobody may see it.
const SECRET: &str = "s3cr3t-code";

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 500, ..ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(32)
    ) })]

    #[test]
    fn any_lines_and_answers_end_well_and_show_nothing_hidden(
        lines in vec(prop_oneof![
            6 => select(vec!["", "1", "2", "7", "9", "<", "+", "=", "?", "n", "r", "g", "s", "t", "w", "p", "e", "m", "u"]).prop_map(str::to_owned),
            3 => select(vec!["my-lake", "x.csv", "eu-west-1", "https://acme.awsapps.com/start", "111122223333", "csv", "policy"]).prop_map(str::to_owned),
            1 => "\\PC{0,8}",
        ], 1..60),
        answered in any::<u64>(),
    ) {
        let mut session = Session::new();
        for (number, line) in lines.iter().enumerate() {
            // Some of what was asked outside is answered in time.
            if answered.rotate_right(u32::try_from(number).unwrap_or(0)) & 1 == 1 {
                session.works();
            }
            let line = if session.plain.is_hidden() && !line.is_empty() && line != "<" { SECRET } else { line };
            session.line(line);
            prop_assert!(session.printed.iter().all(|line| is_plain(line) && !line.contains(SECRET)), "{:#?}", session.printed);
            let all = format!("{:?}{:?}", session.plain, session.effects);
            prop_assert!(!all.contains(SECRET));
            if session.plain.state.exit.is_some() {
                return Ok(());
            }
        }
        session.works();
        prop_assert!(session.plain.wants_line() || session.plain.state.is_running() || session.screen() == Screen::Mfa || session.screen() == Screen::SignIn);
        session.plain.end();
        prop_assert!(session.plain.state.exit.is_some() || session.plain.state.is_running());
    }
}
