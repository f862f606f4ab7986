//! What an IPA is: its property list, its profile, its program, and the extensions in it.

use super::entry::Entry;
use super::macho::{self, Slice};
use super::mobileprovision::Profile;
use super::plist::Value;
use crate::package::ReadAt;
use crate::package::archive::Archive;

const LIST_LIMIT: usize = 1 << 20;
const PROFILE_LIMIT: usize = 1 << 20;
const MOST_EXTENSIONS: usize = 32;

/// An IPA with one app. A field is `None` if it can't be read.
#[derive(Debug)]
pub(crate) struct Ios {
    pub(crate) info: Option<Info>,
    /// Whether there is a profile, and what it says.
    pub(crate) has_profile: bool,
    pub(crate) profile: Option<Profile>,
    /// Whether there is a list of what was signed.
    pub(crate) has_resources: bool,
    pub(crate) program: Program,
    /// The identifiers of its extensions.
    pub(crate) extensions: Vec<String>,
}

/// `Info.plist`. A field is `None` if it is missing or of another type.
#[derive(Debug, Default)]
pub(crate) struct Info {
    pub(crate) identifier: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) build: Option<String>,
    pub(crate) min_os: Option<String>,
    pub(crate) target_os: Option<String>,
    pub(crate) executable: Executable,
    /// Names of platforms; empty without any.
    pub(crate) platforms: Platforms,
    /// 1 for phones, 2 for tablets.
    pub(crate) families: Vec<i64>,
}

/// Which program `Info.plist` names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Executable {
    #[default]
    None,
    Named(String),
    /// What it says is not a text.
    Unknown,
}

/// The platforms that `Info.plist` names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Platforms {
    #[default]
    None,
    Named(Vec<String>),
    /// What it says are no texts.
    Unknown,
}

/// The program of the app.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Program {
    /// No file has its name.
    Missing,
    Slices(Vec<Slice>),
    #[default]
    Unknown,
}

impl Ios {
    /// None where there are several apps: which one a device takes is not known.
    pub(crate) fn read(archive: &mut Archive<'_>) -> Option<Self> {
        let (folder, info) = the_app(archive)?;
        let read = archive.read();
        let info = info.whole(read, LIST_LIMIT).and_then(|bytes| Info::parse(&bytes));
        let mut files = Files::new(info.as_ref());
        archive.each_entry(&mut |name, entry| {
            if let Some(name) = name.strip_prefix(&folder[..]) {
                files.note(name, entry);
            }
        })?;
        let profile = files.profile.and_then(|entry| entry.whole(read, PROFILE_LIMIT));
        Some(Self {
            has_profile: files.profile.is_some(),
            profile: profile.and_then(|bytes| Profile::parse(&bytes)),
            has_resources: files.has_resources,
            program: files.program(read),
            extensions: files.extensions(read),
            info,
        })
    }
}

/// The folder of the one app, with a slash behind it, and its `Info.plist`.
fn the_app(archive: &mut Archive<'_>) -> Option<(Vec<u8>, Entry)> {
    let mut app = None;
    let mut count = 0usize;
    archive.each_entry(&mut |name, entry| {
        if let Some(folder) = folder_of_app(name) {
            count += 1;
            app.get_or_insert_with(|| (folder.to_vec(), entry));
        }
    })?;
    app.filter(|_| count == 1)
}

fn folder_of_app(name: &[u8]) -> Option<&[u8]> {
    let folder = name.strip_suffix(b"Info.plist")?;
    let app = folder.strip_prefix(b"Payload/")?.strip_suffix(b"/")?;
    (!app.contains(&b'/') && has_extension(app, b".app")).then_some(folder)
}

/// Whether a name ends in this, in upper or lower case, and has something before it.
fn has_extension(name: &[u8], extension: &[u8]) -> bool {
    name.len()
        .checked_sub(extension.len())
        .filter(|at| *at > 0)
        .is_some_and(|at| name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(extension)))
}

/// The files of the app that are looked at.
#[derive(Debug, Default)]
struct Files<'a> {
    executable: Option<&'a str>,
    program: Option<Entry>,
    profile: Option<Entry>,
    has_resources: bool,
    extensions: Vec<Entry>,
}

