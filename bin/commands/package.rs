//! What is done with one package: open and check it as the options say, send it, compare it with
//! what was published.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pgyer::{
    BuildType, Client, Finding, Package, Published, Release, Result, Source, Turn, UploadOptions,
    UploadToken,
};

use super::Run;
use crate::args;
use crate::inputs::{self, P12};
use crate::output::{Report, ReportKind, operand};

impl Run<'_> {
    pub(super) fn check_file(&self, file: &Path, check: &args::Check) -> Result<Report> {
        let package = open_package(file, None, true, None)?.with_hsps(&open_all(&check.hsps)?)?;
        self.tell_findings(file, package.findings());
        package.demand(&check.expected)?;
        Ok(Report::about(ReportKind::Check, &package))
    }

    pub(super) fn type_for_token(&self, token: &args::Token) -> Result<BuildType> {
        let build_type = token.release.build_type;
        let Some(file) = &token.file else {
            return build_type.ok_or_else(|| inputs::usage("there is no type"));
        };
        let package = open_package(file, build_type, token.check, None)?;
        self.tell_findings(file, package.findings());
        package.demand(&token.expected)?;
        Ok(package.build_type())
    }

    /// Publishes a file, or stores it alone where nobody waits for the build.
    pub(super) fn publish(
        &self,
        client: &Client,
        file: &Path,
        upload: &args::Upload,
        release: &Release,
        p12: Option<&P12>,
        turn: &Turn<'_>,
    ) -> Result<Report> {
        let name = upload.file_name.as_deref();
        let package = open_package(file, upload.release.build_type, upload.check, name)?;
        let mut options = options(upload, release);
        options.hsps = open_all(&upload.hsps)?;
        let package = package.with_hsps(&options.hsps)?;
        options.p12 = p12.map(P12::open).transpose()?;
        // In two steps, and not `Client::publish`: the turn is passed between them.
        let stored = client.store(&package, &options)?;
        let Some(wait) = &upload.wait else {
            let mut report = Report::about(ReportKind::Stored, &package);
            report.key = Some(stored.key);
            report.upload_time = Some(stored.upload_time);
            return Ok(report);
        };
        turn.pass();
        options.wait = wait.clone();
        let published = stored.wait(&package, &options)?;
        let (key, publish_time) = (published.key.clone(), published.publish_time);
        let mut report = self.published(file, &package, published);
        report.key = Some(key);
        report.publish_time = Some(publish_time);
        Ok(report)
    }

    pub(super) fn upload_legacy(
        &self,
        client: &Client,
        file: &Path,
        upload: &args::Upload,
        release: &Release,
    ) -> Result<Report> {
        let package = open_package(file, None, upload.check, upload.file_name.as_deref())?;
        let published = client.upload_legacy(&package, &options(upload, release))?;
        Ok(self.published(file, &package, published))
    }

    fn published(&self, file: &Path, package: &Package, published: Published) -> Report {
        let findings = published.findings;
        // The observer showed the other findings before the upload.
        let others = findings.iter().filter(|finding| !package.findings().contains(finding));
        others.for_each(|finding| self.screen.finding(&operand(file), finding));
        let mut report = Report::about(ReportKind::Build, package);
        report.build = Some(published.build);
        report.upload_time = Some(published.upload_time);
        if let Some(contents) = &mut report.package {
            contents.findings = findings;
        }
        report
    }

    pub(super) fn put_package(
        &self,
        client: &Client,
        put: &args::Put,
        token: &UploadToken,
    ) -> Result<Report> {
        let package = open_package(&put.file, put.build_type, put.check, put.file_name.as_deref())?;
        // If the package is sent, the observer shows its findings; here it will not be.
        let tell = |_: &_| self.tell_findings(&put.file, package.findings());
        package.demand(&put.expected).inspect_err(tell)?;
        let began = Instant::now();
        client.put(token, &package)?;
        let mut report = Report::about(ReportKind::Stored, &package);
        report.key = Some(token.key().to_owned());
        report.upload_time = Some(began.elapsed());
        Ok(report)
    }

    fn tell_findings(&self, file: &Path, findings: &[Finding]) {
        let file = operand(file);
        findings.iter().for_each(|finding| self.screen.finding(&file, finding));
    }
}

fn options(upload: &args::Upload, release: &Release) -> UploadOptions {
    let mut options = UploadOptions::default();
    options.release = release.clone();
    options.expected = upload.expected.clone();
    options
}

fn open_all(files: &[PathBuf]) -> Result<Vec<Source>> {
    files.iter().map(Source::open).collect()
}

/// Opens a package as the options say: of a type, without the check, under another name.
fn open_package(
    file: &Path,
    build_type: Option<BuildType>,
    check: bool,
    sent_as: Option<&str>,
) -> Result<Package> {
    let package = match (check, build_type) {
        (false, build_type) => Package::open_unchecked(file, build_type),
        (true, Some(build_type)) => Package::open_as(file, build_type),
        (true, None) => Package::open(file),
    };
    let package = package?;
    Ok(match sent_as {
        Some(name) => package.sent_as(name),
        None => package,
    })
}
