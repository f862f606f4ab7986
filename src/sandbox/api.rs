//! The API's calls, each as strict as the vendor's page allows.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::answer::{Answer, object};
use super::body::Received;
use super::build;
use super::fault::Endpoint;
use super::form::FormFile;
use super::params::{Params, RELEASE, Refusal};
use super::seen::{Attachment, Build, Kind};
use super::state::{Config, State, Token, random_hex};

/// The `data` of an answer with the code 0, as JSON.
type Outcome = Result<Option<String>, Refusal>;

const HAS_QUERY: &str =
    "_api_key could not be empty: parameters go into the body, not into the URL";
const NO_FIELDS: &str =
    "_api_key could not be empty: the body is not of the type that this call takes";

/// Carries out a call of the API.
pub(super) fn call(
    endpoint: Endpoint,
    query: Option<&str>,
    received: Received,
    state: &mut State,
    config: &Config,
) -> Answer {
    let outcome = match endpoint {
        Endpoint::Probe => Err(Refusal::new(1001, "_api_key could not be empty")),
        _ if query.is_some() => Err(Refusal::new(1001, HAS_QUERY)),
        Endpoint::Token => get_cos_token(received, state, config),
        Endpoint::Poll => build_info(received, state, config),
        Endpoint::Cert => upload_harmony_cert(received, state, config),
        Endpoint::Hsp => upload_harmony_hsp(received, state, config),
        Endpoint::Legacy => upload(received, state, config),
        Endpoint::Storage => Err(Refusal::new(1081, "illegal request")),
    };
    outcome.map_or_else(Answer::from, Answer::success)
}

fn get_cos_token(received: Received, state: &mut State, config: &Config) -> Outcome {
    let params = plain(received)?;
    let own = ["buildType", "oversea", "buildDescription"];
    params.authorize(&config.api_key, &[&own[..], &RELEASE[..]].concat())?;
    let kind = params.build_type()?;
    params.check_release()?;
    let key = format!("apps/sandbox/{}.{}", random_hex(32), kind.extension());
    let token = Token {
        kind,
        params: token_params(&key, config),
        release: params.release(),
        issued: Instant::now(),
        stored_as: None,
    };
    let data = token_data(&key, &token, config);
    state.tokens.insert(key, token);
    Ok(Some(data))
}

/// The form's fields in an order that neither sorting nor a habit would give.
fn token_params(key: &str, config: &Config) -> Vec<(String, String)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let span = format!("{now};{}", now.saturating_add(config.token_lifetime.as_secs()));
    let signature = format!(
        "q-sign-algorithm=sha1&q-ak=AKIDsandbox{}&q-sign-time={span}&q-key-time={span}\
         &q-header-list=&q-url-param-list=&q-signature={}",
        random_hex(16),
        random_hex(40)
    );
    let security_token = format!("{}+/{}==", random_hex(64), random_hex(64));
    let mut params = vec![
        ("signature".to_owned(), signature),
        ("x-cos-security-token".to_owned(), security_token),
    ];
    params.extend(config.extra_params.iter().cloned());
    params.push(("key".to_owned(), key.to_owned()));
    params
}

fn token_data(key: &str, token: &Token, config: &Config) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let params = token.params.iter().map(|(name, value)| (name, text(value)));
    let mut data = vec![("key", text(key)), ("endpoint", text(&config.storage_url))];
    data.extend(config.method.iter().map(|method| ("method", text(method))));
    data.extend(config.file_field.iter().map(|field| ("fileField", text(field))));
    data.push(("params", object(params)));
    object(data)
}

fn build_info(received: Received, state: &mut State, config: &Config) -> Outcome {
    let params = plain(received)?;
    params.authorize(&config.api_key, &["buildKey"])?;
    let key = params.build_key()?;
    let (token, file_name) = stored(key, state)?;
    let (release, file_name) = (token.release.clone(), file_name.to_owned());
    let serial = state.seen.builds.iter().position(|build| build.key.as_deref() == Some(key));
    let at = serial.ok_or_else(not_in_queue)?;
    let build = state.seen.builds.get_mut(at).ok_or_else(not_in_queue)?;
    if build.pending_answers < config.polls {
        build.pending_answers = build.pending_answers.saturating_add(1);
        // The first of several says that the queue has only begun with it.
        return Err(if build.pending_answers == 1 && config.polls > 1 {
            Refusal::new(1246, "App is being parsed")
        } else {
            Refusal::new(1247, "App is publishing")
        });
    }
    build.announced = true;
    Ok(Some(build::data(build, at.saturating_add(1), &release, &file_name, config)))
}

