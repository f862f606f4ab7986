//! One function for each command: what was asked for, done with the library, as reports.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use pgyer::{
    BuildType, Client, Error, Event, Package, Password, Proxies, Release, Result, Source,
    UploadOptions, UploadToken,
};

use crate::args::{self, Action, Command, Format, Input, Network, When};
use crate::inputs::{self, Inputs};
use crate::output::{self, Report, ReportKind, operand};
use crate::progress::Screen;
use crate::qr;

/// One run of the program.
pub(crate) struct Run<'a> {
    pub(crate) command: &'a Command,
    pub(crate) screen: &'a Screen,
    pub(crate) began: Instant,
}

/// How one FILE or KEY ended.
struct Ended {
    file: Option<String>,
    key: Option<String>,
    result: Result<Done>,
}

/// What there is to show for it.
struct Done {
    text: String,
    /// The install page, for a QR code.
    page: Option<String>,
}

impl Done {
    fn new(report: &Report, format: Format) -> Self {
        Self { text: report.render(format), page: report.install_page() }
    }
}

impl Run<'_> {
    /// Does what was asked for, and returns the exit code. An error here is one of the command
    /// line, the environment or the configuration; one of a FILE or KEY has been reported.
    pub(crate) fn run(&self) -> Result<u8> {
        match &self.command.action {
            Action::Upload(upload) => self.upload(upload),
            Action::Status(status) => self.status(status),
            Action::Token(token) => self.token(token),
            Action::Put(put) => self.put(put),
            Action::HarmonyCert { key, file, password } => self.harmony_cert(key, file, password),
            Action::HarmonyHsp { key, files } => self.harmony_hsp(key, files),
            Action::Check { files } => self.each(files, 1, |_, file| self.check(file)),
            Action::Doctor => self.doctor(),
            Action::Sandbox(sandbox) => self.sandbox(sandbox),
        }
    }

    fn format(&self) -> Format {
        self.command.output.format
    }

    fn qr(&self) -> When {
        match &self.command.action {
            Action::Upload(upload) => upload.qr,
            Action::Status(status) => status.qr,
            _ => When::Never,
        }
    }

    /// What is being done before a file is on its way.
    fn doing(&self) -> &'static str {
        match self.command.action {
            Action::Doctor => "testing",
            Action::Status(_) => "asking",
            _ => "starting",
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let timeout = self.command.network.timeout?;
        self.began.checked_add(timeout)
    }

    fn inputs(&self) -> Inputs {
        Inputs { until: self.deadline() }
    }

    fn client(&self) -> Result<Client> {
        let network = &self.command.network;
        let mut builder = Client::builder()
            .allow_insecure_http(network.insecure_http)
            .proxies(proxies(network)?)
            .retry(network.retry.clone());
        if let Some(file) = inputs::variable("SSL_CERT_FILE").map(PathBuf::from) {
            let pem = self.inputs().read(&Input::File(file))?;
            builder =
                builder.without_built_in_roots().add_root_certificates(&pem, "SSL_CERT_FILE")?;
        }
        if let Some(file) = &network.ca_file {
            let pem = self.inputs().read(&Input::File(file.clone()))?;
            builder = builder.add_root_certificates(&pem, &file.display().to_string())?;
        }
        let is_put = matches!(self.command.action, Action::Put(_));
        // put needs no key and sends none, but a file that an option names has to be right.
        if !is_put || network.api_key_file.is_some() {
            let key = self.inputs().api_key(network.api_key_file.as_ref())?;
            if let (Some(key), false) = (key, is_put) {
                builder = builder.api_key(key);
            }
        }
        if let Some(url) = &network.api_url {
            builder = builder.api_url(url);
        }
        if let Some(timeout) = network.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(timeout) = network.stall_timeout {
            builder = builder.stall_timeout(timeout);
        }
        for pin in &network.resolve {
            builder = builder.resolve(&pin.host, pin.port, pin.ip);
        }
        let client = builder.build()?;
        Ok(self.deadline().map_or(client.clone(), |deadline| client.with_deadline(deadline)))
    }

    /// Tries every file, `jobs` at a time, and reports each as soon as the order of the arguments
    /// allows. The exit code is that of the first in that order that failed.
    fn each(
        &self,
        files: &[PathBuf],
        jobs: usize,
        work: impl Fn(usize, &Path) -> Ended + Sync,
    ) -> Result<u8> {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 1..jobs.min(files.len()) {
                let (sender, next, work) = (sender.clone(), &next, &work);
                scope.spawn(move || take_turns(files, next, work, &sender));
            }
            let reports = scope.spawn(move || self.report_in_order(receiver));
            take_turns(files, &next, &work, &sender);
            drop(sender);
            reports.join().unwrap_or(Ok(1))
        })
    }

    fn report_in_order(&self, ended: mpsc::Receiver<(usize, Ended)>) -> Result<u8> {
        let mut waiting = std::collections::BTreeMap::new();
        let mut turn = 0;
        let mut outcome = Ok(0);
        for (at, result) in ended {
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&turn) {
                turn = turn.saturating_add(1);
                let next = self.report(result);
                if matches!(outcome, Ok(0)) {
                    outcome = next;
                } else if let Err(error) = next {
                    self.screen.error(&error.report());
                }
            }
        }
        outcome
    }

    /// Writes what became of one FILE or KEY, and returns its exit code.
    fn report(&self, ended: Ended) -> Result<u8> {
        let Ended { file, key, result } = ended;
        match result {
            Ok(done) => {
                self.screen.aside(|| output::print(&done.text))?;
                if let Some(page) = &done.page {
                    qr::show(self.screen, self.qr(), page);
                }
                Ok(0)
            }
            Err(error) => {
                let message = error.report();
                let prefix = match file.as_ref().or(key.as_ref()) {
                    Some(name) if !message.contains(name.as_str()) => format!("{name}: "),
                    _ => String::new(),
                };
                self.screen.error(&format!("{prefix}{message}"));
                let format = self.format();
                let failure = output::failure(format, file.as_deref(), key.as_deref(), &error);
                if let Err(unwritten) = self.screen.aside(|| output::print(&failure)) {
                    self.screen.error(&unwritten.report());
                }
                Ok(error.kind().exit_code())
            }
        }
    }

    fn check(&self, file: &Path) -> Ended {
        let result = Package::open(file).map(|package| {
            let mut report = Report::new(ReportKind::Check);
            describe(&mut report, &package);
            for warning in package.warnings() {
                self.screen.warning(&format!("{}: {warning}", operand(file)));
            }
            report.warnings = package.warnings().to_vec();
            Done::new(&report, self.format())
        });
        Ended { file: Some(operand(file)), key: None, result }
    }

    fn upload(&self, upload: &args::Upload) -> Result<u8> {
        let release = self.inputs().release(&upload.release)?;
        let p12_password = upload
            .certificate
            .as_ref()
            .map(|p12| self.inputs().password(&p12.password))
            .transpose()?;
        let client = self.client()?;
        self.each(&upload.files, upload.jobs, |at, file| {
            let job = Job::new(self, &client, at, file);
            let result = if upload.legacy {
                job.legacy(file, upload, &release)
            } else {
                job.publish(file, upload, &release, p12_password.as_ref())
            };
            let result = result.map(|report| Done::new(&report, self.format()));
            Ended { file: Some(operand(file)), key: job.key(), result }
        })
    }

    fn status(&self, status: &args::Status) -> Result<u8> {
        let client = self.client()?;
        let job = Job::new(self, &client, 0, Path::new(&status.key));
        let key = &status.key;
        let build = if let Some(wait) = &status.wait {
            job.client.wait(key, wait)
        } else {
            job.client.build_info(key).and_then(|status| status.published(key))
        };
        let result = build.map(|build| {
            let mut report = Report::new(ReportKind::Build);
            report.key = Some(key.clone());
            report.build = Some(build);
            Done::new(&report, self.format())
        });
        drop(job);
        self.report(Ended { file: None, key: Some(key.clone()), result })
    }

    fn token(&self, token: &args::Token) -> Result<u8> {
        let release = self.inputs().release(&token.release)?;
        let client = self.client()?;
        let file = token.file.as_deref();
        let job = Job::new(self, &client, 0, file.unwrap_or(Path::new("token")));
        let build_type = match file {
            Some(file) => open(file, token.release.build_type, token.check).map(|package| {
                for warning in package.warnings() {
                    self.screen.warning(&format!("{}: {warning}", operand(file)));
                }
                package.build_type()
            }),
            None => token.release.build_type.ok_or_else(|| inputs::usage("there is no type")),
        };
        let result = build_type
            .and_then(|build_type| job.client.get_cos_token(build_type, &release))
            .map(|token| output::escape_controls(&format!("{}\n", token.expose_json())))
            .map(|text| Done { text, page: None });
        drop(job);
        self.report(Ended { file: file.map(operand), key: None, result })
    }

    fn put(&self, put: &args::Put) -> Result<u8> {
        let token = UploadToken::from_json(&self.inputs().read_text(&put.token)?)?;
        let client = self.client()?;
        let job = Job::new(self, &client, 0, &put.file);
        let result = open(&put.file, put.build_type, put.check).and_then(|package| {
            let began = Instant::now();
            let package = named(package, put.file_name.as_deref());
            job.client.put(&token, &package)?;
            let mut report = Report::new(ReportKind::Stored);
            describe(&mut report, &package);
            report.key = Some(token.key().to_owned());
            report.upload_time = Some(began.elapsed());
            Ok(Done::new(&report, self.format()))
        });
        drop(job);
        // A token that can't be used is a wrong file of an option, like one that is none.
        if let Err(error @ Error::Usage { .. }) = result {
            return Err(error);
        }
        let key = Some(token.key().to_owned());
        self.report(Ended { file: Some(operand(&put.file)), key, result })
    }

    fn harmony_cert(&self, key: &str, file: &Path, password: &args::Secret) -> Result<u8> {
        let password = self.inputs().password(password)?;
        let client = self.client()?;
        let job = Job::new(self, &client, 0, file);
        let ended =
            job.attach(key, file, |p12| job.client.upload_harmony_cert(key, p12, &password));
        drop(job);
        self.report(ended)
    }

    fn harmony_hsp(&self, key: &str, files: &[PathBuf]) -> Result<u8> {
        let client = self.client()?;
        self.each(files, 1, |at, file| {
            let job = Job::new(self, &client, at, file);
            job.attach(key, file, |hsp| job.client.upload_harmony_hsp(key, hsp))
        })
    }

    fn doctor(&self) -> Result<u8> {
        let client = self.client()?;
        let mut unwritten = None;
        let job = Job::new(self, &client, 0, Path::new("doctor"));
        let diagnosis = job.client.doctor(|probe| {
            let text = output::probe(self.format(), probe);
            unwritten = self.screen.aside(|| output::print(&text)).err();
        });
        drop(job);
        if let Some(error) = unwritten {
            return Err(error);
        }
        let failed = diagnosis.probes.iter().find_map(|probe| probe.result.as_ref().err());
        let (verdict, code) = match failed {
            Some(error) if !diagnosis.can_upload => {
                ("an upload would fail", error.kind().exit_code())
            }
            _ => ("an upload could work", 0),
        };
        match self.format() {
            Format::Text => output::print(&format!("{verdict}\n"))?,
            _ => self.screen.note(verdict),
        }
        Ok(code)
    }

    #[cfg(feature = "sandbox")]
    fn sandbox(&self, sandbox: &args::Sandbox) -> Result<u8> {
        crate::sandbox::run(sandbox, self.screen)
    }

    #[cfg(not(feature = "sandbox"))]
    fn sandbox(&self, _: &args::Sandbox) -> Result<u8> {
        Err(inputs::usage("this program was built without the sandbox"))
    }
}

