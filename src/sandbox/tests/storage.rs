//! The form upload.

use super::*;

#[test]
fn keeps_a_digest_and_says_its_checksum() {
    let sandbox = strict();
    let token = token(&sandbox, "apk");
    let answer = upload(&sandbox, &token, "123456789");
    // The check value of CRC-64/XZ.
    let crc64 = 0x995d_c9bb_df19_39fa_u64;
    assert_eq!(answer.header("x-cos-hash-crc64ecma"), Some(&*crc64.to_string()));
    assert_eq!(answer.header("Content-Length"), None);
    let object = &sandbox.seen().objects[0];
    assert_eq!((object.size, object.crc64), (9, crc64));
    assert_eq!((object.file_name.as_str(), &object.key), ("a.apk", &token.key));
    assert_eq!(object.content_type, "application/octet-stream");
    assert_eq!(object.fields.last().unwrap().1, b"My App.apk");
}

#[test]
fn takes_the_same_file_again_as_one_build() {
    let sandbox = strict();
    let token = token(&sandbox, "apk");
    upload(&sandbox, &token, "x");
    upload(&sandbox, &token, "x");
    assert_eq!((sandbox.seen().objects.len(), sandbox.seen().builds.len()), (2, 1));
}

/// The code for a form that went through `change`.
fn refusal(change: impl Fn(&Token) -> String) -> (u16, String) {
    let sandbox = strict();
    let token = token(&sandbox, "apk");
    let answer = Peer::new(&sandbox).post("/storage/", MULTIPART, &change(&token));
    assert!(sandbox.seen().objects.is_empty());
    let tags = ["Message", "Resource", "RequestId", "TraceId"];
    assert!(tags.iter().all(|tag| answer.body.contains(&format!("<{tag}>"))), "{}", answer.body);
    (answer.status, answer.xml_code().into())
}

fn fields(pairs: &[&(String, String)]) -> String {
    let fields = pairs.iter().map(|(name, value)| field(name, value));
    fields.chain([file("file", "a.apk", "x")]).collect()
}

