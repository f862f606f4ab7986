//! Tests what an upload would need, host by host. Publishes nothing.

use std::time::{Duration, Instant};

use crate::client::{Client, Failed, not_the_apis};
use crate::error::Result;
use crate::retry::is_transient;
use crate::transport::{Route, Url};
use crate::types::{BuildType, Envelope, Release, UploadToken};

/// The result of one test of [`Client::doctor`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// What was tested: "API www.pgyer.com", "API key", "storage HOST".
    pub check: String,
    /// What was found, or what is wrong.
    pub result: Result<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// What [`Client::doctor`] found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// All probes, in the order in which they were made.
    pub probes: Vec<Probe>,
    /// Whether an upload could work: one API host is enough, and the key and the storage are
    /// needed.
    pub can_upload: bool,
}

impl Client {
    /// Tests every host that an upload needs, and the API key; publishes nothing. Calls `tell` with
    /// each result as it comes in.
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client) {
    /// use pgyer::{Diagnosis, Probe};
    ///
    /// let Diagnosis { can_upload, .. } = client.doctor(|probe: &Probe| match &probe.result {
    ///     Ok(detail) => println!("{}: {detail} ({:?})", probe.check, probe.elapsed),
    ///     Err(error) => println!("{}: {}", probe.check, error.report()),
    /// });
    /// println!("{}", if can_upload { "an upload could work" } else { "an upload would fail" });
    /// # }
    /// ```
    pub fn doctor(&self, mut tell: impl FnMut(&Probe)) -> Diagnosis {
        let client = self.for_one_job();
        let mut probes = Vec::new();
        let mut note = |probe: Probe| {
            tell(&probe);
            probes.push(probe);
        };
        let mut api_answers = false;
        for url in client.api_urls() {
            let probe = examine(format!("API {}", client.redactor.clean(url.host())), || {
                client.examine_api(url)
            });
            api_answers |= probe.result.is_ok();
            note(probe);
        }
        let mut can_upload = false;
        if api_answers {
            let mut token = None;
            note(examine("API key".to_owned(), || {
                token = Some(client.get_cos_token(BuildType::Android, &Release::default())?);
                Ok("accepted".to_owned())
            }));
            if let Some(token) = token {
                let probe = examine(client.storage_name(&token), || client.examine_storage(&token));
                can_upload = probe.result.is_ok();
                note(probe);
            }
        }
        Diagnosis { probes, can_upload }
    }

    fn examine_api(&self, url: &Url) -> Result<String> {
        let action = format!("reach {}", self.redactor.clean(url.host()));
        // No retries here: another host may work.
        let route = self.route(url, &action)?;
        self.with_retries(&action, || self.probe(url, &action))?;
        Ok(describe(&route))
    }

    /// Without a key the API answers 1001; a login page does not.
    fn probe(&self, url: &Url, action: &str) -> Result<(), Box<Failed>> {
        let answer = self.get(url).map_err(|failure| {
            let may_retry = failure.is_retryable();
            Failed::local(failure.into_error(action), may_retry, None)
        })?;
        match Envelope::parse(answer.status, &answer.body) {
            Some(_) if answer.status < 500 && !answer.is_redirect() => Ok(()),
            _ => Err(Failed::local(
                not_the_apis(action, &answer, url, &self.redactor),
                is_transient(answer.status),
                answer.retry_after(),
            )),
        }
    }

    fn examine_storage(&self, token: &UploadToken) -> Result<String> {
        let url = self.usable_endpoint(token, "use the endpoint in the token")?;
        let action = format!("reach the storage {}", self.redactor.clean(url.host()));
        self.route(&url, &action).map(|route| describe(&route))
    }

    fn route(&self, url: &Url, action: &str) -> Result<Route> {
        let route = self.shared.transport.connect(url, &self.stop);
        route.map_err(|failure| {
            failure.without_secret_host(url.host(), &self.redactor).into_error(action)
        })
    }

    fn storage_name(&self, token: &UploadToken) -> String {
        match Url::parse(token.endpoint()) {
            Ok(url) => format!("storage {}", self.redactor.clean(url.host())),
            Err(_) => "storage".to_owned(),
        }
    }
}

fn examine(check: String, test: impl FnOnce() -> Result<String>) -> Probe {
    let began = Instant::now();
    let result = test();
    Probe { check, result, elapsed: began.elapsed() }
}

/// `192.0.2.7:443, certificate by "…"`
fn describe(route: &Route) -> String {
    let mut parts = Vec::new();
    match (&route.proxy, route.address) {
        (Some(proxy), _) => parts.push(format!("through the proxy {proxy}")),
        (None, Some(address)) => parts.push(address.to_string()),
        (None, None) => parts.push("connected".to_owned()),
    }
    if let Some(issuer) = &route.issuer {
        parts.push(format!("certificate by \"{issuer}\""));
    }
    parts.join(", ")
}
