//! Each endpoint of the API: what is sent, and how each answer is decoded.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mockito::{Matcher, ServerGuard};
use pgyer::{
    ApiKey, BuildStatus, BuildType, Client, Error, ErrorKind, InstallType, Package, Password,
    Region, Release, Result, RetryPolicy, Source, UploadOptions, Validity,
};

use crate::support::data;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A request as it was received.
#[derive(Debug, Clone)]
struct Taken {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Taken {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The pairs of a body of the type `application/x-www-form-urlencoded`.
    fn pairs(&self) -> Vec<(String, String)> {
        assert_eq!(self.header("content-type"), Some("application/x-www-form-urlencoded"));
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " "))
                .decode_utf8()
                .unwrap()
                .into_owned()
        };
        let body = std::str::from_utf8(&self.body).unwrap();
        body.split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (decode(name), decode(value)))
            .collect()
    }

    /// The parts of a form: name, file name, content.
    fn parts(&self) -> Vec<(String, Option<String>, Vec<u8>)> {
        crate::forms::parts(self.header("content-type").unwrap(), &self.body)
    }
}

/// An API that answers every request alike.
struct Api {
    server: ServerGuard,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Api {
    fn answering(status: u16, body: &str) -> Self {
        let mut server = mockito::Server::new();
        let taken = Arc::<Mutex<Vec<Taken>>>::default();
        let (notes, body) = (Arc::clone(&taken), body.to_owned());
        server
            .mock("POST", Matcher::Any)
            .with_status(status.into())
            .with_body_from_request(move |request| {
                let headers = request.headers().iter();
                notes.lock().unwrap().push(Taken {
                    method: request.method().to_owned(),
                    target: request.path_and_query().to_owned(),
                    headers: headers
                        .map(|(name, value)| {
                            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into())
                        })
                        .collect(),
                    body: request.body().unwrap().clone(),
                });
                body.clone().into_bytes()
            })
            .create();
        Self { server, taken }
    }

    fn client(&self) -> Client {
        let retry = RetryPolicy::default().retries(1).delay(Duration::from_millis(1));
        Client::builder()
            .api_key(ApiKey::new(KEY).unwrap())
            .api_url(format!("{}/apiv2", self.server.url()))
            .retry(retry)
            .build()
            .unwrap()
    }

    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// The only request, once what all requests have in common was checked.
    fn only(&self) -> Taken {
        let [taken] = self.taken().try_into().unwrap();
        let Taken { method, target, .. } = &taken;
        assert_eq!(method, "POST");
        assert!(!target.contains('?') && !target.contains(KEY), "{target}");
        let agent = taken.header("user-agent").unwrap();
        assert!(agent.starts_with(concat!("pgyer/", env!("CARGO_PKG_VERSION"))), "{agent}");
        assert_eq!(taken.header("content-length").unwrap(), taken.body.len().to_string());
        assert_eq!(taken.header("transfer-encoding"), None);
        let in_headers = taken.headers.iter().any(|(_, value)| value.contains(KEY));
        assert!(!in_headers, "{taken:?}");
        taken
    }
}

/// Each endpoint with minimal arguments, and its result as a short text.
type Endpoint = (&'static str, fn(&Client) -> Result<String>);

const ENDPOINTS: [Endpoint; 5] = [
    ("/apiv2/app/getCOSToken", |client| {
        let token = client.get_cos_token(BuildType::Android, &Release::default())?;
        Ok(token.key().to_owned())
    }),
    ("/apiv2/app/buildInfo", |client| {
        Ok(match client.build_info("k")? {
            BuildStatus::Published(build) => build.name,
            _ => "publishing".to_owned(),
        })
    }),
    ("/apiv2/app/uploadHarmonyCert", |client| {
        let p12 = Source::open(data("cert.p12"))?;
        client.upload_harmony_cert("k", &p12, &Password::new("pw")?).map(|()| "taken".to_owned())
    }),
    ("/apiv2/app/uploadHarmonyHsp", |client| {
        let hsp = Source::open(data("app.hsp"))?;
        client.upload_harmony_hsp("k", &hsp).map(|()| "taken".to_owned())
    }),
    ("/apiv2/app/upload", |client| {
        let package = Package::open(data("app.apk"))?;
        client.upload_legacy(&package, &UploadOptions::default()).map(|it| it.build.name)
    }),
];

const TOKEN: &str = r#"{"code":"0","message":"","data":{"key":"k","endpoint":"https://s.example",
    "params":{"key":"k","signature":"s","x-cos-security-token":"t"}}}"#;

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn full_release() -> Release {
    let mut release = Release::default();
    release.install_type = Some(InstallType::Password(Password::new("p&w=%+ é").unwrap()));
    release.description = Some("What it is".into());
    release.update_description = Some("a\r\nb\\n &c=d;%41+蒲公英".into());
    let day = |text: &str| text.parse().unwrap();
    release.validity = Some(Validity::window(day("2018-01-01"), day("2018-12-31")).unwrap());
    release.channel_shortcut = Some("abcd".into());
    release.region = Some(Region::Overseas);
    release
}