impl<'a> Files<'a> {
    fn new(info: Option<&'a Info>) -> Self {
        let executable = info.and_then(|info| match &info.executable {
            Executable::Named(name) => Some(name.as_str()),
            Executable::None | Executable::Unknown => None,
        });
        Self { executable, ..Self::default() }
    }

    /// Takes a file into account, whose name is that within the app.
    fn note(&mut self, name: &[u8], entry: Entry) {
        match name {
            b"embedded.mobileprovision" => {
                self.profile.get_or_insert(entry);
            }
            b"_CodeSignature/CodeResources" => self.has_resources = true,
            _ if self.executable.is_some_and(|executable| executable.as_bytes() == name) => {
                self.program.get_or_insert(entry);
            }
            _ if is_list_of_extension(name) && self.extensions.len() < MOST_EXTENSIONS => {
                self.extensions.push(entry);
            }
            _ => {}
        }
    }
}

impl Files<'_> {
    fn program(&self, read: &ReadAt<'_>) -> Program {
        match (self.executable, self.program) {
            (None, _) => Program::Unknown,
            (Some(_), None) => Program::Missing,
            (Some(_), Some(entry)) => {
                let head = entry.head(read, macho::HEAD);
                let slices = head.and_then(|head| macho::slices(&head));
                slices.map_or(Program::Unknown, Program::Slices)
            }
        }
    }

    /// The identifiers of the extensions, as far as they can be read.
    fn extensions(&self, read: &ReadAt<'_>) -> Vec<String> {
        let lists = self.extensions.iter().filter_map(|entry| entry.whole(read, LIST_LIMIT));
        lists.filter_map(|bytes| filled(&Value::parse(&bytes)?, "CFBundleIdentifier")).collect()
    }
}

/// Whether this is the `Info.plist` of an extension of the app itself.
fn is_list_of_extension(name: &[u8]) -> bool {
    let within = name.strip_prefix(b"PlugIns/").or_else(|| name.strip_prefix(b"Extensions/"));
    let folder = within.and_then(|name| name.strip_suffix(b"/Info.plist")).unwrap_or_default();
    !folder.contains(&b'/') && has_extension(folder, b".appex")
}

impl Info {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let list = Value::parse(bytes)?;
        let text = |key| list.text(key).map(str::to_owned);
        Some(Self {
            identifier: filled(&list, "CFBundleIdentifier"),
            name: filled(&list, "CFBundleDisplayName").or_else(|| filled(&list, "CFBundleName")),
            version: text("CFBundleShortVersionString"),
            build: text("CFBundleVersion"),
            min_os: text("MinimumOSVersion"),
            target_os: text("DTPlatformVersion"),
            executable: match list.get("CFBundleExecutable") {
                None => Executable::None,
                Some(Value::Text(name)) if name.is_empty() => Executable::None,
                Some(Value::Text(name)) => Executable::Named(name.clone()),
                Some(_) => Executable::Unknown,
            },
            platforms: list.get("CFBundleSupportedPlatforms").map(platforms).unwrap_or_default(),
            families: list.get("UIDeviceFamily").map(families).unwrap_or_default(),
        })
    }
}

/// A text that is not empty.
fn filled(list: &Value, key: &str) -> Option<String> {
    list.text(key).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn platforms(value: &Value) -> Platforms {
    let Some(values) = value.as_array() else { return Platforms::Unknown };
    let names: Option<Vec<_>> =
        values.iter().map(|value| value.as_text().map(str::to_owned)).collect();
    match names {
        Some(names) if names.is_empty() => Platforms::None,
        Some(names) => Platforms::Named(names),
        None => Platforms::Unknown,
    }
}

/// Numbers or texts, one alone or several.
fn families(value: &Value) -> Vec<i64> {
    let number = |value: &Value| match value {
        Value::Integer(number) => Some(*number),
        value => value.as_text()?.trim().parse().ok(),
    };
    match value.as_array() {
        Some(values) => values.iter().filter_map(number).collect(),
        None => number(value).into_iter().collect(),
    }
}
