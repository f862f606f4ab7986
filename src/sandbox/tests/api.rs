//! The calls of the API.

use super::super::{DEFAULT_API_KEY, Endpoint};
use super::*;
use crate::types::BuildType;

#[test]
fn the_three_steps_publish_a_build() {
    let sandbox = strict();
    let token = token(&sandbox, "android");
    let signature = &token.params[0].1;
    assert!([";", "&", "="].iter().all(|c| signature.contains(c)), "{signature}");
    assert_eq!(upload(&sandbox, &token, "content").status, 204);
    assert_eq!(poll(&sandbox, &token.key).code(), 1247);
    assert_eq!(poll(&sandbox, &token.key).code(), 1247);
    assert!(!sandbox.seen().builds[0].announced);
    let answer = poll(&sandbox, &token.key);
    assert_eq!(answer.code(), 0, "{}", answer.body);
    let data = &answer.json()["data"];
    let seen = sandbox.seen();
    let build = seen.build(&token.key).unwrap();
    assert!(build.announced);
    assert_eq!((build.build_type, build.size, build.pending_answers), (BuildType::Android, 7, 2));
    assert_eq!(data["buildKey"], *build.build_key);
    assert_eq!((&data["buildType"], &data["buildFileSize"]), (&"2".into(), &"7".into()));
    assert_eq!((&data["buildName"], &data["buildScreenshots"]), (&"My App".into(), &"".into()));
    assert_eq!(seen.count(Endpoint::Poll), 3);
    assert_eq!(
        seen.requests_to(Endpoint::Poll).next().unwrap().field("buildKey").unwrap(),
        token.key.as_bytes()
    );
}

