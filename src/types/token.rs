//! The upload token of step one.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::json::{self, Fields, MOST_MEMBERS};

/// The longest key of an object that a storage accepts, in bytes.
const LONGEST_KEY: usize = 1024;

/// The answer of `getCOSToken`: where to upload to, with which fields, and the key to ask for the
/// build with afterwards.
///
/// Its `Debug` shows the names of the fields and not their values: the signature and the security
/// token let whoever has them upload in your name for about half an hour.
///
/// ```
/// use pgyer::UploadToken;
///
/// let json = r#"{"key":"k1","endpoint":"https://s.example","params":{"signature":"x"}}"#;
/// let token = UploadToken::from_json(json)?;
/// assert_eq!((token.key(), token.endpoint()), ("k1", "https://s.example"));
/// assert_eq!(token.expose_json(), json);
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct UploadToken {
    pub(crate) key: String,
    pub(crate) endpoint: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) file_field: String,
    /// The JSON for [`expose_json`](Self::expose_json).
    json: String,
}

impl UploadToken {
    /// Reads the API's `data`, or a whole answer that has it.
    ///
    /// # Errors
    /// What is wrong with it, in words that go after a colon.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let fields = object(json)?;
        if fields.raw("endpoint").is_some() {
            return Self::from_fields(json, &fields);
        }
        match (fields.integer("code"), fields.raw("data")) {
            (Some(code), _) if code != 0 => Err(format!("it is a refusal by the API, code {code}")),
            // Only one level: answers could be nested without end.
            (_, Some(data)) => Self::from_fields(data, &object(data)?),
            _ => Self::from_fields(json, &fields),
        }
    }

    fn from_fields(json: &str, fields: &Fields) -> Result<Self, String> {
        let required = |name| {
            fields
                .text(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| format!("it has no \"{name}\""))
        };
        let method = fields.text("method").unwrap_or_default();
        if !method.is_empty() && !method.eq_ignore_ascii_case("POST") {
            return Err(format!("it asks for the method {method}, where only POST is known"));
        }
        let key = required("key")?;
        if key.len() > LONGEST_KEY {
            return Err(format!("its \"key\" has more than {LONGEST_KEY} bytes"));
        }
        Ok(Self {
            key,
            endpoint: required("endpoint")?,
            params: params(fields.raw("params").ok_or("it has no \"params\"")?)?,
            file_field: required("fileField").unwrap_or_else(|_| "file".to_owned()),
            json: json::compact(json.trim()),
        })
    }

    /// Reads what [`expose_json`](Self::expose_json) or `pgyer token` gave, or a whole answer of
    /// `getCOSToken`.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is not a token; for a refusal by the API the message has its code.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::parse(json.strip_prefix('\u{feff}').unwrap_or(json)).map_err(|problem| {
            Error::usage(format!(
                "this is not an upload token: {problem}; expected is what `pgyer token` prints, \
                 {{\"key\", \"endpoint\", \"params\"}}"
            ))
        })
    }

    /// Returns the key to ask `buildInfo` for.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Replaces the JSON to show. What is sent stays as it came.
    pub(crate) fn shown_as(self, json: String) -> Self {
        Self { json, ..self }
    }

    /// Returns the URL to upload to.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the secrets: the values of the params that are credentials and the endpoint's query,
    /// and the long values within each.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        // Each is searched for in all that is shown, so there must not be any number of them. The
        // page shows tokens with three.
        const MOST: usize = 32;
        let params = self.params.iter().filter(|(name, _)| is_secret(name));
        // A signed URL has its signature there.
        let query = self.endpoint.split_once('?').map(|(_, query)| query);
        let values = query.into_iter().chain(params.map(|(_, value)| value.as_str()));
        values.flat_map(|value| std::iter::once(value).chain(parts_of(value))).take(MOST)
    }

    /// Returns the endpoint without its user, password and query.
    fn harmless_endpoint(&self) -> String {
        let shown = Fields::parse(&self.json).and_then(|fields| fields.text("endpoint"));
        let shown = shown.unwrap_or_default();
        let path = shown.split(['?', '#']).next().unwrap_or_default();
        path.rsplit_once('@').map_or(path.to_owned(), |(_, host)| format!("***@{host}"))
    }

    /// Returns the API's `data` as JSON on one line, as it came but for the API key and for
    /// passwords outside its `params`, which are replaced by `***`. It has the signature in it:
    /// give it to nobody but [`Client::put`](crate::Client::put).
    pub fn expose_json(&self) -> &str {
        &self.json
    }
}

