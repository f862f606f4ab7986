//! The storage: a form upload like that of the vendor's object storage.

use super::answer::{Answer, request_id};
use super::body::Received;
use super::form::{Form, FormFile};
use super::seen::{Build, Object};
use super::state::{Config, State, Token, random_hex};

/// The most that one form may bring.
pub(super) const MAX_FILE: u64 = 5 * 1024 * 1024 * 1024;
/// The name that a package had on disk.
const FILE_NAME: &str = "x-cos-meta-file-name";

/// An error of the storage: status, code, message.
struct Refusal(u16, &'static str, String);

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(status, code, message.into())
    }

    fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "MalformedPOSTRequest", message)
    }
}

/// Takes a form, and stores its file unless it is to be dropped.
pub(super) fn take(
    received: Received,
    drop_it: bool,
    number: u64,
    state: &mut State,
    config: &Config,
) -> Answer {
    let stored = accept(received, state, config).map(|upload| {
        let crc64 = upload.file.crc64;
        if !drop_it {
            store(upload, state);
        }
        crc64
    });
    match stored {
        Ok(crc64) => Answer::empty(204)
            .header("x-cos-hash-crc64ecma", crc64.to_string())
            .header("x-cos-request-id", request_id(number)),
        Err(Refusal(status, code, message)) => {
            Answer::xml(status, code, &message, config.storage_path(), number)
        }
    }
}

/// A form that is as it should be.
struct Upload {
    key: String,
    fields: Vec<(String, Vec<u8>)>,
    file: FormFile,
}

/// Checks the whole form: its key, the text fields, the file.
fn accept(received: Received, state: &State, config: &Config) -> Result<Upload, Refusal> {
    let form = match received {
        Received::Form(Ok(form)) => form,
        Received::Form(Err(error)) => return Err(Refusal::new(400, error.code, error.message)),
        _ => return Err(Refusal::malformed("The body is not multipart/form-data")),
    };
    let Form { fields, file } = form;
    let key = text(&fields, "key")
        .ok_or_else(|| Refusal::new(400, "UserKeyMustBeSpecified", "The form has no field key"))?;
    let key = String::from_utf8_lossy(key).into_owned();
    let token = state.tokens.get(&key);
    let token = token.ok_or_else(|| Refusal::new(403, "AccessDenied", "Access Denied"))?;
    check_credentials(&fields, token)?;
    if token.issued.elapsed() >= config.token_lifetime {
        return Err(Refusal::new(403, "ExpiredToken", "The token has expired"));
    }
    check_order(&fields, token)?;
    let file = check_file(file, config.file_field.as_deref().unwrap_or("file"))?;
    Ok(Upload { key, fields, file })
}

fn text<'f>(fields: &'f [(String, Vec<u8>)], name: &str) -> Option<&'f [u8]> {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_slice())
}

fn check_credentials(fields: &[(String, Vec<u8>)], token: &Token) -> Result<(), Refusal> {
    let is_right = |name: &str| {
        let issued = token.params.iter().find(|(known, _)| known == name);
        text(fields, name) == issued.map(|(_, value)| value.as_bytes())
    };
    if !is_right("signature") {
        let message = "The signature is not the one that was issued";
        return Err(Refusal::new(403, "SignatureDoesNotMatch", message));
    }
    if !is_right("x-cos-security-token") {
        let message = "The security token is not the one that was issued";
        return Err(Refusal::new(403, "AccessDenied", message));
    }
    Ok(())
}

/// Every field as issued and in that order, then perhaps the name of the file.
fn check_order(fields: &[(String, Vec<u8>)], token: &Token) -> Result<(), Refusal> {
    let mut rest = fields.iter();
    for (name, value) in &token.params {
        match rest.next() {
            Some((sent, bytes)) if sent == name && bytes == value.as_bytes() => {}
            Some((sent, _)) if sent == name => {
                return Err(Refusal::malformed(format!("The field {name} is not as issued")));
            }
            Some((sent, _)) => {
                let message = format!("The field {sent} stands where {name} belongs");
                return Err(Refusal::malformed(message));
            }
            None => return Err(Refusal::malformed(format!("The field {name} is missing"))),
        }
    }
    match rest.map(|(name, _)| name.as_str()).find(|name| *name != FILE_NAME) {
        Some(name) => Err(Refusal::malformed(format!("The field {name} was not issued"))),
        None => Ok(()),
    }
}

fn check_file(file: Option<FormFile>, field: &str) -> Result<FormFile, Refusal> {
    let Some(file) = file else {
        let code = "IncorrectNumberOfFilesInPostRequest";
        return Err(Refusal::new(400, code, "The form has no file"));
    };
    if file.field != field {
        let message = format!("The file's field is {} and not {field}", file.field);
        return Err(Refusal::malformed(message));
    }
    match file.size {
        0 => Err(Refusal::new(400, "EntityTooSmall", "The file is empty")),
        size if size > MAX_FILE => {
            Err(Refusal::new(400, "EntityTooLarge", "The file is larger than 5 GB"))
        }
        _ => Ok(file),
    }
}

/// A file that is stored becomes a build; storing it again does not make another one.
fn store(upload: Upload, state: &mut State) {
    let Upload { key, fields, file } = upload;
    let FormFile { file_name, content_type, size, crc64, .. } = file;
    let named = text(&fields, FILE_NAME).map(|name| String::from_utf8_lossy(name).into_owned());
    let Some(token) = state.tokens.get_mut(&key) else {
        return;
    };
    token.stored_as = Some(named.unwrap_or_else(|| file_name.clone()));
    let kind = token.kind;
    match state.seen.builds.iter_mut().find(|build| build.key.as_ref() == Some(&key)) {
        Some(build) => (build.size, build.crc64) = (size, crc64),
        None => state.seen.builds.push(Build {
            key: Some(key.clone()),
            build_key: random_hex(32),
            kind,
            size,
            crc64,
            pending_answers: 0,
            announced: false,
        }),
    }
    state.seen.objects.push(Object { key, size, crc64, file_name, content_type, fields });
}
