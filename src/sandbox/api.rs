//! The API's calls, as strict as the vendor's page allows.

use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::body::Received;
use super::build_info;
use super::fault::Endpoint;
use super::form::ReceivedFile;
use super::package_type;
use super::params::{ApiError, Params, RELEASE};
use super::response::{Response, object};
use super::seen::{Attachment, Build};
use super::service::{IssuedToken, ServiceState, Settings, random_hex};
use crate::types::BuildType;

/// The `data` of an answer with code 0, as JSON.
type Data = Result<Option<String>, ApiError>;

const HAS_QUERY: &str =
    "_api_key could not be empty: parameters belong in the body, not in the URL";
const NO_FIELDS: &str = "_api_key could not be empty: this call does not take this type of body";

/// Carries out a call of the API.
pub(super) fn call(
    endpoint: Endpoint,
    query: Option<&str>,
    received: Received,
    state: &mut ServiceState,
    settings: &Settings,
) -> Response {
    let data = match endpoint {
        Endpoint::Probe => Err(ApiError::new(1001, "_api_key could not be empty")),
        _ if query.is_some() => Err(ApiError::new(1001, HAS_QUERY)),
        Endpoint::Token => get_cos_token(received, state, settings),
        Endpoint::Poll => build_info(received, state, settings),
        Endpoint::Cert => upload_harmony_cert(received, state, settings),
        Endpoint::Hsp => upload_harmony_hsp(received, state, settings),
        Endpoint::Legacy => upload(received, state, settings),
        Endpoint::Storage => Err(ApiError::new(1081, "illegal request")),
    };
    data.map_or_else(Response::from, Response::success)
}

fn get_cos_token(received: Received, state: &mut ServiceState, settings: &Settings) -> Data {
    let params = plain(received)?;
    let own = ["buildType", "oversea", "buildDescription"];
    params.authorize(&settings.api_key, &[&own[..], &RELEASE[..]].concat())?;
    let build_type = params.build_type()?;
    params.check_release()?;
    let key = format!("apps/sandbox/{}.{}", random_hex(32), package_type::extension(build_type));
    let token = IssuedToken {
        build_type,
        params: token_params(&key, settings),
        release: params.release(),
        issued: Instant::now(),
        stored_as: None,
    };
    let data = token_data(&key, &token, settings);
    state.tokens.insert(key, token);
    Ok(Some(data))
}

/// Returns the form's fields, in an order that no client would arrive at by sorting or by habit.
fn token_params(key: &str, settings: &Settings) -> Vec<(String, String)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let span = format!("{now};{}", now + settings.token_lifetime.as_secs());
    let signature = format!(
        "q-sign-algorithm=sha1&q-ak=AKIDsandbox{}&q-sign-time={span}&q-key-time={span}\
         &q-header-list=&q-url-param-list=&q-signature={}",
        random_hex(16),
        random_hex(40)
    );
    let security_token = format!("{}+/{}==", random_hex(64), random_hex(64));
    vec![
        ("signature".to_owned(), signature),
        ("x-cos-security-token".to_owned(), security_token),
        ("key".to_owned(), key.to_owned()),
    ]
}

fn token_data(key: &str, token: &IssuedToken, settings: &Settings) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let params = token.params.iter().map(|(name, value)| (name, text(value)));
    let mut data = vec![("key", text(key)), ("endpoint", text(&settings.storage_url))];
    data.extend(settings.method.iter().map(|method| ("method", text(method))));
    data.extend(settings.file_field.iter().map(|field| ("fileField", text(field))));
    data.push(("params", object(params)));
    object(data)
}

fn build_info(received: Received, state: &mut ServiceState, settings: &Settings) -> Data {
    let params = plain(received)?;
    params.authorize(&settings.api_key, &["buildKey"])?;
    let key = params.build_key()?;
    let (token, file_name) = stored(key, &state.tokens)?;
    let builds = state.seen.builds.iter_mut().zip(1..);
    let of_key = |(build, _): &(&mut Build, usize)| build.key.as_deref() == Some(key);
    let (build, serial) = builds.into_iter().find(of_key).ok_or_else(not_in_queue)?;
    if build.pending_answers < settings.polls {
        build.pending_answers += 1;
        // The first of several says that the build is still in the queue.
        return Err(if build.pending_answers == 1 && settings.polls > 1 {
            ApiError::new(1246, "App is being parsed")
        } else {
            ApiError::new(1247, "App is publishing")
        });
    }
    build.announced = true;
    Ok(Some(build_info::data(build, serial, &token.release, file_name, settings)))
}

