//! The same of the library: nothing that can be printed has a secret in it.

use std::error::Error as _;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pgyer::{
    ApiKey, BuildType, Client, Error, Event, InstallType, Package, Password, Proxies, Release,
    RetryPolicy, Source, UploadOptions, UploadToken, Wait,
};

use super::echo::{Echo, Manner, Step, token_json};
use super::markers::{found_in, has_api_key, secret, spelled};
use super::{TASKS, manners};
use crate::support::{data, for_each};

/// What was printed.
#[derive(Clone, Default)]
struct Printed {
    text: Arc<Mutex<String>>,
    /// What the service said: data, which loses the API key and what is called a password alone.
    results: Arc<Mutex<String>>,
}

impl Printed {
    fn note(&self, text: &str) {
        self.text.lock().unwrap().push_str(&format!("{text}\n"));
    }

    fn debug(&self, value: &impl Debug) {
        self.note(&format!("{value:?} {value:#?}"));
    }

    /// An error in every way in which it can be, with its causes.
    fn error(&self, error: &Error) {
        self.debug(error);
        self.note(&format!("{error} {error:#} {} {:?}", error.report(), error.advice()));
        let mut cause = error.source();
        while let Some(source) = cause {
            self.note(&format!("{source} {source:?} {source:#?}"));
            cause = source.source();
        }
    }

    fn result<T: Debug>(&self, result: &Result<T, Error>) {
        match result {
            Ok(value) => self.results.lock().unwrap().push_str(&format!("{value:?} {value:#?}\n")),
            Err(error) => self.error(error),
        }
    }
}

fn key() -> ApiKey {
    ApiKey::new(secret("key.config-file")).unwrap()
}

fn proxies() -> Proxies {
    let url = |slot: &str| format!("http://u:{}@127.0.0.1:1", spelled::percent(&secret(slot)));
    let variable = |name: &str| match name {
        "HTTP_PROXY" => Some(url("proxy.http")),
        "ALL_PROXY" => Some(url("proxy.all")),
        _ => None,
    };
    Proxies::from_variables(variable).with_proxy(&url("proxy.https")).unwrap()
}

fn client(echo: &Echo, run: &str, printed: &Printed) -> Client {
    let builder = Client::builder()
        .api_key(key())
        .api_url(format!("http://127.0.0.1:{}/{run}/apiv2", echo.port()))
        .proxies(proxies())
        .connect_timeout(Duration::from_millis(500))
        .retry(RetryPolicy::default().retries(1).delay(Duration::from_millis(1)));
    printed.debug(&builder);
    let (client, told) = (builder.build().unwrap(), printed.clone());
    let client = client.with_observer(move |event| match event {
        Event::Published { build, .. } => told.result(&Ok(build)),
        event => told.debug(event),
    });
    printed.debug(&client);
    client
}

fn release() -> Release {
    let mut release = Release::default();
    let password = Password::new(secret("install.file")).unwrap();
    release.install_type = Some(InstallType::Password(password));
    release
}

fn upload() -> UploadOptions {
    let mut upload = UploadOptions::default();
    upload.release = release();
    upload.hsps = vec![Source::open(data("app.hsp")).unwrap()];
    let p12 = Source::open(data("cert.p12")).unwrap();
    upload.p12 = Some((p12, Password::new(secret("p12.file")).unwrap()));
    upload.wait = wait();
    upload
}

fn wait() -> Wait {
    Wait::default().timeout(Duration::from_millis(40)).interval(Duration::from_millis(5))
}

/// Calls everything that has to do with a step.
fn call(client: &Client, echo: &Echo, run: &str, step: Step, printed: &Printed) {
    let hap = Package::open(data("app.hap")).unwrap();
    printed.debug(&(&hap, upload()));
    match step {
        Step::Probe => {
            let diagnosis = client.doctor(|finding| printed.debug(finding));
            diagnosis.probes.iter().for_each(|probe| printed.result(&probe.result));
        }
        Step::Token => printed.result(&client.get_cos_token(BuildType::Ios, &release())),
        Step::Storage => {
            let endpoint = format!("http://127.0.0.1:{}/{run}/storage/?sign=", echo.port());
            let json = token_json(&(endpoint + &secret("given.security-token")), "given");
            let token = UploadToken::from_json(&json).unwrap();
            printed.debug(&token);
            printed.result(&client.put(&token, &hap));
        }
        Step::Poll => {
            printed.result(&client.build_info("k"));
            printed.result(&client.wait("k", &wait()));
        }
        Step::Cert => {
            let (p12, password) = upload().p12.unwrap();
            printed.result(&client.upload_harmony_cert("k", &p12, &password));
        }
        Step::Hsp => printed.result(&client.upload_harmony_hsp("k", &upload().hsps[0])),
        Step::Legacy => {
            let apk = Package::open(data("app.apk")).unwrap();
            let mut options = UploadOptions::default();
            options.release = release();
            printed.result(&client.upload_legacy(&apk, &options));
        }
    }
}

#[test]
fn nothing_that_can_be_printed_has_a_secret_in_it() {
    let echo = Echo::start();
    let mut steps: Vec<Step> = TASKS.iter().flat_map(|task| task.steps).copied().collect();
    steps.dedup();
    let runs: Vec<(Step, Option<Manner>)> = steps
        .into_iter()
        .flat_map(|step| {
            let failures = manners(step).into_iter().map(Some);
            failures.chain([None]).map(move |manner| (step, manner))
        })
        .collect();
    for_each(&runs, |number, (step, manner)| {
        for job in ["part", "all"] {
            let (run, printed) = (format!("{number}-{job}"), Printed::default());
            echo.prepare(&run, *step, *manner);
            let client = client(&echo, &run, &printed);
            match job {
                "part" => call(&client, &echo, &run, *step, &printed),
                _ => {
                    let hap = Package::open(data("app.hap")).unwrap();
                    printed.result(&client.publish(&hap, &upload()));
                }
            }
            let text = printed.text.lock().unwrap();
            let name = manner.map_or("well", |(name, _)| name);
            let lines: Vec<&str> = text.lines().filter(|line| !found_in(line).is_empty()).collect();
            assert!(lines.is_empty(), "{step:?}, {name}, {job}: {:?} {lines:#?}", found_in(&text));
            let results = printed.results.lock().unwrap();
            assert!(!has_api_key(&results, str::to_owned), "{step:?}, {name}, {job}: {results}");
            let knows = !echo.told(&run).is_empty();
            assert!(knows || *step == Step::Probe, "{step:?}, {name}");
        }
    });
}
