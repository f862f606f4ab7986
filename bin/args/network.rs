//! The options of the connection, and those of waiting for a build.

use std::ffi::OsStr;

use pgyer::{Client, RetryPolicy, Wait};

use super::command::Network;
use super::parsed_options::{ParsedOptions, Result};
use super::values::{self, Problem};
use crate::options::{
    API_KEY_FILE, API_URL, CA_FILE, CONNECT_TIMEOUT, INSECURE_HTTP, LIMIT_RATE, POLL_INTERVAL,
    PROXY, RESOLVE, RETRIES, RETRY_DELAY, STALL_TIMEOUT, TIMEOUT, WAIT_TIMEOUT,
};
use crate::verbs::Verb;

pub(super) fn network(options: &ParsedOptions<'_>, verb: Verb) -> Result<Network> {
    Ok(Network {
        api_key_file: options.input(&API_KEY_FILE)?,
        api_url: api_url(options, verb)?,
        proxy: options.read(&PROXY, proxy)?,
        ca_file: options.path(&CA_FILE)?,
        resolve: options.read_all(&RESOLVE, values::pin)?,
        connect_timeout: options.limit(&CONNECT_TIMEOUT)?,
        stall_timeout: options.limit(&STALL_TIMEOUT)?,
        timeout: options.limit(&TIMEOUT)?,
        limit_rate: options.read(&LIMIT_RATE, values::rate)?,
        retry: retry_policy(options)?,
        insecure_http: options.has(&INSECURE_HTTP),
    })
}

fn retry_policy(options: &ParsedOptions<'_>) -> Result<RetryPolicy> {
    let mut policy = RetryPolicy::default();
    if let Some(retries) = options.read(&RETRIES, |value| values::number(value, 0))? {
        policy = policy.retries(retries);
    }
    if let Some(delay) = options.duration(&RETRY_DELAY)? {
        policy = policy.delay(delay);
    }
    Ok(policy)
}

pub(super) fn wait(options: &ParsedOptions<'_>) -> Result<Wait> {
    let mut wait = Wait::default();
    if let Some(timeout) = options.duration(&WAIT_TIMEOUT)? {
        wait = wait.timeout(timeout);
    }
    if let Some(interval) = options.duration(&POLL_INTERVAL)? {
        wait = wait.interval(interval);
    }
    Ok(wait)
}

/// The API's URL, from the option or else from the variable.
///
/// The library says whether it can be used, and is asked here already because only this module
/// knows where the URL came from.
fn api_url(options: &ParsedOptions<'_>, verb: Verb) -> Result<Option<String>> {
    let from_option = options.last(&API_URL).map(|url| (API_URL.long_flag(), url.to_owned()));
    // `put` never calls the API: a variable that is meant for the other commands can't be wrong.
    let variable = || if verb == Verb::Put { None } else { (options.env)("PGYER_API_URL") };
    let from_variable = || Some(("PGYER_API_URL".to_owned(), variable()?));
    let Some((source, url)) = from_option.or_else(from_variable) else { return Ok(None) };
    let url = values::text(&url).map_err(|problem| format!("{source} {problem}"))?;
    let builder = Client::builder().allow_insecure_http(options.has(&INSECURE_HTTP));
    builder.api_url(url.as_str()).build().map_err(|error| format!("{source}: {error}"))?;
    Ok(Some(url))
}

/// A proxy's URL. The library checks the rest of it, but accepts credentials, which have no place
/// on a command line. The message leaves out the URL, since there may be a password in it.
fn proxy(value: &OsStr) -> std::result::Result<String, Problem> {
    let url = values::text(value)?;
    if url.contains('@') || url.contains("%40") {
        return Err("can't have a user or password in it, where other users of this machine can \
                    read them: put such a URL into HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"
            .into());
    }
    Ok(url)
}
