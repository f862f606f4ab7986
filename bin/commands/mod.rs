//! One function for each command: does what was asked for with the library, and reports it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pgyer::{ApiKey, Client, Error, Result, Source, Turn};

use crate::args::{self, Action, Command, Format, Qr};
use crate::inputs::{self, Inputs, P12_PASSWORD};
use crate::observed::Job;
use crate::output::{self, Report, ReportKind, operand};
use crate::progress::Screen;
use crate::{client, qr};

mod package;

/// Does what a command line asks for, and returns the exit code. An error is always about the
/// command line, the environment or the configuration; failures of a FILE or KEY have been reported
/// by then.
pub(crate) fn run(command: &Command, screen: &Screen, began: Instant) -> Result<u8> {
    let run = Run { command, screen, began };
    match &command.action {
        Action::Upload(upload) => run.upload(upload),
        Action::Status(status) => run.status(status),
        Action::Token(token) => run.token(token),
        Action::Put(put) => run.put(put),
        Action::HarmonyCert { key, file, password } => run.harmony_cert(key, file, password),
        Action::HarmonyHsp { key, files } => run.harmony_hsp(key, files),
        Action::Check(check) => Ok(run.check(check)),
        Action::Doctor => run.doctor(),
        Action::Sandbox(sandbox) => run.sandbox(sandbox),
    }
}

/// Says in plain text, whatever the format, why nothing was done or written, and returns the exit
/// code.
pub(crate) fn fail(screen: &Screen, format: Format, message: &str, code: u8) -> u8 {
    screen.error(message);
    if format == Format::Env {
        // If standard output can't be written, the exit code still says it.
        let _ = output::print(&output::exit_line(code));
    }
    code
}

/// One run of the program.
struct Run<'a> {
    command: &'a Command,
    screen: &'a Screen,
    began: Instant,
}

/// The outcome for one FILE or KEY.
struct Outcome {
    file: Option<String>,
    key: Option<String>,
    result: Result<Report>,
}

