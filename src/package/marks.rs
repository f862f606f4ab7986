//! What the name of an archive's entry reveals about the archive.

/// One thing that a name can reveal. Where it matters, the comment says what the mark means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    AndroidManifest,
    /// Code or compiled resources: what an APK has, and a library or a project lacks.
    AndroidCode,
    ClassesJar,
    NativeLibrary,
    AndroidBundle,
    ApexManifest,
    ApexContent,
    ApkSet,
    XapkManifest,
    ApktoolProject,
    AndroidProject,
    MappingFile,
    IosApp,
    /// An app's folder in `Payload/`, with its `Info.plist` or without.
    PayloadApp,
    PayloadElsewhere,
    PayloadWithBackslash,
    /// A name that would make it a package if it did not begin with `./`.
    DotSlash,
    XcodeArchive,
    BareIosApp,
    MacApp,
    HapModule,
    HapConfig,
    /// What a HAP has beside its `config.json`, and nothing else has.
    HapCode,
    /// What a HAP has beside its `config.json`, and many a website too.
    HapFolder,
    PackInfo,
    WebPage,
    InnerApk,
    InnerIpa,
    InnerHap,
    InnerBundle,
    InnerArchive,
    JavaArchive,
}

/// The mark of a name, if it has one.
pub(super) fn mark_of(name: &[u8]) -> Option<Mark> {
    mark_of_whole_name(name)
        .or_else(|| mark_of_path(name))
        .or_else(|| mark_of_misplaced_payload(name))
        .or_else(|| mark_of_file_name(name))
}

fn mark_of_whole_name(name: &[u8]) -> Option<Mark> {
    match name {
        b"AndroidManifest.xml" => Some(Mark::AndroidManifest),
        b"classes.dex" | b"resources.arsc" => Some(Mark::AndroidCode),
        b"classes.jar" => Some(Mark::ClassesJar),
        b"BundleConfig.pb" | b"base/manifest/AndroidManifest.xml" => Some(Mark::AndroidBundle),
        b"apex_manifest.pb" | b"apex_manifest.json" => Some(Mark::ApexManifest),
        // The second is what a compressed APEX has.
        b"apex_payload.img" | b"original_apex" => Some(Mark::ApexContent),
        b"toc.pb" | b"universal.apk" | b"base.apk" => Some(Mark::ApkSet),
        b"manifest.json" => Some(Mark::XapkManifest),
        b"module.json" => Some(Mark::HapModule),
        b"config.json" => Some(Mark::HapConfig),
        b"resources.index" => Some(Mark::HapCode),
        b"pack.info" => Some(Mark::PackInfo),
        b"index.html" => Some(Mark::WebPage),
        b"META-INF/MANIFEST.MF" => Some(Mark::JavaArchive),
        b"./AndroidManifest.xml" | b"./module.json" | b"./config.json" => Some(Mark::DotSlash),
        _ => None,
    }
}

fn mark_of_path(name: &[u8]) -> Option<Mark> {
    // Without an allocation, since there may be 200,000 names.
    let mut parts = name.splitn(4, |byte| *byte == b'/');
    match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(b"Payload"), Some(app), Some(file), below] if has_extension(app, "app") => {
            Some(mark_of_app_file(file, below))
        }
        [Some(b"."), Some(b"Payload"), Some(app), Some(_)] if has_extension(app, "app") => {
            Some(Mark::DotSlash)
        }
        [Some(b"Products"), Some(b"Applications"), Some(app), Some(_)]
            if has_extension(app, "app") =>
        {
            Some(Mark::XcodeArchive)
        }
        [Some(archive), Some(b"Info.plist" | b"Products"), ..]
            if has_extension(archive, "xcarchive") =>
        {
            Some(Mark::XcodeArchive)
        }
        [Some(app), Some(b"Info.plist"), None, None] if has_extension(app, "app") => {
            Some(Mark::BareIosApp)
        }
        [Some(app), Some(b"Contents"), Some(b"Info.plist"), None] if has_extension(app, "app") => {
            Some(Mark::MacApp)
        }
        [Some(b"ets"), Some(_), ..] => Some(Mark::HapCode),
        [Some(b"assets" | b"libs"), Some(_), ..] => Some(Mark::HapFolder),
        [Some(b"lib"), Some(_), Some(file), None] if has_extension(file, "so") => {
            Some(Mark::NativeLibrary)
        }
        [Some(b"splits"), Some(file), None, None] if has_extension(file, "apk") => {
            Some(Mark::ApkSet)
        }
        [Some(file), None, ..] | [Some(_), Some(file), None, None] => mark_of_project_file(file),
        _ => None,
    }
}

fn mark_of_app_file(file: &[u8], below: Option<&[u8]>) -> Mark {
    match (file, below) {
        (b"Info.plist", None) => Mark::IosApp,
        _ => Mark::PayloadApp,
    }
}

/// A folder `Payload` with an app in it that is not at the top, or not a folder by its separators.
fn mark_of_misplaced_payload(name: &[u8]) -> Option<Mark> {
    if let Some(below) = name.strip_prefix(b"Payload\\") {
        return is_in_app(below, b'\\').then_some(Mark::PayloadWithBackslash);
    }
    let folder = b"/Payload/";
    let at = name.windows(folder.len()).position(|part| part == folder)?;
    let below = name.get(at..)?.strip_prefix(folder)?;
    is_in_app(below, b'/').then_some(Mark::PayloadElsewhere)
}

fn is_in_app(name: &[u8], separator: u8) -> bool {
    let mut parts = name.splitn(2, |byte| *byte == separator);
    parts.next().is_some_and(|app| has_extension(app, "app")) && parts.next().is_some()
}

/// A file that is in the folder of a project, which may itself be in a folder of the archive.
fn mark_of_project_file(file: &[u8]) -> Option<Mark> {
    match file {
        b"apktool.yml" => Some(Mark::ApktoolProject),
        b"project.properties"
        | b".classpath"
        | b"gradlew"
        | b"build.gradle"
        | b"build.gradle.kts" => Some(Mark::AndroidProject),
        _ => None,
    }
}

fn mark_of_file_name(name: &[u8]) -> Option<Mark> {
    let file = name.rsplit(|byte| *byte == b'/').next()?;
    match file {
        b"mapping.txt" => Some(Mark::MappingFile),
        _ if has_extension(file, "apk") => Some(Mark::InnerApk),
        _ if has_extension(file, "ipa") => Some(Mark::InnerIpa),
        _ if has_extension(file, "hap") => Some(Mark::InnerHap),
        _ if has_one_of(file, &["aab", "apks", "xapk"]) => Some(Mark::InnerBundle),
        _ if has_one_of(file, &["zip", "tar", "gz", "tgz", "7z", "rar"]) => {
            Some(Mark::InnerArchive)
        }
        _ => None,
    }
}

fn has_one_of(name: &[u8], extensions: &[&str]) -> bool {
    extensions.iter().any(|extension| has_extension(name, extension))
}

fn has_extension(name: &[u8], extension: &str) -> bool {
    let mut parts = name.rsplitn(2, |byte| *byte == b'.');
    let matches = parts.next().is_some_and(|end| end.eq_ignore_ascii_case(extension.as_bytes()));
    matches && parts.next().is_some()
}
