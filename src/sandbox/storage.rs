//! The storage: form uploads as the vendor's object storage takes them.

use super::body::Received;
use super::form::{ReceivedFile, ReceivedForm};
use super::response::{Response, request_id};
use super::seen::{Build, Object};
use super::service::{IssuedToken, ServiceState, Settings};

/// The largest file that one form may have.
pub(super) const MAX_FILE: u64 = 5 * 1024 * 1024 * 1024;
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

/// Takes a form and stores its file, unless a fault drops it.
pub(super) fn take(
    received: Received,
    drop_it: bool,
    number: u64,
    state: &mut ServiceState,
    settings: &Settings,
) -> Response {
    let stored = accept(received, state, settings).map(|upload| {
        let crc64 = upload.file.crc64;
        if !drop_it {
            store(upload, state);
        }
        crc64
    });
    match stored {
        Ok(crc64) => Response::empty(204)
            .header("x-cos-hash-crc64ecma", crc64.to_string())
            .header("x-cos-request-id", request_id(number)),
        Err(StorageError(status, code, message)) => {
            Response::xml(status, code, &message, settings.storage_path(), number)
        }
    }
}

/// A form that was accepted.
struct Upload {
    key: String,
    fields: Vec<(String, Vec<u8>)>,
    file: ReceivedFile,
}

/// Checks the whole form: its key, its other fields, its file.
fn accept(
    received: Received,
    state: &ServiceState,
    settings: &Settings,
) -> Result<Upload, StorageError> {
    let form = match received {
        Received::Form(Ok(form)) => form,
        Received::Form(Err(error)) => {
            return Err(StorageError::new(400, error.code, error.message));
        }
        _ => return Err(StorageError::malformed("The body is not multipart/form-data")),
    };
    let ReceivedForm { fields, file } = form;
    let key = text(&fields, "key").ok_or_else(|| {
        StorageError::new(400, "UserKeyMustBeSpecified", "The form has no field key")
    })?;
    let key = String::from_utf8_lossy(key).into_owned();
    let token = state.tokens.get(&key);
    let token = token.ok_or_else(|| StorageError::new(403, "AccessDenied", "Access Denied"))?;
    check_credentials(&fields, token)?;
    if token.issued.elapsed() >= settings.token_lifetime {
        return Err(StorageError::new(403, "ExpiredToken", "The token has expired"));
    }
    check_order(&fields, token)?;
    let file = check_file(file, settings.file_field.as_deref().unwrap_or("file"))?;
    Ok(Upload { key, fields, file })
}

fn text<'f>(fields: &'f [(String, Vec<u8>)], name: &str) -> Option<&'f [u8]> {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_slice())
}

fn check_credentials(
    fields: &[(String, Vec<u8>)],
    token: &IssuedToken,
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
    Ok(())
}

/// Checks that the fields are those of the token, unchanged and in its order, followed at most by
/// the name of the file.
fn check_order(fields: &[(String, Vec<u8>)], token: &IssuedToken) -> Result<(), StorageError> {
    let mut rest = fields.iter();
    for (name, value) in &token.params {
        match rest.next() {
            Some((sent, bytes)) if sent == name && bytes == value.as_bytes() => {}
            Some((sent, _)) if sent == name => {
                return Err(StorageError::malformed(format!(
                    "The value of the field {name} is not the one that was issued"
                )));
            }
            Some((sent, _)) => {
                let message = format!("The field {sent} stands where {name} belongs");
                return Err(StorageError::malformed(message));
            }
            None => return Err(StorageError::malformed(format!("The field {name} is missing"))),
        }
    }
    match rest.map(|(name, _)| name.as_str()).find(|name| *name != FILE_NAME) {
        Some(name) => Err(StorageError::malformed(format!("The field {name} was not issued"))),
        None => Ok(()),
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
    match file.size {
        0 => Err(StorageError::new(400, "EntityTooSmall", "The file is empty")),
        size if size > MAX_FILE => {
            Err(StorageError::new(400, "EntityTooLarge", "The file is larger than 5 GB"))
        }
        _ => Ok(file),
    }
}

/// Stores the file, which makes a build. Storing it again does not make another one.
fn store(upload: Upload, state: &mut ServiceState) {
    let Upload { key, fields, file } = upload;
    let named = text(&fields, FILE_NAME).map(|name| String::from_utf8_lossy(name).into_owned());
    let Some(token) = state.tokens.get_mut(&key) else { return };
    token.stored_as = Some(named.unwrap_or_else(|| file.file_name.clone()));
    match state.seen.builds.iter_mut().find(|build| build.key.as_ref() == Some(&key)) {
        Some(build) => (build.size, build.crc64) = (file.size, file.crc64),
        None => state.seen.builds.push(Build::new(Some(key.clone()), token.build_type, &file)),
    }
    let ReceivedFile { file_name, content_type, size, crc64, .. } = file;
    state.seen.objects.push(Object { key, size, crc64, file_name, content_type, fields });
}