#[test]
fn what_step_one_says_stands_in_the_build() {
    let sandbox = build(
        Sandbox::builder()
            .strict()
            .polls(0)
            .build_field("buildName", r#""a'b\n""#)
            .build_field("new", "1"),
    );
    let body = format!(
        "_api_key={DEFAULT_API_KEY}&buildType=ipa&buildUpdateDescription=a%0Ab&buildDescription=d\
         &buildChannelShortcut=chan&oversea=1&buildPassword="
    );
    let answer = Peer::new(&sandbox).post("/apiv2/app/getCOSToken", URLENCODED, &body);
    let data = &answer.json()["data"];
    let params = ["signature", "x-cos-security-token", "key"]
        .map(|name| (name.to_owned(), data["params"][name].as_str().unwrap().to_owned()));
    let token = Token { key: data["key"].as_str().unwrap().into(), params: params.into() };
    assert_eq!(upload(&sandbox, &token, "x").status, 204);
    let answer = poll(&sandbox, &token.key).json();
    let data = &answer["data"];
    assert_eq!((&data["buildName"], &data["new"]), (&"a'b\n".into(), &1.into()));
    assert_eq!(data["buildUpdateDescription"], "a\nb");
    assert_eq!(data["buildQRCodeURL"], "https://www.pgyer.com/app/qrcode/chan");
}

#[test]
fn refuses_what_the_page_does_not_have() {
    let sandbox = strict();
    let key = format!("_api_key={DEFAULT_API_KEY}");
    let mut peer = Peer::new(&sandbox);
    let mut ask = |path: &str, content_type: &str, body: &str| {
        let answer = peer.post(&format!("/apiv2{path}"), content_type, body);
        (answer.code(), answer.message())
    };
    let token = "/app/getCOSToken";
    assert_eq!(ask(token, URLENCODED, "").0, 1001);
    assert_eq!(ask(token, URLENCODED, "_api_key=&buildType=ios").0, 1001);
    assert_eq!(ask(token, URLENCODED, "_api_key=x&buildType=ios").0, 1002);
    assert_eq!(ask(token, "application/json", "{}").0, 1001);
    assert_eq!(ask(token, MULTIPART, &file("file", "a", "x")).0, 1001);
    let mut wrong = |rest: &str| ask(token, URLENCODED, &format!("{key}{rest}"));
    assert_eq!(wrong(""), (1280, "buildType is required".into()));
    assert_eq!(wrong("&buildType=harmony").0, 1280);
    assert_eq!(wrong("&buildType=ios&x=1"), (1280, "x is not a parameter of this call".into()));
    assert_eq!(wrong("&buildType=ios&buildType=ios"), (1280, "buildType occurs twice".into()));
    assert_eq!(wrong("&buildType=ios&oversea=%F0").0, 1280);
    assert_eq!(wrong("&buildType=ios&buildInstallType=2").0, 1280);
    let query = (1280, "parameters are in the URL".into());
    assert_eq!(ask("/app/getCOSToken?a=b", URLENCODED, &format!("{key}&buildType=ios")), query);
    assert_eq!(ask("/app/buildInfo", URLENCODED, &key).0, 1008);
    assert_eq!(ask("/app/buildInfo", URLENCODED, &format!("{key}&buildKey=x")).0, 1244);
    assert_eq!(ask("", URLENCODED, "").0, 1001);
    // The last one on its connection, since the body is not looked at.
    assert_eq!(ask("/app/other", URLENCODED, &key).0, 1081);
    assert!(sandbox.seen().builds.is_empty());
    assert_eq!(sandbox.seen().connections, 1);
}

#[test]
fn a_key_that_was_never_stored_is_not_in_the_queue() {
    let sandbox = strict();
    let token = token(&sandbox, "ios");
    assert_eq!(poll(&sandbox, &token.key).code(), 1244);
}

#[test]
fn the_probe_needs_no_key_and_no_body() {
    let sandbox = strict();
    let mut peer = Peer::new(&sandbox);
    peer.head("GET", "/apiv2", "");
    assert_eq!(peer.answer().code(), 1001);
    peer.head("GET", "/", "");
    assert_eq!(peer.answer().status, 404);
    for call in ["getCOSToken", "buildInfo", "upload"] {
        peer.head("GET", &format!("/apiv2/app/{call}"), "");
        assert_eq!(peer.answer().code(), 1001);
    }
    peer.head("GET", "/storage/", "");
    let answer = peer.answer();
    assert_eq!((answer.status, answer.xml_code()), (403, "AccessDenied"));
    peer.send("HEAD /apiv2 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(peer.line(), "HTTP/1.1 405 Method Not Allowed");
    while !peer.line().is_empty() {}
    peer.head("POST", "/apiv2", "Transfer-Encoding: chunked\r\n");
    assert_eq!(peer.answer().status, 411);
}

fn harmony(sandbox: &Sandbox, call: &str, body: &str) -> i64 {
    Peer::new(sandbox).post(&format!("/apiv2/app/{call}"), MULTIPART, body).code()
}

#[test]
fn a_stored_hap_takes_certificates_and_hsps() {
    let sandbox = strict();
    let hap = token(&sandbox, "hap");
    let own = field("_api_key", DEFAULT_API_KEY) + &field("buildKey", &hap.key);
    let p12 = file("file", "a.p12", "cert");
    let right = format!("{}{own}{p12}", field("password", "p&w"));
    assert_eq!(harmony(&sandbox, "uploadHarmonyCert", &right), 1244);
    upload(&sandbox, &hap, "x");
    assert_eq!(harmony(&sandbox, "uploadHarmonyCert", &right), 0);
    assert_eq!(harmony(&sandbox, "uploadHarmonyHsp", &format!("{own}{p12}")), 0);
    let seen = sandbox.seen();
    let certificate = &seen.certificates[0];
    assert_eq!(certificate.password.as_deref(), Some("p&w"));
    assert_eq!((certificate.size, certificate.file_name.as_str()), (4, "a.p12"));
    assert_eq!((seen.hsps[0].key.as_str(), &seen.hsps[0].password), (hap.key.as_str(), &None));
}

#[test]
fn certificates_and_hsps_need_all_that_the_page_says() {
    let sandbox = strict();
    let (hap, apk) = (token(&sandbox, "harmonyos"), token(&sandbox, "apk"));
    upload(&sandbox, &hap, "x");
    upload(&sandbox, &apk, "x");
    let key = field("_api_key", DEFAULT_API_KEY);
    let own = format!("{key}{}", field("buildKey", &hap.key));
    let password = field("password", "x");
    let p12 = file("file", "a.p12", "cert");
    let cert = |body: String| harmony(&sandbox, "uploadHarmonyCert", &body);
    let hsp = |body: String| harmony(&sandbox, "uploadHarmonyHsp", &body);
    assert_eq!(cert(format!("{own}{p12}")), 1280);
    assert_eq!(cert(format!("{key}{password}{p12}")), 1008);
    assert_eq!(cert(format!("{key}{password}{}{p12}", field("buildKey", "x"))), 1244);
    assert_eq!(cert(format!("{own}{password}--b0undary--\r\n")), 1280);
    assert_eq!(cert(format!("{own}{password}{}", file("p12", "a.p12", "x"))), 1280);
    assert_eq!(cert(format!("{own}{password}{}", file("file", "a.p12", ""))), 1280);
    assert_eq!(cert(format!("{password}{p12}")), 1001);
    assert_eq!(hsp(format!("{key}{}{p12}", field("buildKey", &apk.key))), 1280);
    assert_eq!(hsp(format!("{own}{password}{p12}")), 1280);
    assert!(sandbox.seen().certificates.is_empty() && sandbox.seen().hsps.is_empty());
}

#[test]
fn the_legacy_call_publishes_at_once_and_takes_no_more_than_its_own() {
    let sandbox = strict();
    let key = field("_api_key", DEFAULT_API_KEY);
    let call = |body: String| Peer::new(&sandbox).post("/apiv2/app/upload", MULTIPART, &body);
    let ipa = file("file", "b.ipa", "Payload/b.app/Info.plist");
    assert_eq!(call(format!("{key}{}{ipa}", field("buildType", "ios"))).code(), 1280);
    assert_eq!(call(format!("{key}{}{ipa}", field("oversea", "1"))).code(), 1280);
    assert_eq!(call(format!("{key}{}", file("file", "b.hap", "x"))).code(), 1271);
    assert_eq!(call(format!("{key}{}", file("file", "b", "module.json"))).code(), 1271);
    assert!(sandbox.seen().builds.is_empty());
    let answer = call(format!("{key}{}{ipa}", field("buildInstallType", "3")));
    let data = &answer.json()["data"];
    assert_eq!((&data["buildType"], &data["buildName"]), (&"1".into(), &"b".into()));
    let build = &sandbox.seen().builds[0];
    assert_eq!((&build.key, build.size, build.announced), (&None, 24, true));
}
