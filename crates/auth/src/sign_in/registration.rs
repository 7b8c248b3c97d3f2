//! The client as which Lakeward signs in: IAM Identity Center lets anybody register one, for some months.

use std::time::{Duration, SystemTime};

use lakeward_core::failure::{Failure, FailureKind};

use super::{person::Flow, sso::Attempt};
use crate::cache::sso_registration::{AUTHORIZATION_CODE, Registration};

/// Where a browser may be sent back to, on any port (RFC 8252, section 7.3).
const REDIRECT: &str = "http://127.0.0.1/oauth/callback";

impl Attempt<'_> {
    /// The client of the cache, unless there is none for this flow or `anew` says that it is not known any more.
    pub(super) async fn client(&self, flow: Flow, anew: bool) -> Result<Registration, Failure> {
        match self.file.read(flow, &self.scopes, self.tools) {
            Some(client) if !anew => Ok(client),
            _ => self.register(flow).await,
        }
    }

    /// What the AWS CLI asks for, word for word: the service is known to accept that.
    async fn register(&self, flow: Flow) -> Result<Registration, Failure> {
        let since = self.tools.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let name = self.sign_in.session.clone().unwrap_or_else(|| since.to_string());
        let mut call = self
            .tools
            .oidc(&self.portal.region)
            .register_client()
            .client_name(format!("botocore-client-{name}"))
            .client_type("public")
            .set_scopes(Some(self.scopes.clone()).filter(|scopes| !scopes.is_empty()));
        if flow == Flow::Browser {
            call = call
                .grant_types(AUTHORIZATION_CODE)
                .grant_types("refresh_token")
                .redirect_uris(REDIRECT)
                .issuer_url(&self.portal.url);
        }
        let answer = call.customize().interceptor(self.time.clock.clone()).send().await;
        let answer =
            answer.map_err(|error| self.refused("IAM Identity Center did not register Lakeward as a client", error))?;
        let expires = Duration::from_secs(u64::try_from(answer.client_secret_expires_at).unwrap_or(0));
        let (Some(id), Some(secret)) = (answer.client_id, answer.client_secret) else {
            let what = "IAM Identity Center registered a client without an id or a secret";
            return Err(Failure::new(FailureKind::Destination, what).next("check AWS_ENDPOINT_URL_SSO_OIDC"));
        };
        let client = Registration { id, secret: secret.into(), expires: SystemTime::UNIX_EPOCH + expires };
        self.file.write(&client, flow, &self.scopes, self.tools).await;
        Ok(client)
    }
}
