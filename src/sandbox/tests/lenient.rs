//! What the service takes from clients that do not keep to the page, and how it is noted.

use super::super::Seen;
use super::*;
use crate::types::BuildType;

const TOKEN: &str = "/apiv2/app/getCOSToken";

fn deviations(sandbox: &Sandbox) -> Vec<String> {
    sandbox.seen().requests.last().unwrap().deviations.clone()
}

/// The code for a request that both kinds of sandbox get, and the deviations of the lenient one.
fn both(request: impl Fn(&Sandbox) -> i64) -> (i64, i64, Vec<String>) {
    let (lenient, held) = (Sandbox::start().unwrap(), strict());
    let codes = (request(&lenient), request(&held));
    assert_eq!(deviations(&held), [""; 0], "what is refused is not accepted");
    (codes.0, codes.1, deviations(&lenient))
}

fn get(sandbox: &Sandbox, target: &str) -> Answer {
    let mut peer = Peer::new(sandbox);
    peer.head("GET", target, "");
    peer.answer()
}

#[test]
fn parameters_may_stand_anywhere() {
    let (key, kind) = (format!("_api_key={DEFAULT_API_KEY}"), "buildType=android");
    let form = field("_api_key", DEFAULT_API_KEY) + &field("buildType", "apk") + "--b0undary--\r\n";
    let in_url = ["parameters are in the URL"].map(str::to_owned).to_vec();
    let post = |target: &str, content_type: &str, body: &str| {
        both(|sandbox| Peer::new(sandbox).post(target, content_type, body).code())
    };
    let in_form = ["the body is multipart/form-data"].map(str::to_owned).to_vec();
    assert_eq!(post(TOKEN, MULTIPART, &form), (0, 1280, in_form));
    let whole = format!("{TOKEN}?{key}&{kind}");
    assert_eq!(post(&whole, URLENCODED, ""), (0, 1280, in_url.clone()));
    assert_eq!(post(&format!("{TOKEN}?{key}"), URLENCODED, kind), (0, 1280, in_url.clone()));
    // The body wins, as in PHP.
    let query = format!("{TOKEN}?_api_key=wrong&buildType=ios");
    let (lenient, held, noted) = post(&query, URLENCODED, &format!("{key}&{kind}"));
    assert_eq!((lenient, held), (0, 1280));
    assert_eq!(noted[1..], ["_api_key occurs twice", "buildType occurs twice"]);
    let json = format!("{{\"_api_key\":\"{DEFAULT_API_KEY}\",\"buildType\":\"ios\"}}");
    assert_eq!(post(TOKEN, "application/json", &json), (1001, 1001, Vec::new()));
    assert_eq!(post(&whole, "application/json", &json).0, 0);
    let both_ways = both(|sandbox| get(sandbox, &format!("{TOKEN}?{key}&{kind}")).code());
    assert_eq!(both_ways, (1001, 1001, Vec::new()));
}

#[test]
fn a_build_is_asked_for_in_any_way() {
    let sandbox = build(Sandbox::builder().polls(3));
    let token = token(&sandbox, "apk");
    upload(&sandbox, &token, "x");
    let query = format!("_api_key={DEFAULT_API_KEY}&buildKey={}", token.key);
    let path = "/apiv2/app/buildInfo";
    assert_eq!(get(&sandbox, &format!("{path}?{query}")).code(), 1247);
    assert_eq!(deviations(&sandbox), ["the method is GET", "parameters are in the URL"]);
    let in_url = format!("{path}?{query}");
    assert_eq!(Peer::new(&sandbox).post(&in_url, URLENCODED, "").code(), 1247);
    let form = field("_api_key", DEFAULT_API_KEY) + &field("buildKey", &token.key);
    let answer = Peer::new(&sandbox).post(path, MULTIPART, &(form + "--b0undary--"));
    assert_eq!(answer.code(), 1247);
    assert_eq!(
        Peer::new(&sandbox).post(path, URLENCODED, &query).json()["data"]["buildName"],
        "My App"
    );
    assert_eq!(deviations(&sandbox), [""; 0]);
    let missing = format!("{path}?_api_key={DEFAULT_API_KEY}&buildKey=x");
    assert_eq!(get(&sandbox, &missing).code(), 1244);
    assert_eq!(deviations(&sandbox), [""; 0]);
}