fn upload_harmony_cert(received: Received, state: &mut State, config: &Config) -> Outcome {
    let (params, file) = with_file(received, config, &["buildKey", "password"])?;
    let key = harmony_key(&params, state)?;
    let password = params.required("password")?.to_owned();
    let certificate = attachment(key, Some(password), file);
    state.seen.certificates.push(certificate);
    Ok(None)
}

fn upload_harmony_hsp(received: Received, state: &mut State, config: &Config) -> Outcome {
    let (params, file) = with_file(received, config, &["buildKey"])?;
    let key = harmony_key(&params, state)?;
    state.seen.hsps.push(attachment(key, None, file));
    Ok(None)
}

fn attachment(key: String, password: Option<String>, file: FormFile) -> Attachment {
    let FormFile { file_name, size, crc64, .. } = file;
    Attachment { key, file_name, password, size, crc64 }
}

fn upload(received: Received, state: &mut State, config: &Config) -> Outcome {
    let (params, file) = with_file(received, config, &RELEASE)?;
    params.check_release()?;
    let kind = Kind::guess(&file.file_name, &file.start);
    if kind == Kind::Harmonyos {
        return Err(Refusal::new(1271, "this call takes an ipa or apk only"));
    }
    let build = Build {
        key: None,
        build_key: random_hex(32),
        kind,
        size: file.size,
        crc64: file.crc64,
        pending_answers: 0,
        announced: true,
    };
    let serial = state.seen.builds.len().saturating_add(1);
    let data = build::data(&build, serial, &params.release(), &file.file_name, config);
    state.seen.builds.push(build);
    Ok(Some(data))
}

/// The parameters of a call that takes no file.
fn plain(received: Received) -> Result<Params, Refusal> {
    match received {
        Received::Fields(Ok(_)) => Params::new(&received.fields()),
        Received::Fields(Err(problem)) => Err(Refusal::parameter(problem)),
        _ => Err(Refusal::new(1001, NO_FIELDS)),
    }
}

/// The parameters of a call that takes a file, and the file.
fn with_file(
    received: Received,
    config: &Config,
    known: &[&str],
) -> Result<(Params, FormFile), Refusal> {
    let form = match received {
        Received::Form(Ok(form)) => form,
        Received::Form(Err(error)) => return Err(Refusal::parameter(error.message)),
        _ => return Err(Refusal::new(1001, NO_FIELDS)),
    };
    let params = Params::new(&form.fields)?;
    params.authorize(&config.api_key, known)?;
    match form.file {
        Some(file) if file.field == "file" && file.size > 0 => Ok((params, file)),
        Some(file) if file.field == "file" => Err(Refusal::parameter("file is empty")),
        Some(file) => Err(Refusal::parameter(format!("{} is not a file of this call", file.field))),
        None => Err(Refusal::parameter("file is required")),
    }
}

/// The token with this key, and the name of the file stored under it.
fn stored<'s>(key: &str, state: &'s State) -> Result<(&'s Token, &'s str), Refusal> {
    let token = state.tokens.get(key).ok_or_else(not_in_queue)?;
    let file_name = token.stored_as.as_deref().ok_or_else(not_in_queue)?;
    Ok((token, file_name))
}

fn not_in_queue() -> Refusal {
    Refusal::new(1244, "App is not in the queue")
}

/// The `buildKey` of a HAP that is stored.
fn harmony_key(params: &Params, state: &State) -> Result<String, Refusal> {
    let key = params.build_key()?;
    match stored(key, state)?.0.kind {
        Kind::Harmonyos => Ok(key.to_owned()),
        _ => Err(Refusal::parameter("buildKey is not the key of a HarmonyOS app")),
    }
}