impl FromStr for UploadToken {
    type Err = Error;

    /// [`from_json`](Self::from_json).
    fn from_str(json: &str) -> Result<Self, Error> {
        Self::from_json(json)
    }
}

fn object(json: &str) -> Result<Fields, String> {
    Fields::parse(json).ok_or_else(|| "it is not a JSON object".to_owned())
}

/// Which params are credentials. `key` is not one: it is an identifier and shown everywhere.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["signature", "token", "policy", "credential", "accesskeyid", "q-ak", "secret"]
        .iter()
        .any(|part| name.contains(part))
}

/// Returns the values within a signature (`q-sign-algorithm=sha1&q-signature=…`) that are secret by
/// themselves: the long ones.
fn parts_of(signature: &str) -> impl Iterator<Item = &str> {
    const LONG: usize = 16;
    let values = signature.split('&').filter_map(|pair| pair.split_once('=')).map(|pair| pair.1);
    values.filter(|value| value.len() >= LONG)
}

fn params(json: &str) -> Result<Vec<(String, String)>, String> {
    let fields = Fields::parse(json).filter(|fields| !fields.is_empty());
    let fields = fields.ok_or_else(|| {
        format!("its \"params\" are not an object with 1 to {MOST_MEMBERS} fields of the form")
    })?;
    fields
        .iter()
        .map(|(name, value)| {
            let value = if value == "null" { Some(String::new()) } else { json::text_of(value) };
            let value = value.ok_or_else(|| format!("its param \"{name}\" is not a string"))?;
            Ok((name.to_owned(), value))
        })
        .collect()
}