fn take_turns(
    files: &[PathBuf],
    next: &AtomicUsize,
    work: &impl Fn(usize, &Path) -> Ended,
    sender: &mpsc::Sender<(usize, Ended)>,
) {
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(file) = files.get(at) else { return };
        if sender.send((at, work(at, file))).is_err() {
            return;
        }
    }
}

/// One FILE or KEY while it is being worked on.
struct Job {
    client: Client,
    format: Format,
    key: Arc<Mutex<Option<String>>>,
}

impl Job {
    fn new(run: &Run<'_>, client: &Client, number: usize, file: &Path) -> Self {
        let name = file.file_name().map_or(file.as_os_str(), |name| name);
        // It ends with the client that it observes.
        let progress = run.screen.begin(number, &name.to_string_lossy(), run.doing());
        if !matches!(run.command.action, Action::Put(_)) {
            // put may still find that its token is none.
            progress.start();
        }
        let key = Arc::<Mutex<Option<String>>>::default();
        let noted = Arc::clone(&key);
        let client = client.with_observer(move |event| {
            if let Event::TokenReceived { key, .. } = event {
                if let Ok(mut noted) = noted.lock() {
                    *noted = Some((*key).to_owned());
                }
            }
            progress.observe(event);
        });
        Self { client, format: run.format(), key }
    }

