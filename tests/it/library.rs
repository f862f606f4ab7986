//! What the library promises beside its calls.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use pgyer::sandbox::Sandbox;
use pgyer::{
    ApiKey, BuildInfo, BuildType, Client, Error, ErrorKind, Event, Package, Published, Release,
    RetryPolicy, Source, Upload, UploadToken, Wait, Waiting,
};

use crate::support::{data, sandbox};

fn client(sandbox: &Sandbox) -> Client {
    let key = ApiKey::new(sandbox.api_key()).unwrap();
    Client::builder().api_key(key).api_url(sandbox.api_url()).build().unwrap()
}

#[test]
fn everything_may_go_to_other_threads() {
    fn goes<T: Send + Sync>() {}
    goes::<(Client, Error, Package, Source, UploadToken, BuildInfo)>();
    goes::<(Release, Upload, Published, Wait, RetryPolicy, ApiKey)>();
}

#[test]
fn debug_output_has_no_secrets() {
    let sandbox = Sandbox::start().unwrap();
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
            Event::Sent { sent, total } if sent == total => "sent",
            Event::Stored { .. } => "stored",
            Event::Publishing { .. } => "publishing",
            Event::Published { .. } => "published",
            Event::Retry { .. } => "retry",
            _ => return,
        });
    });
    let mut upload = Upload::default();
    upload.wait = Waiting::Until(Wait::default().interval(std::time::Duration::from_millis(10)));
    let package = Package::open(data("app.apk")).unwrap();
    let published = client.publish(&package, &upload).unwrap();
    assert_eq!(published.build.unwrap().file_size, Some(package.size() as i64));
    assert_eq!(
        *told.lock().unwrap(),
        ["checked", "token", "sent", "stored", "publishing", "published"]
    );
}