#[test]
fn what_the_page_does_not_know_is_taken_and_named() {
    let ask = |more: &str| {
        both(|sandbox| {
            let body = format!("_api_key={DEFAULT_API_KEY}&buildType=harmony&{more}");
            Peer::new(sandbox).post(TOKEN, URLENCODED, &body).code()
        })
    };
    let all = "log=true&buildPassword=p&oversea=0&&buildUpdateDescription=100%&oversea=1 ";
    let (lenient, held, noted) = ask(all);
    // A blank makes it another value.
    assert_eq!((lenient, held, noted), (1280, 1280, Vec::new()));
    let (lenient, held, mut noted) = ask(all.trim_end());
    noted.sort();
    assert_eq!((lenient, held), (0, 1280));
    let expected = [
        "a `%` is not followed by two hexadecimal digits",
        "a field has no name",
        "buildPassword comes without buildInstallType 2",
        "buildType is harmony",
        "log is not a parameter of this call",
        "oversea occurs twice",
    ];
    assert_eq!(noted, expected);
}

#[test]
fn a_token_for_harmony_is_one_for_a_hap() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox, "harmony");
    upload(&sandbox, &token, "x");
    assert_eq!(sandbox.seen().builds[0].build_type, BuildType::HarmonyOs);
}

#[test]
fn calls_with_a_file_take_their_fields_in_any_order() {
    let sandbox = Sandbox::start().unwrap();
    let hap = token(&sandbox, "hap");
    upload(&sandbox, &hap, "x");
    let file = file("file", "a.p12", "cert").replace("--b0undary--\r\n", "");
    let (key, password) = (field("_api_key", DEFAULT_API_KEY), field("password", "p"));
    let body = format!("{key}{file}{password}{}--b0undary--", field("buildKey", &hap.key));
    let answer = Peer::new(&sandbox).post("/apiv2/app/uploadHarmonyCert", MULTIPART, &body);
    assert_eq!(answer.code(), 0, "{}", answer.body);
    assert_eq!(deviations(&sandbox), ["password is after the file"]);
    let certificate = &sandbox.seen().certificates[0];
    assert_eq!((certificate.password.as_deref(), certificate.size), (Some("p"), 4));
}

/// Uploads with the fields of `order`, by their first letter, and `f` for the file.
fn upload_in_order(sandbox: &Sandbox, order: &str) -> u16 {
    let token = token(sandbox, "apk");
    let part = |letter: char| match letter {
        'f' => file("file", "a.apk", "x").replace("--b0undary--\r\n", ""),
        'z' => field("zeta", "1"),
        _ => {
            let param = token.params.iter().find(|(name, _)| name.starts_with(letter)).unwrap();
            field(&param.0, &param.1)
        }
    };
    let parts: String = order.chars().map(part).collect();
    Peer::new(sandbox).post("/storage/", MULTIPART, &(parts + "--b0undary--")).status
}

#[test]
fn the_storage_takes_any_order_with_the_file_last() {
    let ask = |order: &str| {
        let (lenient, held) = (Sandbox::start().unwrap(), strict());
        let statuses = (upload_in_order(&lenient, order), upload_in_order(&held, order));
        (statuses.0, statuses.1, deviations(&lenient))
    };
    let order = "the fields are in another order than in the token";
    assert_eq!(ask("sxkf"), (204, 204, Vec::new()));
    assert_eq!(ask("ksxf"), (204, 400, vec![order.into()]));
    assert_eq!(ask("xskf"), (204, 400, vec![order.into()]));
    let extra = "the field zeta was not issued";
    assert_eq!(ask("sxkzf"), (204, 400, vec![extra.into(), order.into()]));
    let twice = "the field signature occurs twice";
    assert_eq!(ask("ssxkf"), (204, 400, vec![twice.into(), order.into()]));
    for order in ["sxfk", "fsxk", "sxkfz"] {
        assert_eq!(ask(order), (400, 400, Vec::new()), "{order}");
    }
    assert_eq!((ask("sxf").0, ask("sxk").0, ask("xkf").0), (400, 400, 403));
}

