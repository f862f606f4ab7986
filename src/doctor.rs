//! What an upload would need, tested host by host. Publishes nothing.

use std::time::{Duration, Instant};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::transport::{Route, Url};
use crate::types::{BuildType, Envelope, Release, UploadToken};

/// One thing that was tested.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finding {
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
    /// All findings, in the order in which they were made.
    pub findings: Vec<Finding>,
    /// Whether an upload could work: one API host is enough, and the key and the storage are
    /// needed.
    pub can_upload: bool,
}

impl Client {
    /// Tests every host that an upload needs, and the API key. `tell` is called with each finding
    /// as it is made.
    ///
    /// ```no_run
    /// # let client = pgyer::Client::builder().build()?;
    /// let diagnosis = client.doctor(|finding| match &finding.result {
    ///     Ok(detail) => println!("{}: {detail}", finding.check),
    ///     Err(error) => println!("{}: {}", finding.check, error.report()),
    /// });
    /// assert!(diagnosis.can_upload);
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn doctor(&self, mut tell: impl FnMut(&Finding)) -> Diagnosis {
        let mut findings = Vec::new();
        let mut note = |finding: Finding| {
            tell(&finding);
            findings.push(finding);
        };
        let mut api_answers = false;
        for url in self.api_urls() {
            let finding = examine(format!("API {}", url.host()), || self.examine_api(url));
            api_answers |= finding.result.is_ok();
            note(finding);
        }
        let mut can_upload = false;
        if api_answers {
            let mut token = None;
            note(examine("API key".to_owned(), || {
                token = Some(self.get_cos_token(BuildType::Android, &Release::default())?);
                Ok("Pgyer accepts it".to_owned())
            }));
            if let Some(token) = token {
                let finding = examine(storage_name(&token), || self.examine_storage(&token));
                can_upload = finding.result.is_ok();
                note(finding);
            }
        }
        Diagnosis { findings, can_upload }
    }

    fn examine_api(&self, url: &Url) -> Result<String> {
        let action = format!("reach {}", url.host());
        let route = self.route(url, &action)?;
        // Without a key it is answered with 1001: enough to tell the API from a login page.
        let answer = self.get(url).map_err(|lost| lost.failure.into_error(&action))?;
        match Envelope::parse(&answer.body) {
            Some(_) if answer.status < 500 && !(300..400).contains(&answer.status) => {
                Ok(format!("{}; it answers as the API", describe(&route)))
            }
            _ => Err(crate::client::not_the_apis(&action, &answer, url, &self.redactor)),
        }
    }

    fn examine_storage(&self, token: &UploadToken) -> Result<String> {
        let url = self.endpoint(token).map_err(|problem| Error::Unusable {
            action: "use the endpoint in the token".to_owned(),
            problem,
        })?;
        self.route(&url, &format!("reach the storage {}", url.host())).map(|route| describe(&route))
    }

    fn route(&self, url: &Url, action: &str) -> Result<Route> {
        let route = self.shared.transport.connect(url, self.deadline);
        route.map_err(|failure| failure.into_error(action))
    }
}

fn examine(check: String, test: impl FnOnce() -> Result<String>) -> Finding {
    let began = Instant::now();
    let result = test();
    Finding { check, result, elapsed: began.elapsed() }
}

fn storage_name(token: &UploadToken) -> String {
    match Url::parse(token.endpoint()) {
        Ok(url) => format!("storage {}", url.host()),
        Err(_) => "storage".to_owned(),
    }
}

/// "1.2.3.4:443, by way of the proxy …, certificate issued by …"
fn describe(route: &Route) -> String {
    let mut parts = Vec::new();
    match (&route.proxy, route.address) {
        (Some(proxy), _) => parts.push(format!("connected by way of the proxy {proxy}")),
        (None, Some(address)) => parts.push(format!("connected to {address}")),
        (None, None) => parts.push("connected".to_owned()),
    }
    if let Some(issuer) = &route.issuer {
        parts.push(format!("certificate issued by \"{issuer}\""));
    }
    parts.join(", ")
}
