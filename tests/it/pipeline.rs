//! Several files: what is stored waits for its publishing beside the next upload.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use pgyer::sandbox::{Builder, Endpoint, Sandbox};
use pgyer::{ApiKey, Client, Error, Package, UploadOptions};

use crate::support::{Ran, builder, data, pgyer, program_for, run, words};

/// The endpoints that were asked so far.
#[derive(Default)]
struct Asked {
    endpoints: Mutex<Vec<Endpoint>>,
    changed: Condvar,
}

impl Asked {
    fn note(&self, endpoint: Endpoint) {
        self.endpoints.lock().unwrap().push(endpoint);
        self.changed.notify_all();
    }

    /// Waits until the storage has been asked so often. Returns also if that does not come: then
    /// the order of the requests says so.
    fn wait_for_uploads(&self, uploads: usize) {
        let is_missing = |asked: &mut Vec<Endpoint>| {
            asked.iter().filter(|endpoint| **endpoint == Endpoint::Storage).count() < uploads
        };
        let asked = self.endpoints.lock().unwrap();
        let limit = Duration::from_secs(20);
        drop(self.changed.wait_timeout_while(asked, limit, is_missing).unwrap());
    }
}

/// A sandbox that answers no poll before so many files have been uploaded.
fn patient(uploads: usize, settings: Builder) -> (Sandbox, Arc<Asked>) {
    let asked = Arc::<Asked>::default();
    let noted = Arc::clone(&asked);
    let sandbox = settings.on_request(move |request| {
        let Some(endpoint) = request.endpoint else { return };
        if endpoint == Endpoint::Poll {
            noted.wait_for_uploads(uploads);
        }
        noted.note(endpoint);
    });
    (sandbox.start().unwrap(), asked)
}

const FOUR: &str = "app.apk app.ipa app.hap app.apk";

fn files(ran: &Ran) -> Vec<String> {
    ran.json().iter().map(|line| line["file"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_next_upload_does_not_wait_for_a_publishing() {
    let (sandbox, asked) = patient(4, builder([]).polls(3));
    let ran = pgyer(&sandbox, &format!("upload --json --jobs=1 -q {FOUR}")).expect(0);
    assert_eq!(files(&ran).join(" "), FOUR);
    assert_eq!(ran.stderr, "");
    let asked = asked.endpoints.lock().unwrap();
    // One at a time: no token is asked for before the file of the last one is stored.
    let uploads = [Endpoint::Token, Endpoint::Storage].repeat(4);
    assert_eq!(asked[..8], uploads, "{asked:?}");
    assert_eq!(asked[8..], [Endpoint::Poll; 4 * 4], "{asked:?}");
}

#[test]
fn a_failure_stops_no_other_file_and_the_first_in_order_counts() {
    let refused = ["storage:2:status=403,xml=AccessDenied", "poll:*:code=1216"];
    let (sandbox, _) = patient(4, builder(refused));
    let files = "app.apk app.ipa app.hap app.apk";
    let ran = pgyer(&sandbox, &format!("upload --json --jobs=1 {files}")).expect(8);
    let json = ran.json();
    let kinds: Vec<_> = json.iter().map(|line| line["error"]["kind"].as_str().unwrap()).collect();
    // The second was refused long before the first could not be published.
    assert_eq!(kinds, ["publish", "storage", "publish", "publish"], "{json:#?}");
}

#[test]
fn one_deadline_is_for_all_files() {
    let (sandbox, _) = patient(4, builder(["poll:*:stall=done"]));
    let mut command = program_for(&sandbox);
    let line = format!("upload --json --jobs=1 --timeout=5s {FOUR}");
    let ran = run(command.current_dir(data("")), words(&line)).expect(9);
    assert!(ran.elapsed < Duration::from_secs(9), "{ran:#?}");
    let json = ran.json();
    assert!(json.iter().all(|line| line["error"]["kind"] == "pending"), "{json:#?}");
    assert_eq!(files(&ran).join(" "), FOUR);
}

#[test]
fn the_library_takes_many_packages() {
    let (sandbox, _) = patient(3, builder(["storage:2:status=403,xml=AccessDenied"]));
    let key = ApiKey::new(sandbox.api_key()).unwrap();
    let client = Client::builder().api_key(key).api_url(sandbox.api_url()).build().unwrap();
    let names = ["app.apk", "app.ipa", "app.hap"];
    let packages = names.map(|name| Package::open(data(name)).unwrap());
    let mut options = UploadOptions::default();
    options.wait = options.wait.interval(Duration::from_millis(10));
    let mut reported = Vec::new();
    client.publish_all(&packages, &options, 1, |package, result| {
        let ended = match result {
            Ok(published) => !published.key.is_empty(),
            Err(error) => !matches!(error, Error::Storage { .. }),
        };
        reported.push((package.file_name(), ended));
    });
    let expected = [("app.apk", true), ("app.ipa", false), ("app.hap", true)];
    assert_eq!(reported, expected.map(|(name, ended)| (name.into(), ended)));
}
