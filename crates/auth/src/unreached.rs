//! Why a server gave no answer, in words: which server, and what stood in the way. The HTTP client's own words are about its layers.

use std::{error::Error, io};

use aws_smithy_runtime_api::client::result::ConnectorError;
use hyper_util::client::legacy;
use lakeward_core::{
    failure::{NoAnswer, Unreached, causes, find_cause},
    untrusted::{excerpt, printable},
};

/// The most characters of a foreign reason that are told.
const MOST_TOLD: usize = 200;

/// The variables that name a proxy, by the scheme of what is asked for.
const PROXIES: [(&str, [&str; 4]); 2] = [
    ("http", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
    ("https", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
];

/// The variable that names the proxy of a scheme, if one is set. `NO_PROXY` may except the host.
pub(crate) fn proxy_of(scheme: &str) -> Option<&'static str> {
    let (_, names) = PROXIES.iter().find(|(other, _)| *other == scheme)?;
    names.iter().copied().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The same error, which also says whose answer is missing, and which variable may have sent it through a proxy. What the SDK
/// decides by stays as it is.
pub(crate) fn unreached(host: &str, proxy: Option<&str>, error: ConnectorError) -> ConnectorError {
    if error.is_user() {
        return error;
    }
    let (is_timeout, is_io, kind) = (error.is_timeout(), error.is_io(), error.as_other());
    let connection = error.connection_metadata().cloned();
    let why = why(&error);
    let what = format!("{} {}", printable(host), met(&error, &why, proxy));
    let cause = Box::new(Unreached { what, why, cause: error.into_source() });
    let error = match (is_timeout, is_io) {
        (true, _) => ConnectorError::timeout(cause),
        (_, true) => ConnectorError::io(cause),
        _ => ConnectorError::other(cause, kind),
    };
    match connection {
        Some(connection) => error.with_connection(connection),
        None => error,
    }
}

fn why(error: &ConnectorError) -> NoAnswer {
    let texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    let leaf = texts.last().map(String::as_str).unwrap_or_default();
    let says = |word: &str| texts.iter().any(|text| text.contains(word));
    if let Some(limit) = texts.iter().find_map(|text| time_limit(text)) {
        return match says("connect timeout") {
            true => NoAnswer::NoConnection(limit.to_owned()),
            false => NoAnswer::Late(limit.to_owned()),
        };
    }
    match find_cause::<io::Error>(error).map(io::Error::kind) {
        _ if says("dns error") || says("failed to lookup address") => NoAnswer::UnknownName,
        Some(io::ErrorKind::ConnectionRefused) => NoAnswer::Refused,
        Some(io::ErrorKind::ConnectionReset) => NoAnswer::Reset,
        Some(io::ErrorKind::TimedOut) => NoAnswer::NotInTime,
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => NoAnswer::NoWay,
        _ => NoAnswer::Other(excerpt(leaf, MOST_TOLD)),
    }
}

/// What the host did, or how it was not met.
fn met(error: &ConnectorError, why: &NoAnswer, proxy: Option<&str>) -> String {
    let is_connecting = find_cause::<legacy::Error>(error).is_none_or(legacy::Error::is_connect);
    let is_tunnel = causes(error).any(|cause| cause.to_string().contains("tunnel error"));
    match (why, proxy) {
        (NoAnswer::NoConnection(_), _) => format!("can't be reached: {why}"),
        (NoAnswer::Late(limit), _) => format!("has not answered within {limit}"),
        (_, Some(proxy)) if is_tunnel => format!("can't be reached through the proxy of {proxy}: {why}"),
        // Whether the proxy or the host was met is not told.
        (_, Some(proxy)) if is_connecting => format!("can't be reached: {why} ({proxy} is set)"),
        _ if is_connecting => format!("can't be reached: {why}"),
        _ => format!("has not answered: {why}"),
    }
}

/// The limit in "operation timeout (…) occurred after 5s".
pub(crate) fn time_limit(text: &str) -> Option<&str> {
    text.contains("timeout").then(|| text.rsplit_once("occurred after "))??.1.split([':', ' ']).next()
}

/// What failed where nobody has answered, in words: the host and why, or the limit that passed; and the reason itself. Nothing where
/// somebody has answered.
pub(crate) fn no_answer(error: &(dyn Error + 'static)) -> Option<(String, NoAnswer)> {
    if let Some(unreached) = find_cause::<Unreached>(error) {
        return Some((unreached.to_string(), unreached.why.clone()));
    }
    let limit = causes(error).find_map(|cause| time_limit(&cause.to_string()).map(str::to_owned))?;
    let why = NoAnswer::Late(limit);
    Some((why.to_string(), why))
}