#[test]
fn a_token_is_asked_for_with_all_eleven_parameters() {
    let api = Api::answering(200, TOKEN);
    let token = api.client().get_cos_token(BuildType::HarmonyOs, &full_release()).unwrap();
    assert_eq!((token.key(), token.endpoint()), ("k", "https://s.example"));
    let taken = api.only();
    assert_eq!(taken.target, "/apiv2/app/getCOSToken");
    let mut sent = taken.pairs();
    sent.sort();
    let expected = [
        ("_api_key", KEY),
        ("buildChannelShortcut", "abcd"),
        ("buildDescription", "What it is"),
        ("buildInstallDate", "1"),
        ("buildInstallEndDate", "2018-12-31"),
        ("buildInstallStartDate", "2018-01-01"),
        ("buildInstallType", "2"),
        ("buildPassword", "p&w=%+ é"),
        ("buildType", "hap"),
        ("buildUpdateDescription", "a\r\nb\\n &c=d;%41+蒲公英"),
        ("oversea", "1"),
    ];
    assert_eq!(sent, pairs(&expected));
}

#[test]
fn what_is_not_given_or_empty_is_not_sent() {
    let api = Api::answering(200, TOKEN);
    let mut release = Release::default();
    release.description = Some(String::new());
    release.update_description = Some(String::new());
    release.channel_shortcut = Some(String::new());
    api.client().get_cos_token(BuildType::Ios, &release).unwrap();
    assert_eq!(api.only().pairs(), pairs(&[("_api_key", KEY), ("buildType", "ios")]));
}

#[test]
fn a_build_is_asked_for_in_the_body() {
    let api = Api::answering(200, r#"{"code":0,"data":{"buildName":"App"}}"#);
    api.client().build_info("apps/a b&c.apk").unwrap();
    let taken = api.only();
    assert_eq!(taken.target, "/apiv2/app/buildInfo");
    assert_eq!(taken.pairs(), pairs(&[("_api_key", KEY), ("buildKey", "apps/a b&c.apk")]));
}

/// The text fields and then the file, nothing else.
#[track_caller]
fn assert_form(taken: &Taken, fields: &[(&str, &str)], file: &str) {
    let mut expected: Vec<_> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), None, value.as_bytes().to_vec()))
        .collect();
    let content = std::fs::read(data(file)).unwrap();
    expected.push(("file".to_owned(), Some(file.to_owned()), content));
    assert!(taken.parts() == expected, "{:?}", String::from_utf8_lossy(&taken.body));
}