    /// The key of step one, once there is one.
    fn key(&self) -> Option<String> {
        self.key.lock().map_or(None, |key| key.clone())
    }

    fn publish(
        &self,
        file: &Path,
        upload: &args::Upload,
        release: &Release,
        p12_password: Option<&Password>,
    ) -> Result<Report> {
        let package = open(file, upload.release.build_type, upload.check)?;
        let package = named(package, upload.file_name.as_deref());
        let mut options = UploadOptions::default();
        options.release = release.clone();
        options.hsps = upload.hsps.iter().map(Source::open).collect::<Result<_>>()?;
        if let (Some(p12), Some(password)) = (&upload.certificate, p12_password) {
            options.p12 = Some((Source::open(&p12.file)?, password.clone()));
        }
        let kind = if upload.wait.is_some() { ReportKind::Build } else { ReportKind::Stored };
        let mut report = Report::new(kind);
        describe(&mut report, &package);
        if let Some(wait) = &upload.wait {
            options.wait = wait.clone();
            let published = self.client.publish(&package, &options)?;
            report.key = Some(published.key);
            report.build = Some(published.build);
            report.upload_time = Some(published.upload_time);
            report.publish_time = Some(published.publish_time);
        } else {
            let stored = self.client.store(&package, &options)?;
            report.key = Some(stored.key);
            report.upload_time = Some(stored.upload_time);
        }
        Ok(report)
    }

