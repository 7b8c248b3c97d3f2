//! IAM Identity Center's access portal: the accounts and roles of whoever signed in, and credentials for them.

use std::ops::Range;

use http::Method;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    clock::unix_millis,
    exchange::{Answer, Refusal, Request, body_of, json, json_error},
    issued::Principal,
    options::Account,
    script::Operation,
    world::World,
};

const BEARER: &str = "x-amz-sso_bearer_token";

/// Which operation a request is for.
pub(super) fn operation(request: &Request) -> Option<Operation> {
    match (request.method.clone(), request.path.as_str()) {
        (Method::GET, "/assignment/accounts") => Some(Operation::ListAccounts),
        (Method::GET, "/assignment/roles") => Some(Operation::ListAccountRoles),
        (Method::GET, "/federation/credentials") => Some(Operation::GetRoleCredentials),
        (Method::POST, "/logout") => Some(Operation::Logout),
        _ => None,
    }
}

/// Answers a request for one of them.
pub(super) fn answer(world: &World, operation: Operation, request: &Request) -> Result<Answer, Refusal> {
    let bearer = request.header(BEARER).unwrap_or_default();
    if !world.sso.is_good(bearer, world.clock.now()) {
        return Err(Refusal::new(401, "UnauthorizedException", "Session token not found or invalid"));
    }
    match operation {
        Operation::ListAccounts => list_accounts(world, request),
        Operation::ListAccountRoles => list_roles(world, request),
        Operation::GetRoleCredentials => role_credentials(world, request),
        _ => {
            world.sso.end(bearer);
            Ok(body_of(200, "application/json", ""))
        }
    }
}

/// An error in the service's form.
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = json!({ "message": message, "__type": format!("com.amazonaws.switchboard.portal#{code}") });
    json_error(status, code, &body)
}

/// To an account or a role that is not the person's.
fn no_access() -> Refusal {
    Refusal::new(403, "ForbiddenException", "No access")
}

fn bad(message: &str) -> Refusal {
    Refusal::new(400, "InvalidRequestException", message)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountInfo<'a> {
    account_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<&'a str>,
}

fn list_accounts(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let accounts = world.accounts();
    let (page, next) = page(world, request, accounts.len())?;
    let infos: Vec<AccountInfo<'_>> = accounts
        .iter()
        .take(page.end)
        .skip(page.start)
        .map(|account| AccountInfo {
            account_id: &account.id,
            account_name: account.name.as_deref(),
            email_address: account.email.as_deref(),
        })
        .collect();
    Ok(json(200, &json!({ "nextToken": next, "accountList": infos })))
}

fn list_roles(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let id = request.parameter("account_id").ok_or_else(|| bad("account_id is missing"))?;
    let accounts = world.accounts();
    let account = accounts.iter().find(|account| account.id == id).ok_or_else(no_access)?;
    let (page, next) = page(world, request, account.roles.len())?;
    let role = |name| json!({ "roleName": name, "accountId": id });
    let roles: Vec<Value> = account.roles.iter().take(page.end).skip(page.start).map(role).collect();
    Ok(json(200, &json!({ "nextToken": next, "roleList": roles })))
}

/// Which of so many items to show, and the token of the page after.
fn page(world: &World, request: &Request, items: usize) -> Result<(Range<usize>, Option<String>), Refusal> {
    let size = match request.parameter("max_result") {
        None => world.options.page_size.max(1),
        Some(size) => {
            let size = size.parse().ok().filter(|size: &usize| (1..=100).contains(size));
            size.ok_or_else(|| bad("max_result is 1 to 100"))?.min(world.options.page_size.max(1))
        }
    };
    let start = match request.parameter("next_token") {
        None => 0,
        Some(token) => {
            let start = token.strip_prefix("page-").and_then(|start| start.parse().ok());
            start.filter(|start| *start < items).ok_or_else(|| bad("next_token is not valid"))?
        }
    };
    let end = items.min(start + size);
    Ok((start..end, (end < items).then(|| format!("page-{end}"))))
}

fn role_credentials(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let (Some(role), Some(id)) = (request.parameter("role_name"), request.parameter("account_id")) else {
        return Err(bad("role_name and account_id are needed"));
    };
    let assigned = |account: &Account| account.id == id && account.roles.contains(&role);
    if !world.accounts().iter().any(assigned) {
        return Err(no_access());
    }
    let role_arn =
        format!("arn:aws:iam::{id}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{role}_0123456789abcdef");
    let principal = Principal::session(&role_arn, "loopback");
    let issued = world.keys.issue(principal, world.options.lifetimes.sso_role, None);
    let credentials = json!({
        "accessKeyId": issued.access_key_id,
        "secretAccessKey": issued.secret_access_key.expose_secret(),
        "sessionToken": issued.session_token.as_ref().map(ExposeSecret::expose_secret),
        "expiration": issued.expires.map(unix_millis),
    });
    Ok(json(200, &json!({ "roleCredentials": credentials })))
}