#[test]
fn forms_are_read_as_their_clients_write_them() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox, "apk");
    let body = form(&token, "x")
        .replace("name=\"file\"; filename=\"a.apk\"", "filename=\"a.apk\"; name=file")
        .replace("Content-Type: application/octet-stream\r\n", "Content-Length: 1\r\n");
    let content_type = "Multipart/Form-Data; charset=utf-8; boundary=\"b0undary\"";
    let answer = Peer::new(&sandbox).post("/storage/", content_type, &format!("hi\r\n{body}bye"));
    assert_eq!(answer.status, 204, "{}", answer.body);
    let expected = [
        "the Content-Type is `Multipart/Form-Data; charset=utf-8; boundary=\"b0undary\"`",
        "there is something before the form",
        "a part has the Content-Disposition `form-data; filename=\"a.apk\"; name=file`",
        "a part has a header Content-Length",
        "the file's part has no Content-Type",
        "there is something after the form",
    ];
    assert_eq!(deviations(&sandbox), expected);
    let object = &sandbox.seen().objects[0];
    assert_eq!((object.file_name.as_str(), object.content_type.as_str()), ("a.apk", ""));
}

/// The head of a part without its `Content-Disposition`, and how names are written in that.
type Writes = (fn(&str) -> String, fn(&str, &str) -> String);

/// How HTTP stacks write a text field and a file: okhttp, Apache's HttpClient, .NET's, Ruby's
/// multipart-post, Python's email package.
const STACKS: [Writes; 5] = [
    (
        |name| format!("Content-Disposition: form-data; name=\"{name}\"\r\nContent-Length: 9"),
        |name, file| {
            format!(
                "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
                 Content-Type: application/octet-stream\r\nContent-Length: 1"
            )
        },
    ),
    (
        |name| {
            format!(
                "Content-Disposition: form-data; name=\"{name}\"\r\n\
                 Content-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit"
            )
        },
        |name, file| {
            format!(
                "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
                 Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary"
            )
        },
    ),
    (
        |name| {
            format!(
                "Content-Type: text/plain; charset=utf-8\r\n\
                 Content-Disposition: form-data; name={name}"
            )
        },
        |name, file| {
            format!(
                "Content-Disposition: form-data; name={name}; filename={file}; \
                 filename*=utf-8''{file}"
            )
        },
    ),
    (
        |name| format!("Content-Disposition: form-data; name=\"{name}\""),
        |name, file| {
            format!(
                "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
                 Content-Length: 1\r\nContent-Type: application/octet-stream\r\n\
                 Content-Transfer-Encoding: binary"
            )
        },
    ),
    (
        |name| {
            format!(
                "Content-Type: text/plain; charset=\"us-ascii\"\r\nMIME-Version: 1.0\r\n\
                 Content-Transfer-Encoding: 7bit\r\nContent-Disposition: form-data;\r\n name=\"{name}\""
            )
        },
        |name, file| {
            format!(
                "Content-Type: application/octet-stream\r\nMIME-Version: 1.0\r\n\
                 Content-Disposition: form-data; name=\"{name}\";\r\n\tfilename=\"{file}\""
            )
        },
    ),
];

