//! Account Management, as far as its regions: the call with which AWS's documentation lets one see that a sign-in works.

use http::Method;
use serde_json::{Value, json};

use super::{
    exchange::{Answer, Refusal, Request, json, json_error},
    issued::Issued,
    script::Operation,
    signature,
    world::World,
};

const LIST_REGIONS: &str = "account:ListRegions";

/// Some regions of the first partition, each with whether an account has to opt in.
const REGIONS: [(&str, bool); 4] =
    [("us-east-1", false), ("eu-central-1", false), ("eu-west-1", false), ("ap-east-1", true)];

/// Which operation a request is for.
pub(super) fn operation(request: &Request) -> Option<Operation> {
    (request.method == Method::POST && request.path == "/listRegions").then_some(Operation::ListRegions)
}

/// Answers a request for it. Whoever has signed in may ask, unless a session policy leaves that out.
pub(super) fn answer(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let caller = signature::caller(world, "account", request).map_err(|refusal| Refusal {
        // The names that services of JSON have for it.
        code: match refusal.code {
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "ExpiredToken" => "ExpiredTokenException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            code => code,
        },
        ..refusal
    })?;
    if !session_allows(&caller) {
        let who = caller.principal.arn;
        let message = format!(
            "User: {who} is not authorized to perform: {LIST_REGIONS} because no session policy allows the {LIST_REGIONS} action"
        );
        return Err(Refusal::new(403, "AccessDeniedException", message));
    }
    let region = |(name, opt_in): (&str, bool)| json!({ "RegionName": name, "RegionOptStatus": if opt_in { "DISABLED" } else { "ENABLED_BY_DEFAULT" } });
    Ok(json(200, &json!({ "Regions": REGIONS.map(region) })))
}

/// An error in the service's form.
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    json_error(status, code, &json!({ "message": message }))
}

/// Whether a session policy, if the key has one, lets it ask. Its conditions and denials are not looked at.
fn session_allows(caller: &Issued) -> bool {
    let Some(policy) = &caller.session_policy else { return true };
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let is_it =
        |action: &Value| action.as_str().is_some_and(|action| [LIST_REGIONS, "account:*", "*"].contains(&action));
    let allows = |statement: &Value| {
        let action = &statement["Action"];
        statement["Effect"] == "Allow"
            && action.as_array().map_or_else(|| is_it(action), |actions| actions.iter().any(is_it))
    };
    policy["Statement"].as_array().is_some_and(|statements| statements.iter().any(allows))
}
