//! The API's calls, by the vendor's page, for clients that do not all keep to it.

use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::body::Received;
use super::build_info;
use super::deviations::Deviations;
use super::fault::Endpoint;
use super::form::{Fields, ReceivedFile};
use super::package_type;
use super::params::{ApiError, Params, RELEASE};
use super::request_head::RequestHead;
use super::response::{Response, object};
use super::seen::{Attachment, Build};
use super::service::{IssuedToken, ServiceState, Settings, random_hex};
use super::urlencoded;
use crate::types::BuildType;

type Outcome = Result<Response, ApiError>;

/// Carries out a call of the API.
pub(super) fn call(
    endpoint: Endpoint,
    head: &RequestHead,
    received: Received,
    deviations: &Deviations,
    state: &mut ServiceState,
    settings: &Settings,
) -> Outcome {
    if endpoint == Endpoint::Probe || (head.method == "GET" && endpoint != Endpoint::Poll) {
        return Err(ApiError::new(1001, "_api_key could not be empty"));
    }
    let is_form = matches!(received, Received::Form(_));
    let (params, file) = parameters(head, received, deviations)?;
    if matches!(endpoint, Endpoint::Token | Endpoint::Poll) && is_form {
        deviations.add("the body is multipart/form-data");
    }
    params.authorize(&settings.api_key, known_to(endpoint))?;
    match endpoint {
        Endpoint::Token => get_cos_token(&params, state, settings),
        Endpoint::Poll => build_info(&params, state, settings),
        Endpoint::Cert => upload_harmony_cert(&params, required(file)?, state),
        Endpoint::Hsp => upload_harmony_hsp(&params, required(file)?, state),
        Endpoint::Legacy => upload(&params, required(file)?, state, settings),
        Endpoint::Probe | Endpoint::Storage => Err(ApiError::new(1081, "illegal request")),
    }
}

/// Returns the parameters that a call has, besides the key.
fn known_to(endpoint: Endpoint) -> &'static [&'static [&'static str]] {
    match endpoint {
        Endpoint::Token => &[&["buildType", "oversea", "buildDescription"], &RELEASE],
        Endpoint::Poll | Endpoint::Hsp => &[&["buildKey"]],
        Endpoint::Cert => &[&["buildKey", "password"]],
        Endpoint::Legacy => &[&RELEASE],
        Endpoint::Probe | Endpoint::Storage => &[],
    }
}

/// Collects the parameters as PHP's `$_REQUEST` does: those in the URL, and those in the body,
/// which win.
fn parameters<'d>(
    head: &RequestHead,
    received: Received,
    deviations: &'d Deviations,
) -> Result<(Params<'d>, Option<ReceivedFile>), ApiError> {
    let (mut fields, mut file) = (Fields::new(), None);
    if head.method == "GET" {
        deviations.add("the method is GET");
    }
    if let Some(query) = &head.query {
        deviations.add("parameters are in the URL");
        fields = urlencoded::parse(query.as_bytes(), deviations);
    }
    match received {
        Received::Form(Ok(form)) => {
            if let Some(name) = form.after_file {
                deviations.add(format!("{name} is after the file"));
            }
            fields.extend(form.fields);
            file = form.file;
        }
        Received::Form(Err(error)) => return Err(ApiError::parameter(error.message)),
        Received::Fields(more) => fields.extend(more),
        Received::Other if head.length > Some(0) => deviations.add("the body is not a form"),
        Received::Other => {}
    }
    Ok((Params::new(fields, deviations), file))
}

fn required(file: Option<ReceivedFile>) -> Result<ReceivedFile, ApiError> {
    match file {
        Some(file) if file.field == "file" && file.content.size() > 0 => Ok(file),
        Some(file) if file.field == "file" => Err(ApiError::parameter("file is empty")),
        Some(file) => {
            Err(ApiError::parameter(format!("{} is not a file of this call", file.field)))
        }
        None => Err(ApiError::parameter("file is required")),
    }
}

fn get_cos_token(params: &Params<'_>, state: &mut ServiceState, settings: &Settings) -> Outcome {
    let build_type = params.build_type()?;
    params.check_oversea()?;
    params.check_release()?;
    params.settle()?;
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
    Ok(Response::success(Some(data)))
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

fn build_info(params: &Params<'_>, state: &mut ServiceState, settings: &Settings) -> Outcome {
    let key = params.build_key()?;
    params.settle()?;
    let (token, file_name) = stored(key, &state.tokens)?;
    let mut builds = state.seen.builds.iter_mut().zip(1..);
    let of_key = |(build, _): &(&mut Build, usize)| build.key.as_deref() == Some(key);
    let (build, serial) = builds.find(of_key).ok_or_else(not_in_queue)?;
    if build.pending_answers < settings.polls {
        build.pending_answers += 1;
        // The service also answers 1246, which its page does not know; clients that go by the page
        // take that for a failure.
        return Ok(Response::refusal(1247, "App is publishing"));
    }
    build.announced = true;
    let data = build_info::data(build, serial, &token.release, file_name, settings);
    Ok(Response::success(Some(data)))
}

fn upload_harmony_cert(
    params: &Params<'_>,
    file: ReceivedFile,
    state: &mut ServiceState,
) -> Outcome {
    let key = harmony_key(params, state)?;
    let password = params.required("password")?.to_owned();
    params.settle()?;
    state.seen.certificates.push(attachment(key, Some(password), file));
    Ok(Response::success(None))
}

fn upload_harmony_hsp(
    params: &Params<'_>,
    file: ReceivedFile,
    state: &mut ServiceState,
) -> Outcome {
    let key = harmony_key(params, state)?;
    params.settle()?;
    state.seen.hsps.push(attachment(key, None, file));
    Ok(Response::success(None))
}

fn attachment(key: String, password: Option<String>, file: ReceivedFile) -> Attachment {
    let size = file.content.size();
    let ReceivedFile { file_name, crc64, .. } = file;
    Attachment { key, file_name, password, size, crc64 }
}

fn upload(
    params: &Params<'_>,
    file: ReceivedFile,
    state: &mut ServiceState,
    settings: &Settings,
) -> Outcome {
    params.check_release()?;
    let build_type = package_type::guess(&file.file_name, file.content.start());
    if build_type == BuildType::HarmonyOs {
        return Err(ApiError::new(1271, "this call takes an ipa or apk only"));
    }
    params.settle()?;
    let mut build = Build::new(None, build_type, &file);
    build.announced = true;
    let serial = state.seen.builds.len() + 1;
    let data = build_info::data(&build, serial, &params.release(), &file.file_name, settings);
    state.seen.builds.push(build);
    Ok(Response::success(Some(data)))
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
fn harmony_key(params: &Params<'_>, state: &ServiceState) -> Result<String, ApiError> {
    let key = params.build_key()?;
    match stored(key, &state.tokens)?.0.build_type {
        BuildType::HarmonyOs => Ok(key.to_owned()),
        _ => Err(ApiError::parameter("buildKey is not the key of a HarmonyOS app")),
    }
}
