//! A console sign-in that `lakeward auth login --console` or `aws login` has cached.

use async_trait::async_trait;
use aws_credential_types::Credentials;
use lakeward_core::untrusted::printable;

use crate::{
    cache::login_token::LoginTokens,
    error::SourceError,
    link::{Link, Source},
    place::Place,
    sources::Context,
    step::Step,
    tools::Tools,
};

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let Some(session) = context.profile.get("login_session") else {
        return Link::skipped(Place::Console, format!("profile {} has no login_session", context.profile.name));
    };
    let what = format!("the console sign-in as {}", printable(session));
    let tokens = LoginTokens::new(session, &context.profile.name);
    let settings = context.profile.settings(&["login_session"]).into_iter().chain(tokens.cached(context.environment));
    let settings = settings.collect();
    Link::found(Place::Console, what, tokens).with(settings)
}

#[async_trait]
impl Source for LoginTokens {
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        self.current(tools).await
    }

    fn needs(&self) -> Vec<Step> {
        vec![Step::ReadsSignIn(self.session.clone())]
    }
}