impl fmt::Debug for UploadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.params.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("UploadToken")
            .field("key", &self.key)
            .field("endpoint", &self.harmless_endpoint())
            .field("params", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = r#"{"endpoint":"https://s.example","key":"k1",
        "params":{"z":"1;2&3=4","key":"k2","n":5,"a":null},"extra":1.0}"#;

    #[test]
    fn params_keep_their_order_and_bytes() {
        let token = UploadToken::parse(TOKEN).unwrap();
        let params: Vec<_> =
            token.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(params, [("z", "1;2&3=4"), ("key", "k2"), ("n", "5"), ("a", "")]);
        assert_eq!((token.key(), token.file_field.as_str()), ("k1", "file"));
        assert!(token.expose_json().ends_with(r#""extra":1.0}"#));
        assert!(!token.expose_json().contains('\n'));
        assert!(!format!("{token:?}").contains("1;2"));
        let signed = TOKEN.replace("s.example", "u:p@s.example/a?sign=x#y");
        let shown = format!("{:?}", UploadToken::parse(&signed).unwrap());
        assert!(shown.contains(r#"endpoint: "***@s.example/a""#), "{shown}");
    }

    #[test]
    fn a_whole_answer_is_taken_for_its_data() {
        let answer = format!(r#"{{"code":0,"data":{TOKEN}}}"#);
        assert_eq!(UploadToken::parse(&answer).unwrap().key(), "k1");
        assert_eq!(UploadToken::from_json(&format!("\u{feff}{answer}")).unwrap().key(), "k1");
    }

    #[test]
    fn answers_within_answers_take_no_time() {
        let deep = r#"{"data":"#.repeat(100_000) + TOKEN + &"}".repeat(100_000);
        assert!(UploadToken::from_json(&deep).is_err());
    }

    #[test]
    fn a_token_with_data_of_its_own_is_still_the_token() {
        let json = r#"{"key":"k","endpoint":"e","params":{"a":"b"},"data":{}}"#;
        assert_eq!(UploadToken::parse(json).unwrap().key(), "k");
    }

    #[test]
    fn its_secrets_are_those_of_its_params_and_of_its_address() {
        let token = UploadToken::parse(
            r#"{"key":"k1","endpoint":"https://s.example/?sign=query","params":{"key":"k2",
            "signature":"q-sign-algorithm=sha1&q-signature=0123456789abcdef0123",
            "x-cos-security-token":"token"}}"#,
        )
        .unwrap();
        let secrets: Vec<&str> = token.secrets().collect();
        assert_eq!(
            secrets,
            [
                "sign=query",
                "q-sign-algorithm=sha1&q-signature=0123456789abcdef0123",
                "0123456789abcdef0123",
                "token",
            ]
        );
    }

    #[test]
    fn a_token_says_where_to_and_under_which_name() {
        let token = UploadToken::from_json(
            r#"{"key":"k","endpoint":"e","params":{"a":"b"},"fileField":"upload","method":"post"}"#,
        )
        .unwrap();
        assert_eq!((token.endpoint(), token.file_field.as_str()), ("e", "upload"));
        let shown = format!("{token:?}");
        for part in ["\"k\"", "\"e\"", "[\"a\"]"] {
            assert!(shown.contains(part), "no {part} in: {shown}");
        }
        let error = UploadToken::from_json("{}").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Usage);
        assert!(error.to_string().contains("no \"key\""), "{error}");
    }

    #[test]
    fn what_is_no_token_is_said_to_be_none() {
        for (json, said) in [
            ("[]", "not a JSON object"),
            ("{}", "no \"key\""),
            (r#"{"key":"","endpoint":"e","params":{"a":"b"}}"#, "no \"key\""),
            (&format!(r#"{{"key":"{}"}}"#, "k".repeat(1024)), "no \"endpoint\""),
            (&format!(r#"{{"key":"{}"}}"#, "k".repeat(1025)), "more than 1024"),
            (r#"{"key":"k"}"#, "no \"endpoint\""),
            (r#"{"key":"k","endpoint":"e"}"#, "no \"params\""),
            (r#"{"key":"k","endpoint":"e","params":[]}"#, "not an object"),
            (r#"{"key":"k","endpoint":"e","params":{}}"#, "not an object"),
            (r#"{"key":"k","endpoint":"e","params":{"a":[]}}"#, "not a string"),
            (r#"{"key":"k","endpoint":"e","params":{"a":"b"},"method":"PUT"}"#, "method PUT"),
            (r#"{"code":1002,"message":"_api_key"}"#, "a refusal by the API, code 1002"),
            (r#"{"code":"1246","data":{"key":"k"}}"#, "a refusal by the API, code 1246"),
            (r#"{"code":0,"data":[]}"#, "not a JSON object"),
        ] {
            let problem = UploadToken::parse(json).unwrap_err();
            assert!(problem.contains(said), "{json}: {problem}");
        }
    }

    #[test]
    fn the_hash_within_a_signature_is_a_secret_of_its_own() {
        let signature = "q-sign-algorithm=sha1&q-sign-time=1;2&q-signature=0123456789abcdef0123";
        assert_eq!(parts_of(signature).collect::<Vec<_>>(), ["0123456789abcdef0123"]);
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in ["signature", "x-cos-security-token", "q-signature", "OSSAccessKeyId", "policy"]
        {
            assert!(is_secret(name), "{name}");
        }
        assert!(!is_secret("key") && !is_secret("success_action_status"));
    }
}