#[test]
fn a_certificate_and_an_hsp_are_forms_with_the_file_last() {
    let api = Api::answering(200, r#"{"code":0,"message":"ok"}"#);
    let p12 = Source::open(data("cert.p12")).unwrap();
    let password = Password::new("p\"w;%0D%0A--").unwrap();
    api.client().upload_harmony_cert("apps/k.hap", &p12, &password).unwrap();
    let taken = api.only();
    assert_eq!(taken.target, "/apiv2/app/uploadHarmonyCert");
    let fields = [("_api_key", KEY), ("buildKey", "apps/k.hap"), ("password", "p\"w;%0D%0A--")];
    assert_form(&taken, &fields, "cert.p12");

    let api = Api::answering(200, r#"{"code":"0"}"#);
    let hsp = Source::open(data("app.hsp")).unwrap();
    api.client().upload_harmony_hsp("apps/k.hap", &hsp).unwrap();
    let taken = api.only();
    assert_eq!(taken.target, "/apiv2/app/uploadHarmonyHsp");
    assert_form(&taken, &[("_api_key", KEY), ("buildKey", "apps/k.hap")], "app.hsp");
}

#[test]
fn the_legacy_upload_is_one_form_with_all_that_the_page_names() {
    let api = Api::answering(200, r#"{"code":0,"data":{"buildName":"App"}}"#);
    let mut release = full_release();
    (release.description, release.region) = (None, None);
    let package = Package::open(data("app.apk")).unwrap();
    let mut options = UploadOptions::default();
    options.release = release;
    assert_eq!(api.client().upload_legacy(&package, &options).unwrap().build.name, "App");
    let taken = api.only();
    assert_eq!(taken.target, "/apiv2/app/upload");
    let fields = [
        ("_api_key", KEY),
        ("buildInstallType", "2"),
        ("buildPassword", "p&w=%+ é"),
        ("buildUpdateDescription", "a\r\nb\\n &c=d;%41+蒲公英"),
        ("buildInstallDate", "1"),
        ("buildInstallStartDate", "2018-01-01"),
        ("buildInstallEndDate", "2018-12-31"),
        ("buildChannelShortcut", "abcd"),
    ];
    assert_form(&taken, &fields, "app.apk");
}

#[test]
fn the_legacy_upload_refuses_what_it_lacks_before_it_sends() {
    let api = Api::answering(200, r#"{"code":0,"data":{"buildName":"App"}}"#);
    let hap = Package::open(data("app.hap")).unwrap();
    let error = api.client().upload_legacy(&hap, &UploadOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Package { .. }), "{error:?}");
    let apk = Package::open(data("app.apk")).unwrap();
    let [mut full, mut hsps] = [UploadOptions::default(), UploadOptions::default()];
    full.release = full_release();
    hsps.hsps = vec![Source::open(data("app.hsp")).unwrap()];
    for options in [full, hsps] {
        let error = api.client().upload_legacy(&apk, &options).unwrap_err();
        assert!(matches!(error, Error::Usage { .. }), "{error:?}");
    }
    assert!(api.taken().is_empty());
}

#[test]
fn a_code_of_zero_needs_data_where_there_is_something_to_tell() {
    for (path, call) in ENDPOINTS {
        for data in ["[]", "{}", "null", "\"\"", "0"] {
            let body = format!(r#"{{"code":0,"message":"ok","data":{data}}}"#);
            check_empty(path, call, &body);
        }
        check_empty(path, call, r#"{"code":"0"}"#);
    }
}

fn check_empty(path: &str, call: fn(&Client) -> Result<String>, body: &str) {
    let api = Api::answering(200, body);
    match call(&api.client()) {
        Ok(said) => assert!(said == "taken" && path.contains("Harmony"), "{path} {body}: {said}"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Api);
            match error {
                // Code 0 of the legacy upload means that there is a build nevertheless.
                Error::Uncertain { source, .. } if path.ends_with("/app/upload") => {
                    assert!(matches!(*source, Error::Unusable { .. }), "{body}: {source:?}");
                }
                error => {
                    assert!(matches!(error, Error::Unusable { .. }), "{path} {body}: {error:?}");
                }
            }
        }
    }
    assert_eq!(api.only().target, path, "an answer is not asked for twice");
}

#[test]
fn refusals_keep_code_message_and_status_whatever_else_is_there() {
    let bodies = [
        r#"{"code":1009,"message":"no app","data":[]}"#,
        r#"{"code":"1009","message":"no app","data":{}}"#,
        r#"{"data":null,"message":"no app","code":" 1009 "}"#,
        r#"{"code":1009,"message":"no app","data":""}"#,
        r#"{"code":1009,"message":"no app"}"#,
        "\u{feff}{\"code\":1009,\"message\":\"no app\"}",
    ];
    for (path, call) in ENDPOINTS {
        for (body, status) in bodies.iter().zip([200, 200, 400, 403, 404, 200]) {
            let api = Api::answering(status, body);
            let error = call(&api.client()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Api, "{path} {body}");
            assert_eq!((error.api_code(), error.http_status()), (Some(1009), Some(status)));
            let report = error.report();
            assert!(report.contains("1009") && report.contains("no app"), "{report}");
            assert_eq!(api.only().target, path);
        }
    }
}

#[test]
fn a_refusal_without_a_message_still_says_its_code() {
    for (path, call) in ENDPOINTS {
        for body in [r#"{"code":1003}"#, r#"{"code":1003,"message":null,"data":[]}"#] {
            let error = call(&Api::answering(200, body).client()).unwrap_err();
            assert!(matches!(&error, Error::Refused { message, .. } if message.is_empty()));
            assert!(error.report().contains("1003"), "{path}: {}", error.report());
        }
    }
}

#[test]
fn a_key_that_is_not_accepted_is_a_matter_of_authorisation() {
    for (path, call) in ENDPOINTS {
        for code in [1001, 1002] {
            let body = format!(r#"{{"code":"{code}","message":"said {KEY} is wrong"}}"#);
            let error = call(&Api::answering(200, &body).client()).unwrap_err();
            assert_eq!((error.kind(), error.api_code()), (ErrorKind::Auth, Some(code)), "{path}");
            let shown = format!("{error:?} {}", error.report());
            assert!(shown.contains("***") && !shown.contains(KEY), "{shown}");
        }
    }
}

#[test]
fn what_is_not_the_apis_json_is_the_networks_fault_and_tried_again() {
    let bodies = [
        (200, "<!DOCTYPE html><p>Please log in"),
        (200, ""),
        (200, r#"{"code":0,"message":"","data":{"buildNa"#),
        (200, "[]"),
        (200, r#"{"message":"no code"}"#),
        (404, "<html>not here"),
        (502, "<html>Bad Gateway"),
        (503, r#"{"code":0,"data":{"buildName":"x"}}"#),
        (302, r#"{"code":0,"data":{"buildName":"x"}}"#),
    ];
    for (path, call) in ENDPOINTS {
        for (status, body) in bodies {
            let api = Api::answering(status, body);
            let error = call(&api.client()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Network, "{path} {body}: {error:?}");
            assert_eq!((error.api_code(), error.http_status()), (None, Some(status)), "{body}");
            // What may have been published is not sent again.
            let legacy = path.ends_with("/upload");
            assert_eq!(matches!(error, Error::Uncertain { .. }), legacy, "{path} {body}");
            assert_eq!(api.taken().len(), if legacy { 1 } else { 2 }, "{path} {body}");
        }
    }
}

#[test]
fn the_codes_of_a_build_are_told_apart() {
    let ask = |body: &str| Api::answering(200, body).client().build_info("apps/k.apk");
    for code in ["1246", "1247", "\"1246\"", "\"1247\""] {
        let status = ask(&format!(r#"{{"code":{code},"data":[]}}"#)).unwrap();
        assert!(matches!(status, BuildStatus::Publishing { .. }), "{code}");
    }
    let error = ask(r#"{"code":"1216","message":"App publish failed"}"#).unwrap_err();
    assert!(matches!(error, Error::Publish { .. }), "{error:?}");
    assert_eq!((error.kind(), error.api_code()), (ErrorKind::Publish, Some(1216)));
    assert_eq!(error.http_status(), Some(200));
    assert!(error.report().contains("apps/k.apk") && error.report().contains("App publish failed"));
    for code in [1244, 1249, -1, 99999] {
        let error = ask(&format!(r#"{{"code":{code}}}"#)).unwrap_err();
        assert_eq!((error.kind(), error.api_code()), (ErrorKind::Api, Some(code)));
    }
}

#[test]
fn a_build_has_its_fields_whether_numbers_are_numbers_or_strings() {
    let strings = r#"{"code":"0","data":{"buildKey":"b","buildType":"2","buildIsFirst":"0",
        "buildIsLastest":"2","buildFileSize":"178","buildName":"App","buildVersion":"1.1",
        "buildVersionNo":28,"buildBuildVersion":"5","buildIdentifier":"com.example.app",
        "buildIcon":"123abcdefaaa","buildShortcutUrl":"","buildQRCodeURL":"http://q.example/b",
        "buildScreenshots":"s1","buildCreated":"2025-01-01 10:00:00","more":{"a":[1.50,null]}}}"#;
    let numbers = strings
        .replace(r#""2""#, "2")
        .replace(r#""178""#, "178")
        .replace(r#""5""#, "5")
        .replace(r#""0","data""#, r#"0,"data""#);
    for body in [strings, &numbers] {
        let status = Api::answering(200, body).client().build_info("k").unwrap();
        let BuildStatus::Published(build) = status else { panic!("{status:?}") };
        assert_eq!(
            (build.build_type, build.is_first, build.is_latest),
            (Some(2), Some(0), Some(2))
        );
        assert_eq!((build.file_size, build.build_version), (Some(178), Some(5)));
        assert_eq!((build.version_no.as_str(), build.screenshots.as_str()), ("28", "s1"));
        assert_eq!(build.install_url().as_deref(), Some("https://www.pgyer.com/b"));
        assert_eq!(build.qr_code_url(), Some("http://q.example/b"));
        let json: serde_json::Value = serde_json::from_str(&build.to_json()).unwrap();
        assert_eq!((&json["buildFileSize"], &json["buildVersionNo"]), (&178.into(), &28.into()));
        assert!(build.to_json().contains(r#""more":{"a":[1.50,null]}"#), "{}", build.to_json());
    }
}

#[test]
fn a_token_that_cannot_be_used_is_the_apis_fault() {
    for data in [
        r#"{"key":"k","params":{"key":"k"}}"#,
        r#"{"key":"","endpoint":"https://s.example","params":{"key":"k"}}"#,
        r#"{"key":"k","endpoint":"https://s.example","params":[]}"#,
        r#"{"key":"k","endpoint":"https://s.example","method":"PUT","params":{"key":"k"}}"#,
    ] {
        let api = Api::answering(200, &format!(r#"{{"code":0,"data":{data}}}"#));
        let error = api.client().get_cos_token(BuildType::Ios, &Release::default()).unwrap_err();
        assert!(matches!(error, Error::Unusable { .. }), "{data}: {error:?}");
    }
}