fn upload_harmony_cert(received: Received, state: &mut ServiceState, settings: &Settings) -> Data {
    let (params, file) = with_file(received, settings, &["buildKey", "password"])?;
    let key = harmony_key(&params, state)?;
    let password = params.required("password")?.to_owned();
    state.seen.certificates.push(attachment(key, Some(password), file));
    Ok(None)
}

fn upload_harmony_hsp(received: Received, state: &mut ServiceState, settings: &Settings) -> Data {
    let (params, file) = with_file(received, settings, &["buildKey"])?;
    let key = harmony_key(&params, state)?;
    state.seen.hsps.push(attachment(key, None, file));
    Ok(None)
}

fn attachment(key: String, password: Option<String>, file: ReceivedFile) -> Attachment {
    let ReceivedFile { file_name, size, crc64, .. } = file;
    Attachment { key, file_name, password, size, crc64 }
}

fn upload(received: Received, state: &mut ServiceState, settings: &Settings) -> Data {
    let (params, file) = with_file(received, settings, &RELEASE)?;
    params.check_release()?;
    let build_type = package_type::guess(&file.file_name, &file.start);
    if build_type == BuildType::HarmonyOs {
        return Err(ApiError::new(1271, "this call takes an ipa or apk only"));
    }
    let mut build = Build::new(None, build_type, &file);
    build.announced = true;
    let serial = state.seen.builds.len() + 1;
    let data = build_info::data(&build, serial, &params.release(), &file.file_name, settings);
    state.seen.builds.push(build);
    Ok(Some(data))
}

/// Returns the parameters of a call that takes no file.
fn plain(received: Received) -> Result<Params, ApiError> {
    match received {
        Received::Fields(Ok(_)) => Params::new(&received.fields()),
        Received::Fields(Err(problem)) => Err(ApiError::parameter(problem)),
        _ => Err(ApiError::new(1001, NO_FIELDS)),
    }
}

/// Returns the parameters of a call that takes a file, and the file.
fn with_file(
    received: Received,
    settings: &Settings,
    known: &[&str],
) -> Result<(Params, ReceivedFile), ApiError> {
    let form = match received {
        Received::Form(Ok(form)) => form,
        Received::Form(Err(error)) => return Err(ApiError::parameter(error.message)),
        _ => return Err(ApiError::new(1001, NO_FIELDS)),
    };
    let params = Params::new(&form.fields)?;
    params.authorize(&settings.api_key, known)?;
    match form.file {
        Some(file) if file.field == "file" && file.size > 0 => Ok((params, file)),
        Some(file) if file.field == "file" => Err(ApiError::parameter("file is empty")),
        Some(file) => {
            Err(ApiError::parameter(format!("{} is not a file of this call", file.field)))
        }
        None => Err(ApiError::parameter("file is required")),
    }
}

/// Returns the token with this key, and the name of the file stored under it.
fn stored<'s>(
    key: &str,
    tokens: &'s HashMap<String, IssuedToken>,
) -> Result<(&'s IssuedToken, &'s str), ApiError> {
    let token = tokens.get(key).ok_or_else(not_in_queue)?;
    let file_name = token.stored_as.as_deref().ok_or_else(not_in_queue)?;
    Ok((token, file_name))
}

fn not_in_queue() -> ApiError {
    ApiError::new(1244, "App is not in the queue")
}

/// Returns the `buildKey` of a HAP that is stored.
fn harmony_key(params: &Params, state: &ServiceState) -> Result<String, ApiError> {
    let key = params.build_key()?;
    match stored(key, &state.tokens)?.0.build_type {
        BuildType::HarmonyOs => Ok(key.to_owned()),
        _ => Err(ApiError::parameter("buildKey is not the key of a HarmonyOS app")),
    }
}
