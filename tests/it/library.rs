//! What the library promises beside its calls.

use std::error::Error as _;
use std::io::{Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use pgyer::sandbox::Sandbox;
use pgyer::{
    ApiKey, BuildInfo, BuildStatus, BuildType, Client, ClientBuilder, Date, Diagnosis, Error,
    ErrorKind, Event, InstallType, Package, Password, Proxies, Published, Region, Release,
    RetryPolicy, Source, Stored, UploadOptions, UploadToken, Validity, Wait,
};

use crate::support::{data, faulty, sandbox};

fn client(sandbox: &Sandbox) -> Client {
    let key = ApiKey::new(sandbox.api_key()).unwrap();
    Client::builder().api_key(key).api_url(sandbox.api_url()).build().unwrap()
}

#[test]
fn everything_may_go_to_other_threads_and_be_kept() {
    fn goes<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    goes::<(Client, ClientBuilder, RetryPolicy, Proxies, ApiKey, Password)>();
    goes::<(Package, Source, UploadToken, BuildInfo, BuildStatus, BuildType)>();
    goes::<(Release, InstallType, Validity, Date, Region, UploadOptions, Wait, Published, Stored)>(
    );
    goes::<(Error, ErrorKind, Diagnosis, Event<'static>)>();
    goes::<(pgyer::sandbox::Builder, Sandbox, pgyer::sandbox::Seen, pgyer::sandbox::Fault)>();
}

#[test]
fn what_is_not_an_open_file_can_be_cloned() {
    fn can<T: Clone>() {}
    can::<(Client, ClientBuilder, RetryPolicy, Proxies, ApiKey, Password, UploadToken)>();
    can::<(Release, Wait, Published, Stored, BuildStatus, Event<'static>)>();
}

#[test]
fn what_was_never_a_path_is_sent_as_it_is() {
    let sandbox = crate::support::strict();
    let client = client(&sandbox);
    let hap = Package::open(data("app.hap")).unwrap();
    let key = &client.store(&hap, &UploadOptions::default()).unwrap().key;
    let password = Password::new("secret").unwrap();
    let mut file = std::fs::File::open(data("app.hsp")).unwrap();
    // Where the handle stands does not matter, nor that another file has its name.
    file.seek(SeekFrom::End(0)).unwrap();
    let hsp = Source::from_file(file, data("app.apk")).unwrap();
    client.upload_harmony_hsp(key, &hsp).unwrap();
    let p12 = Source::from_bytes("ours.p12", std::fs::read(data("cert.p12")).unwrap()).unwrap();
    assert!(format!("{p12:?}").contains(" bytes"), "none of them is shown: {p12:?}");
    client.upload_harmony_cert(key, &p12, &password).unwrap();
    let seen = sandbox.seen();
    for (sent, name, original) in
        [(&seen.hsps[0], "app.apk", "app.hsp"), (&seen.certificates[0], "ours.p12", "cert.p12")]
    {
        let content = std::fs::read(data(original)).unwrap();
        let mut crc = crc64fast::Digest::new();
        crc.write(&content);
        let expected = (name, content.len() as u64, crc.sum64());
        assert_eq!((sent.file_name.as_str(), sent.size, sent.crc64), expected);
    }
    let nothing = Source::from_bytes("empty.p12", []).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Package);
    assert!(nothing.to_string().contains("empty.p12"), "{nothing}");
    // Windows does not open folders.
    #[cfg(unix)]
    {
        let folder = std::fs::File::open(data("")).unwrap();
        assert_eq!(Source::from_file(folder, "a").unwrap_err().kind(), ErrorKind::Package);
    }
}

#[test]
fn the_user_agent_names_what_uses_the_library() {
    let sandbox = crate::support::strict();
    let key = ApiKey::new(sandbox.api_key()).unwrap();
    let builder = Client::builder().api_key(key).api_url(sandbox.api_url());
    let client = builder.add_user_agent("task/1.2").unwrap().build().unwrap();
    client.store(&Package::open(data("app.apk")).unwrap(), &UploadOptions::default()).unwrap();
    let expected = format!("pgyer/{} task/1.2", env!("CARGO_PKG_VERSION"));
    for request in &sandbox.seen().requests {
        let is_it = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("user-agent");
        let agent = request.headers.iter().find(is_it).map(|(_, value)| value.as_str());
        assert_eq!(agent, Some(expected.as_str()));
    }
    for wrong in ["", " ", "a\r\nb: c", "é"] {
        assert!(Client::builder().add_user_agent(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn clones_share_their_connections() {
    let sandbox = crate::support::strict();
    let one = client(&sandbox);
    let other = one.clone();
    for client in [&one, &other] {
        client.get_cos_token(BuildType::Ios, &Release::default()).unwrap();
    }
    assert_eq!(sandbox.seen().connections, 1);
}

#[test]
fn errors_say_whether_another_try_may_help() {
    let package = Package::open(data("app.apk")).unwrap();
    for (fault, kind, retryable) in [
        ("token:*:status=503", ErrorKind::Network, true),
        ("token:*:html", ErrorKind::Network, true),
        ("token:*:cut=head", ErrorKind::Network, true),
        ("token:*:code=1001", ErrorKind::Auth, false),
        ("storage:*:early=503,xml=SlowDown", ErrorKind::Storage, true),
        // It had all of it: a build may appear, and sending it again could make a second one.
        ("storage:*:status=503,xml=SlowDown", ErrorKind::Storage, false),
        ("storage:*:early=400,xml=RequestTimeout", ErrorKind::Storage, true),
        ("storage:*:status=403,xml=AccessDenied", ErrorKind::Storage, false),
        ("storage:*:redirect=302", ErrorKind::Network, false),
        ("poll:*:code=1216", ErrorKind::Publish, false),
    ] {
        let sandbox = faulty(&[fault]);
        let retry = RetryPolicy::default().retries(0);
        let key = ApiKey::new(sandbox.api_key()).unwrap();
        let builder = Client::builder().api_key(key).api_url(sandbox.api_url()).retry(retry);
        let error =
            builder.build().unwrap().publish(&package, &UploadOptions::default()).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{fault}: {error:?}");
    }
}

#[test]
fn whose_certificates_are_trusted_does_not_depend_on_the_order() {
    let ca = rcgen::generate_simple_self_signed(["ca.example".to_owned()]).unwrap();
    let pem = ca.cert.pem();
    let nobody = Client::builder().without_built_in_roots().build().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::Usage);
    let before = Client::builder().add_root_certificates(pem.as_bytes(), "ca").unwrap();
    assert!(before.without_built_in_roots().build().is_ok());
    let after = Client::builder().without_built_in_roots();
    assert!(after.add_root_certificates(pem.as_bytes(), "ca").unwrap().build().is_ok());
}

#[test]
fn debug_output_has_no_secrets() {
    let sandbox = crate::support::strict();
    let client = client(&sandbox);
    let token = client.get_cos_token(BuildType::Ios, &Release::default()).unwrap();
    assert!(token.expose_json().contains("q-signature="));
    let shown = format!("{client:?} {token:?} {:?}", Client::builder());
    assert!(!shown.contains(sandbox.api_key()) && !shown.contains("q-sign"), "{shown}");
}

#[test]
fn errors_keep_their_source() {
    let error = Package::open("missing.apk").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let source = error.source().unwrap().downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn the_whole_job_tells_what_happens_in_order() {
    let sandbox = sandbox(|builder| builder.polls(1));
    let told = Arc::<Mutex<Vec<&'static str>>>::default();
    let noted = Arc::clone(&told);
    let client = client(&sandbox).with_observer(move |event| {
        noted.lock().unwrap().push(match event {
            Event::Checked { .. } => "checked",
            Event::TokenReceived { .. } => "token",
            Event::Sent { sent, total, .. } if sent == total => "sent",
            Event::Stored { .. } => "stored",
            Event::Publishing { .. } => "publishing",
            Event::Published { .. } => "published",
            Event::Retry { .. } => "retry",
            _ => return,
        });
    });
    let mut upload = UploadOptions::default();
    upload.wait = Wait::default().interval(std::time::Duration::from_millis(10));
    let package = Package::open(data("app.apk")).unwrap();
    let published = client.publish(&package, &upload).unwrap();
    assert_eq!(published.build.file_size, Some(package.size() as i64));
    assert_eq!(
        *told.lock().unwrap(),
        ["checked", "token", "sent", "stored", "publishing", "published"]
    );
}
