//! The storage: form uploads as the vendor's object storage takes them.

use super::body::Received;
use super::deviations::Deviations;
use super::form::{Fields, ReceivedFile, ReceivedForm};
use super::response::{Response, request_id};
use super::seen::{Build, Object};
use super::service::{IssuedToken, ServiceState, Settings};

/// The largest file that one form may have.
pub(super) const MAX_FILE: u64 = 5 * 1024 * 1024 * 1024;
/// The header with the CRC-64 of what was stored.
pub(super) const CHECKSUM: &str = "x-cos-hash-crc64ecma";
/// The field with the name that the package has on disk.
const FILE_NAME: &str = "x-cos-meta-file-name";

/// An error of the storage: status, code, message.
struct StorageError(u16, &'static str, String);

impl StorageError {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(status, code, message.into())
    }

    fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "MalformedPOSTRequest", message)
    }
}

/// Takes a form and stores its file, unless a fault drops it. An error is the answer, too.
pub(super) fn take(
    received: Received,
    deviations: &Deviations,
    drop_it: bool,
    number: u64,
    state: &mut ServiceState,
    settings: &Settings,
) -> Result<Response, Response> {
    let StorageUpload { key, fields, file } = accept(received, deviations, state, settings)
        .map_err(|StorageError(status, code, message)| {
            Response::xml(status, code, &message, settings.storage_path(), number)
        })?;
    let crc64 = file.crc64;
    if !drop_it {
        store(key, fields, file, state);
    }
    Ok(Response::empty(204)
        .header(CHECKSUM, crc64.to_string())
        .header("x-cos-request-id", request_id(number)))
}

/// A form that was accepted.
struct StorageUpload {
    key: String,
    fields: Fields,
    file: ReceivedFile,
}

/// Checks the whole form: its key, its other fields, its file.
fn accept(
    received: Received,
    deviations: &Deviations,
    state: &ServiceState,
    settings: &Settings,
) -> Result<StorageUpload, StorageError> {
    let ReceivedForm { fields, file, .. } = whole_form(received)?;
    let key = text(&fields, "key").ok_or_else(|| {
        StorageError::new(400, "UserKeyMustBeSpecified", "The form has no field key")
    })?;
    let key = String::from_utf8_lossy(key).into_owned();
    let denied = || StorageError::new(403, "AccessDenied", "Access Denied");
    let token = state.tokens.get(&key).ok_or_else(denied)?;
    check_credentials(&fields, token, settings)?;
    let file = check_file(file, settings.file_field.as_deref().unwrap_or("file"))?;
    note_fields(&fields, token, deviations);
    match deviations.refused() {
        Some(what) => Err(StorageError::malformed(what)),
        None => Ok(StorageUpload { key, fields, file }),
    }
}

/// Returns the form if it could be read and ends with its file.
fn whole_form(received: Received) -> Result<ReceivedForm, StorageError> {
    match received {
        Received::Form(Ok(ReceivedForm { after_file: Some(name), .. })) => {
            Err(StorageError::malformed(format!("The field {name} is after the file")))
        }
        Received::Form(Ok(form)) => Ok(form),
        Received::Form(Err(error)) => Err(StorageError::new(400, error.code, error.message)),
        _ => Err(StorageError::malformed("The body is not multipart/form-data")),
    }
}

/// Returns the value of the field `name`, the last one if there are several.
fn text<'f>(fields: &'f Fields, name: &str) -> Option<&'f [u8]> {
    let found = fields.iter().rfind(|(known, _)| known == name);
    found.map(|(_, value)| value.as_slice())
}

fn check_credentials(
    fields: &Fields,
    token: &IssuedToken,
    settings: &Settings,
) -> Result<(), StorageError> {
    let is_right = |name: &str| {
        let issued = token.params.iter().find(|(known, _)| known == name);
        text(fields, name) == issued.map(|(_, value)| value.as_bytes())
    };
    if !is_right("signature") {
        let message = "The signature is not the one that was issued";
        return Err(StorageError::new(403, "SignatureDoesNotMatch", message));
    }
    if !is_right("x-cos-security-token") {
        let message = "The security token is not the one that was issued";
        return Err(StorageError::new(403, "AccessDenied", message));
    }
    if token.issued.elapsed() >= settings.token_lifetime {
        return Err(StorageError::new(403, "ExpiredToken", "The token has expired"));
    }
    Ok(())
}

/// Notes whatever differs from the token's fields, each once and in its order, followed at most by
/// the name of the file.
fn note_fields(fields: &Fields, token: &IssuedToken, deviations: &Deviations) {
    let issued: Vec<&str> = token.params.iter().map(|(name, _)| name.as_str()).collect();
    let sent: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    for name in sent.iter().filter(|name| !issued.contains(name) && **name != FILE_NAME) {
        deviations.add(format!("the field {name} was not issued"));
    }
    for name in &sent {
        if sent.iter().filter(|sent| *sent == name).count() > 1 {
            deviations.add(format!("the field {name} occurs twice"));
        }
    }
    let in_order = sent.strip_prefix(issued.as_slice());
    if !in_order.is_some_and(|rest| rest.iter().all(|name| *name == FILE_NAME)) {
        deviations.add("the fields are in another order than in the token");
    }
}

fn check_file(file: Option<ReceivedFile>, field: &str) -> Result<ReceivedFile, StorageError> {
    let Some(file) = file else {
        let code = "IncorrectNumberOfFilesInPostRequest";
        return Err(StorageError::new(400, code, "The form has no file"));
    };
    if file.field != field {
        let message = format!("The file's field is {} and not {field}", file.field);
        return Err(StorageError::malformed(message));
    }
    match file.content.size() {
        0 => Err(StorageError::new(400, "EntityTooSmall", "The file is empty")),
        size if size > MAX_FILE => {
            Err(StorageError::new(400, "EntityTooLarge", "The file is larger than 5 GB"))
        }
        _ => Ok(file),
    }
}

/// Stores the file, which makes a build. Storing it again does not make another one.
fn store(key: String, fields: Fields, file: ReceivedFile, state: &mut ServiceState) {
    let named = text(&fields, FILE_NAME).map(|name| String::from_utf8_lossy(name).into_owned());
    let Some(token) = state.tokens.get_mut(&key) else { return };
    token.stored_as = Some(named.unwrap_or_else(|| file.file_name.clone()));
    match state.seen.builds.iter_mut().find(|build| build.key.as_ref() == Some(&key)) {
        Some(build) => build.store(&file),
        None => state.seen.builds.push(Build::new(Some(key.clone()), token.build_type, &file)),
    }
    let size = file.content.size();
    let ReceivedFile { file_name, content_type, crc64, .. } = file;
    state.seen.objects.push(Object { key, size, crc64, file_name, content_type, fields });
}