    fn legacy(&self, file: &Path, upload: &args::Upload, release: &Release) -> Result<Report> {
        let package = named(open(file, None, upload.check)?, upload.file_name.as_deref());
        let began = Instant::now();
        let build = self.client.upload_legacy(&package, release)?;
        let mut report = Report::new(ReportKind::Build);
        describe(&mut report, &package);
        report.build = Some(build);
        report.upload_time = Some(began.elapsed());
        Ok(report)
    }

    /// Sends a certificate or an HSP.
    fn attach(&self, key: &str, file: &Path, send: impl FnOnce(&Source) -> Result<()>) -> Ended {
        let result = Source::open(file).and_then(|source| {
            send(&source)?;
            let mut report = Report::new(ReportKind::Attachment);
            report.file = Some(operand(file));
            report.size = Some(source.size());
            report.key = Some(key.to_owned());
            Ok(report)
        });
        let format = self.format;
        Ended {
            file: Some(operand(file)),
            key: Some(key.to_owned()),
            result: result.map(|report| Done::new(&report, format)),
        }
    }
}

fn describe(report: &mut Report, package: &Package) {
    report.file = Some(operand(package.path()));
    report.size = Some(package.size());
    report.build_type = Some(package.build_type());
}

fn open(file: &Path, build_type: Option<BuildType>, check: bool) -> Result<Package> {
    match (check, build_type) {
        (false, build_type) => Package::open_unchecked(file, build_type),
        (true, Some(build_type)) => Package::open_as(file, build_type),
        (true, None) => Package::open(file),
    }
}

fn named(package: Package, file_name: Option<&str>) -> Package {
    match file_name {
        Some(name) => package.sent_as(name),
        None => package,
    }
}

fn proxies(network: &Network) -> Result<Proxies> {
    match &network.proxy {
        Some(proxy) => Proxies::from_env().with_proxy(proxy),
        None => Ok(Proxies::from_env()),
    }
}