impl Run<'_> {
    fn format(&self) -> Format {
        self.command.output.format
    }

    /// Counted from the start of the program, so that reading files and pipes counts too.
    fn deadline(&self) -> Option<Instant> {
        self.began.checked_add(self.command.network.timeout?)
    }

    fn inputs(&self) -> Inputs {
        Inputs { until: self.deadline() }
    }

    fn client(&self) -> Result<Client> {
        let key = self.inputs().api_key(self.command.network.api_key_file.as_ref())?;
        self.client_with(key)
    }

    fn client_with(&self, key: Option<ApiKey>) -> Result<Client> {
        client::build(&self.command.network, key, self.deadline())
    }

    /// Tries every file, `jobs` at a time, and returns the exit code of the first that failed, in
    /// the order of the arguments.
    fn each(
        &self,
        files: &[PathBuf],
        jobs: usize,
        qr: &Qr,
        work: impl Fn(usize, &PathBuf, &Turn<'_>) -> Outcome + Sync,
    ) -> u8 {
        let (mut code, mut rows) = (0, Vec::new());
        pgyer::pipeline(files, jobs, work, |outcome| {
            rows.push(output::row(outcome.file.as_deref().unwrap_or_default(), &outcome.result));
            let next = self.report(outcome, qr);
            if code == 0 {
                code = next;
            }
        });
        self.sum_up(&rows);
        code
    }

    /// Ends the upload of several files with a table. If it can't be written, nothing is lost: each
    /// result has been.
    fn sum_up(&self, rows: &[output::Row]) {
        let is_upload = matches!(self.command.action, Action::Upload(_));
        if is_upload && rows.len() > 1 && self.format() == Format::Text {
            let _ = self.screen.aside(|| output::print(&format!("\n{}", output::files(rows))));
        }
    }

    /// Writes what became of one FILE or KEY, and returns its exit code.
    fn report(&self, outcome: Outcome, qr: &Qr) -> u8 {
        let Outcome { file, key, result } = outcome;
        let name = file.as_deref().or(key.as_deref()).unwrap_or_default();
        match result {
            Ok(report) => self.report_success(name, &report, qr),
            Err(error) => {
                let prefix = match &file {
                    Some(file) if !file.is_empty() && !is_about(&error, file) => {
                        format!("{file}: ")
                    }
                    _ => String::new(),
                };
                self.screen.error(&(prefix + &error.report()));
                let failure =
                    output::failure(self.format(), file.as_deref(), key.as_deref(), &error);
                if let Err(unwritten) = self.screen.aside(|| output::print(&failure)) {
                    self.screen.error(&unwritten.report());
                }
                error.kind().exit_code()
            }
        }
    }

    fn report_success(&self, name: &str, report: &Report, qr: &Qr) -> u8 {
        let unwritten = |error: &Error, achieved: &str| {
            let message = format!("{name}: {}{achieved}", error.report());
            fail(self.screen, self.format(), &message, error.kind().exit_code())
        };
        let text = report.render(self.format());
        if let Err(error) = self.screen.aside(|| output::print(&text)) {
            // Otherwise nobody might learn that the build exists, and it would be published again.
            let achieved = report.achieved().map_or_else(String::new, |text| format!("; {text}"));
            return unwritten(&error, &achieved);
        }
        let is_for_people = self.format() == Format::Text || output::is_terminal();
        if let (false, Some(published)) = (is_for_people, report.published()) {
            // The result goes into a file; a CI log is to have the install page, too.
            self.screen.note(&format!("{name}: {published}"));
        }
        let delivered = qr::deliver(self.screen, qr, report.build.as_ref());
        delivered.map_or_else(|error| unwritten(&error, ""), |()| 0)
    }

    fn check(&self, check: &args::Check) -> u8 {
        self.each(&check.files, 1, &Qr::default(), |_, file, _| Outcome {
            file: Some(operand(file)),
            key: None,
            result: self.check_file(file, check),
        })
    }

    fn upload(&self, upload: &args::Upload) -> Result<u8> {
        qr::check_folder(&upload.qr)?;
        let release = self.inputs().release(&upload.release)?;
        let given = upload.certificate.as_ref();
        let p12 = given.map(|p12| self.inputs().certificate(p12)).transpose()?;
        let client = self.client()?;
        Ok(self.each(&upload.files, upload.jobs, &upload.qr, |number, file, turn| {
            let job = Job::new(&client, self.screen.begin(number, file, "starting"));
            let result = if upload.legacy {
                self.upload_legacy(&job.client, file, upload, &release)
            } else {
                self.publish(&job.client, file, upload, &release, p12.as_ref(), turn)
            };
            Outcome { file: Some(operand(file)), key: job.end(), result }
        }))
    }

    fn status(&self, status: &args::Status) -> Result<u8> {
        qr::check_folder(&status.qr)?;
        let client = self.client()?;
        let key = &status.key;
        let job = Job::new(&client, self.screen.begin(0, Path::new(key), "asking"));
        let build = match &status.wait {
            Some(wait) => job.client.wait(key, wait),
            None => job.client.build_info(key).and_then(|status| status.published(key)),
        };
        job.end();
        let result = build.map(|build| {
            let mut report = Report::new(ReportKind::Build);
            report.key = Some(key.clone());
            report.build = Some(build);
            report
        });
        Ok(self.report(Outcome { file: None, key: Some(key.clone()), result }, &status.qr))
    }

    fn token(&self, token: &args::Token) -> Result<u8> {
        let release = self.inputs().release(&token.release)?;
        let client = self.client()?;
        let file = token.file.as_deref();
        let job =
            Job::new(&client, self.screen.begin(0, file.unwrap_or(Path::new("token")), "starting"));
        let result = self
            .type_for_token(token)
            .and_then(|build_type| job.client.get_cos_token(build_type, &release))
            .map(|token| Report::new(ReportKind::Token { json: token.expose_json().to_owned() }));
        job.end();
        Ok(self.report(Outcome { file: file.map(operand), key: None, result }, &Qr::default()))
    }

    fn put(&self, put: &args::Put) -> Result<u8> {
        let token = self.inputs().token(&put.token)?;
        // `put` needs and sends no key, but a file named by `--api-key-file` must still be valid.
        if let Some(file) = &self.command.network.api_key_file {
            self.inputs().api_key(Some(file))?;
        }
        let client = self.client_with(None)?;
        let job = Job::new(&client, self.screen.begin(0, &put.file, "starting"));
        let result = self.put_package(&job.client, put, &token);
        job.end();
        // An unusable token is a usage error about the file of `--token`, like a file that is not a
        // token.
        if let Err(error @ Error::Usage { .. }) = result {
            return Err(inputs::usage(format!("{}: {error}", inputs::name_of(&put.token))));
        }
        let key = Some(token.key().to_owned());
        Ok(self.report(Outcome { file: Some(operand(&put.file)), key, result }, &Qr::default()))
    }

    fn harmony_cert(&self, key: &str, file: &Path, password: &args::Secret) -> Result<u8> {
        let password = self.inputs().password(password, P12_PASSWORD)?;
        let client = self.client()?;
        let outcome = self.attach(&client, 0, key, file, |client, p12| {
            client.upload_harmony_cert(key, p12, &password)
        });
        Ok(self.report(outcome, &Qr::default()))
    }

    fn harmony_hsp(&self, key: &str, files: &[PathBuf]) -> Result<u8> {
        let client = self.client()?;
        Ok(self.each(files, 1, &Qr::default(), |number, file, _| {
            let send = |client: &Client, hsp: &Source| client.upload_harmony_hsp(key, hsp);
            self.attach(&client, number, key, file, send)
        }))
    }

    /// Sends a certificate or an HSP.
    fn attach(
        &self,
        client: &Client,
        number: usize,
        key: &str,
        file: &Path,
        send: impl FnOnce(&Client, &Source) -> Result<()>,
    ) -> Outcome {
        let job = Job::new(client, self.screen.begin(number, file, "starting"));
        let result = Source::open(file).and_then(|source| {
            send(&job.client, &source)?;
            let mut report = Report::new(ReportKind::Attachment);
            report.file = Some(operand(file));
            report.size = Some(source.size());
            report.key = Some(key.to_owned());
            Ok(report)
        });
        job.end();
        Outcome { file: Some(operand(file)), key: Some(key.to_owned()), result }
    }

    fn doctor(&self) -> Result<u8> {
        let client = self.client()?;
        let mut unwritten = None;
        let job = Job::new(&client, self.screen.begin(0, Path::new("doctor"), "testing"));
        let diagnosis = job.client.doctor(|probe| {
            let text = output::probe(self.format(), probe);
            unwritten = self.screen.aside(|| output::print(&text)).err();
        });
        job.end();
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
            Format::Text => output::print(&output::diagnosis(verdict, &diagnosis))?,
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

/// Whether the message of an error names a FILE. That it contains the name says nothing: a file may
/// be called "a".
fn is_about(error: &Error, name: &str) -> bool {
    if let Error::Uncertain { source, .. } = error {
        return is_about(source, name);
    }
    let message = error.to_string();
    let starts = [
        "",
        "cannot read ",
        "cannot upload ",
        "cannot upload the HSP ",
        "cannot upload the certificate ",
    ];
    starts.iter().any(|start| {
        let rest = message.strip_prefix(start).and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']))
    })
}