#[test]
fn refuses_other_credentials() {
    let swap = |name: &'static str, value: &'static str| {
        refusal(move |token| {
            let mut params = token.params.clone();
            params.iter_mut().find(|(known, _)| known == name).unwrap().1 = value.into();
            form(&Token { key: String::new(), params }, "x")
        })
    };
    assert_eq!(swap("key", "apps/other"), (403, "AccessDenied".into()));
    assert_eq!(swap("signature", "q-sign"), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(swap("x-cos-security-token", "x"), (403, "AccessDenied".into()));
    let encoded = refusal(|token| {
        let signature = &token.params[0].1;
        form(token, "x").replace(signature, &signature.replace(';', "%3B"))
    });
    assert_eq!(encoded, (403, "SignatureDoesNotMatch".into()));
}

#[test]
fn refuses_every_other_form() {
    let malformed = (400, "MalformedPOSTRequest".to_owned());
    assert_eq!(refusal(|t| fields(&[&t.params[1], &t.params[0], &t.params[2]])), malformed);
    let extra = ("x".to_owned(), String::new());
    assert_eq!(refusal(|t| fields(&[&extra, &t.params[0], &t.params[1], &t.params[2]])), malformed);
    assert_eq!(refusal(|t| fields(&[&t.params[0], &t.params[1], &t.params[2], &extra])), malformed);
    assert_eq!(refusal(|t| form(t, "x").replace("name=\"file\"", "name=\"data\"")), malformed);
    assert_eq!(refusal(|t| form(t, "x") + "\r\n"), malformed);
    assert_eq!(
        refusal(|t| fields(&[&t.params[0], &t.params[1]])),
        (400, "UserKeyMustBeSpecified".into())
    );
    assert_eq!(refusal(|t| form(t, "")), (400, "EntityTooSmall".into()));
    let no_file = |t: &Token| form(t, "x").replace("; filename=\"a.apk\"", "");
    assert_eq!(refusal(no_file), (400, "IncorrectNumberOfFilesInPostRequest".into()));
}

#[test]
fn tokens_expire() {
    let mut builder = Sandbox::builder().strict();
    builder.settings.token_lifetime = Duration::ZERO;
    let sandbox = build(builder);
    let answer = upload(&sandbox, &token(&sandbox, "apk"), "x");
    assert_eq!((answer.status, answer.xml_code()), (403, "ExpiredToken"));
}

#[test]
fn needs_a_length_and_not_too_large_a_one() {
    let sandbox = strict();
    let ask = |headers: &str| {
        let mut peer = Peer::new(&sandbox);
        peer.head("POST", "/storage/", &format!("Content-Type: {MULTIPART}\r\n{headers}"));
        let answer = peer.answer();
        assert_eq!(answer.header("Connection"), headers.contains(':').then_some("close"));
        (answer.status, answer.xml_code().to_owned())
    };
    let missing = (411, "MissingContentLength".to_owned());
    assert_eq!(ask("Transfer-Encoding: chunked\r\n"), missing);
    assert_eq!(ask(""), missing);
    assert_eq!(ask("Content-Length: 5372000000\r\n"), (400, "EntityTooLarge".into()));
}

#[test]
fn tokens_can_name_another_field_for_the_file() {
    let sandbox = build(Sandbox::builder().strict().file_field("data").method("PUT"));
    let token = token(&sandbox, "apk");
    let body = fields(&token.params.iter().collect::<Vec<_>>());
    assert_eq!(Peer::new(&sandbox).post("/storage/", MULTIPART, &body).status, 400);
    let body = body.replace("name=\"file\"", "name=\"data\"");
    assert_eq!(Peer::new(&sandbox).post("/storage/", MULTIPART, &body).status, 204);
}

#[test]
fn the_storage_can_have_an_address_of_its_own() {
    let sandbox = build(
        Sandbox::builder()
            .strict()
            .public_url("https://localhost:1/")
            .storage_url("https://bucket.example:2/put"),
    );
    assert_eq!(sandbox.api_url(), "https://localhost:1/apiv2");
    let token = token(&sandbox, "apk");
    assert_eq!(upload(&sandbox, &token, "x").status, 404);
    let answer = Peer::new(&sandbox).post("/put", MULTIPART, &form(&token, "x"));
    assert_eq!(answer.status, 204);
}

#[test]
fn asks_for_a_body_that_waits() {
    let sandbox = strict();
    let body = form(&token(&sandbox, "apk"), "x");
    let mut peer = Peer::new(&sandbox);
    let headers = format!(
        "Content-Type: {MULTIPART}\r\nContent-Length: {}\r\nExpect: 100-continue\r\n",
        body.len()
    );
    peer.head("POST", "/storage/", &headers);
    assert_eq!(peer.answer().status, 100);
    peer.send(&body);
    assert_eq!(peer.answer().status, 204);
    assert!(sandbox.seen().requests.last().unwrap().continued);
}

#[test]
fn stores_many_megabytes_without_holding_them() {
    let sandbox = strict();
    let token = token(&sandbox, "apk");
    let whole = form(&token, "SPLIT");
    let (before, after) = whole.split_once("SPLIT").unwrap();
    let block = vec![b'\r'; 1024 * 1024];
    let length = before.len() + 16 * block.len() + after.len();
    let mut peer = Peer::new(&sandbox);
    let headers = format!("Content-Type: {MULTIPART}\r\nContent-Length: {length}\r\n");
    peer.head("POST", "/storage/", &headers);
    peer.send(before);
    for _ in 0..16 {
        peer.send(&block);
    }
    peer.send(after);
    assert_eq!(peer.answer().status, 204);
    assert_eq!(sandbox.seen().objects[0].size, 16 * 1024 * 1024);
}