#[test]
fn every_stack_gets_its_form_through() {
    for (at, (field_head, file_head)) in STACKS.into_iter().enumerate() {
        let (lenient, held) = (Sandbox::start().unwrap(), strict());
        let upload = |sandbox: &Sandbox| {
            let token = token(sandbox, "apk");
            let part =
                |head: String, value: &str| format!("--b0undary\r\n{head}\r\n\r\n{value}\r\n");
            let fields = token.params.iter().map(|(name, value)| part(field_head(name), value));
            let file = part(file_head("file", "a.apk"), "x");
            let body: String = fields.chain([file, "--b0undary--\r\n".into()]).collect();
            Peer::new(sandbox).post("/storage/", MULTIPART, &body)
        };
        let answer = upload(&lenient);
        assert_eq!(answer.status, 204, "{at}: {}", answer.body);
        assert_eq!(lenient.seen().objects[0].file_name, "a.apk", "{at}");
        assert!(!deviations(&lenient).is_empty(), "{at}");
        assert_eq!(upload(&held).xml_code(), "MalformedPOSTRequest", "{at}");
    }
}

#[test]
fn what_the_service_refuses_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox, "apk");
    let body = form(&token, "x");
    let mixed = MULTIPART.replace("form-data", "mixed");
    let answer = Peer::new(&sandbox).post("/storage/", &mixed, &body);
    assert_eq!((answer.status, answer.xml_code()), (400, "MalformedPOSTRequest"));
    let open = body.replace("--b0undary--", "");
    assert_eq!(Peer::new(&sandbox).post("/storage/", MULTIPART, &open).status, 400);
    let key = format!("_api_key={DEFAULT_API_KEY}");
    for wrong in ["buildType=aab", "buildType=ios&buildInstallEndDate=2018-02-30", "oversea=1"] {
        let answer = Peer::new(&sandbox).post(TOKEN, URLENCODED, &format!("{key}&{wrong}"));
        assert_eq!(answer.code(), 1280, "{wrong}");
    }
    assert_eq!(get(&sandbox, "/storage/").status, 403);
    assert_eq!(deviations(&sandbox), [""; 0]);
    assert!(sandbox.seen().objects.is_empty());
}

#[test]
fn targets_may_be_whole_urls() {
    let token = |sandbox: &Sandbox| {
        let target = format!("http://www.pgyer.com{TOKEN}");
        let body = format!("_api_key={DEFAULT_API_KEY}&buildType=ios");
        Peer::new(sandbox).post(&target, URLENCODED, &body).code()
    };
    assert_eq!(both(token), (0, 1280, vec!["the target is a whole URL".into()]));
}

#[test]
fn http_1_0_gets_no_interim_answer_and_the_end() {
    let sandbox = Sandbox::start().unwrap();
    let token = token(&sandbox, "apk");
    let body = form(&token, "x");
    let mut peer = Peer::new(&sandbox);
    peer.send(format!(
        "POST /storage/ HTTP/1.0\r\nContent-Type: {MULTIPART}\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(peer.answer().status, 204);
    assert!(!sandbox.seen().requests.last().unwrap().continued);
    assert_eq!(peer.end().unwrap(), b"");
}

#[test]
fn connections_without_a_request_are_closed_after_a_while() {
    let mut builder = Sandbox::builder();
    assert_eq!(builder.settings.idle_limit, Duration::from_secs(60));
    builder.settings.idle_limit = Duration::from_millis(50);
    let sandbox = build(builder);
    let mut used = Peer::new(&sandbox);
    used.head("GET", "/apiv2", "");
    assert_eq!(used.answer().code(), 1001);
    let unused = Peer::new(&sandbox);
    let mut slow = Peer::new(&sandbox);
    slow.head("POST", TOKEN, &format!("Content-Type: {URLENCODED}\r\nContent-Length: 1\r\n"));
    let two_are_closed = |seen: &Seen| seen.closed_connections == 2;
    assert!(sandbox.wait_for(two_are_closed, LONG));
    // A body is waited for as long as it takes.
    slow.send("x");
    assert_eq!(slow.answer().code(), 1001);
    assert!(used.end().unwrap().is_empty() && unused.end().unwrap().is_empty());
}
