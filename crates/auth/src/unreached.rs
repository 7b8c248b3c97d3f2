//! Why a server gave no answer, in words: which server, and what stood in the way. The HTTP client's own words are about its layers.

use std::{error::Error, io};

use aws_smithy_runtime_api::client::result::ConnectorError;
use hyper_util::client::legacy;
use lakeward_core::{
    failure::{Unreached, causes, find_cause},
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
    let what = format!("{} {}", printable(host), why(&error, proxy));
    let cause = Box::new(Unreached { what, cause: error.into_source() });
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

fn why(error: &ConnectorError, proxy: Option<&str>) -> String {
    let texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    let leaf = texts.last().map(String::as_str).unwrap_or_default();
    let says = |word: &str| texts.iter().any(|text| text.contains(word));
    if let Some(limit) = texts.iter().find_map(|text| time_limit(text)) {
        return match says("connect timeout") {
            true => format!("can't be reached: no connection within {limit}"),
            false => format!("has not answered within {limit}"),
        };
    }
    let is_connecting = find_cause::<legacy::Error>(error).is_none_or(legacy::Error::is_connect);
    let reason = match find_cause::<io::Error>(error).map(io::Error::kind) {
        _ if says("dns error") || says("failed to lookup address") => "its name is not known (DNS)".to_owned(),
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset) => "connection reset".to_owned(),
        Some(io::ErrorKind::TimedOut) => "no connection in time".to_owned(),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => "no way leads there".to_owned(),
        _ => excerpt(leaf, MOST_TOLD),
    };
    match proxy {
        Some(proxy) if says("tunnel error") => format!("can't be reached through the proxy of {proxy}: {reason}"),
        // Whether the proxy or the host was met is not told.
        Some(proxy) if is_connecting => format!("can't be reached: {reason} ({proxy} is set)"),
        _ if is_connecting => format!("can't be reached: {reason}"),
        _ => format!("has not answered: {reason}"),
    }
}

/// The limit in "operation timeout (…) occurred after 5s".
pub(crate) fn time_limit(text: &str) -> Option<&str> {
    text.contains("timeout").then(|| text.rsplit_once("occurred after "))??.1.split([':', ' ']).next()
}

/// What failed where nobody has answered: the host and why, or the limit that passed; nothing where somebody has.
pub(crate) fn no_answer(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(unreached) = find_cause::<Unreached>(error) {
        return Some(unreached.to_string());
    }
    let limit = causes(error).find_map(|cause| time_limit(&cause.to_string()).map(str::to_owned))?;
    Some(format!("no answer within {limit}"))
}
