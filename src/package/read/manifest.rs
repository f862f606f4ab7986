//! What `AndroidManifest.xml` says, as far as installing the package depends on it.

use super::axml::{self, Element, Event, Name, Value};

const NAME: Name = (0x0101_0003, "name");
const SHARED_USER_ID: Name = (0x0101_000B, "sharedUserId");
const HAS_CODE: Name = (0x0101_000C, "hasCode");
const LABEL: Name = (0x0101_0001, "label");
const DEBUGGABLE: Name = (0x0101_000F, "debuggable");
const EXPORTED: Name = (0x0101_0010, "exported");
const MIN_SDK: Name = (0x0101_020C, "minSdkVersion");
const VERSION_CODE: Name = (0x0101_021B, "versionCode");
const VERSION_NAME: Name = (0x0101_021C, "versionName");
const TARGET_SDK: Name = (0x0101_0270, "targetSdkVersion");
const TEST_ONLY: Name = (0x0101_0272, "testOnly");
const REQUIRED: Name = (0x0101_028E, "required");
const EXTRACT_NATIVE_LIBS: Name = (0x0101_04EA, "extractNativeLibs");
const VERSION_CODE_MAJOR: Name = (0x0101_0576, "versionCodeMajor");
const IS_SPLIT_REQUIRED: Name = (0x0101_0591, "isSplitRequired");
const SHARED_USER_MAX_SDK: Name = (0x0101_064D, "sharedUserMaxSdkVersion");
const REQUIRED_SPLIT_TYPES: Name = (0x0101_064E, "requiredSplitTypes");

/// More libraries than any app asks for.
const MOST_LIBRARIES: usize = 100;

/// A version of Android: its API level, or the codename of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sdk {
    Level(u32),
    Codename(String),
}

/// The manifest.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) package: Option<String>,
    pub(crate) version_name: Option<String>,
    pub(crate) version_code: Option<u64>,
    /// None where it can't be read.
    pub(crate) min: Option<Sdk>,
    /// None where it can't be read.
    pub(crate) target: Option<Sdk>,
    /// Which one of a set of APKs this is, if it is not the base.
    pub(crate) split: Option<String>,
    /// The splits that the base needs, as far as they are named; `None` if it needs no splits.
    pub(crate) required_splits: Option<String>,
    /// The user to be shared with other apps, unless newer systems are told not to.
    pub(crate) shared_user: Option<String>,
    pub(crate) application: Option<Application>,
}

/// The `application` of a manifest. A field is `None` if it can't be read.
#[derive(Debug, Default)]
pub(crate) struct Application {
    /// The app's name, where the manifest says it itself.
    pub(crate) label: Option<String>,
    pub(crate) has_code: Option<bool>,
    pub(crate) debuggable: Option<bool>,
    pub(crate) test_only: Option<bool>,
    pub(crate) extract_native_libs: Option<bool>,
    /// Whether the launcher shows it.
    pub(crate) launcher: Option<bool>,
    /// The first component that has an action for others and does not say whether it is exported.
    pub(crate) not_exported: Option<String>,
    /// Java libraries that it can't do without.
    pub(crate) libraries: Vec<String>,
    /// Native libraries that it can't do without.
    pub(crate) native_libraries: Vec<String>,
}

impl Manifest {
    /// Reads a manifest; `None` if it is damaged or something else.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::default();
        axml::read(bytes, |event| match event {
            Event::Start(element) => reader.start(&element),
            Event::End => reader.end(),
        })?;
        let mut manifest = reader.manifest?;
        manifest.application = reader.application;
        Some(manifest)
    }

    fn new(element: &Element<'_>) -> Self {
        let split = element.plain("split").text();
        let shared_user = element.android(SHARED_USER_ID).text();
        let sharing_ends = !element.android(SHARED_USER_MAX_SDK).is_absent();
        Self {
            package: element.plain("package").text(),
            version_name: version_name(element.android(VERSION_NAME)),
            version_code: version_code(element),
            // Without `uses-sdk`.
            min: Some(Sdk::Level(1)),
            target: Some(Sdk::Level(1)),
            split: split.or_else(|| element.plain("configForSplit").text()),
            required_splits: required_splits(element),
            shared_user: shared_user.filter(|_| !sharing_ends),
            application: None,
        }
    }

    fn uses_sdk(&mut self, element: &Element<'_>) {
        self.min = match element.android(MIN_SDK) {
            value if is_empty(value) => Some(Sdk::Level(1)),
            value => sdk(value),
        };
        self.target = match element.android(TARGET_SDK) {
            value if is_empty(value) => self.min.clone(),
            value => sdk(value),
        };
    }
}

fn is_empty(value: Value<'_>) -> bool {
    match value {
        Value::Absent => true,
        Value::Text(text) => text.is_empty(),
        Value::Integer(_) | Value::Unknown => false,
    }
}

fn sdk(value: Value<'_>) -> Option<Sdk> {
    match value {
        // No system has a negative one, and what it makes of that is not known.
        Value::Integer(level) => (level <= i32::MAX as u32).then_some(Sdk::Level(level)),
        value => value.text().map(|text| match text.parse() {
            Ok(level) => Sdk::Level(level),
            Err(_) => Sdk::Codename(text),
        }),
    }
}

fn version_name(value: Value<'_>) -> Option<String> {
    match value {
        Value::Integer(number) => Some((number as i32).to_string()),
        value => value.text(),
    }
}

/// The code has the upper half of 64 bits in an attribute of its own.
fn version_code(element: &Element<'_>) -> Option<u64> {
    let number = |value: Value<'_>| match value {
        Value::Integer(number) => Some(u64::from(number)),
        value => value.text()?.parse::<u32>().ok().map(u64::from),
    };
    let low = number(element.android(VERSION_CODE))?;
    let high = match element.android(VERSION_CODE_MAJOR) {
        Value::Absent => 0,
        value => number(value)?,
    };
    Some(high << 32 | low)
}

fn required_splits(element: &Element<'_>) -> Option<String> {
    let types = element.android(REQUIRED_SPLIT_TYPES).text();
    let is_required = element.android(IS_SPLIT_REQUIRED).flag(false) == Some(true);
    types.or_else(|| is_required.then(String::new))
}

impl Application {
    fn new(element: &Element<'_>) -> Self {
        Self {
            label: element.android(LABEL).text(),
            has_code: element.android(HAS_CODE).flag(true),
            debuggable: element.android(DEBUGGABLE).flag(false),
            test_only: element.android(TEST_ONLY).flag(false),
            extract_native_libs: element.android(EXTRACT_NATIVE_LIBS).flag(true),
            launcher: Some(false),
            ..Self::default()
        }
    }

    fn library(&mut self, element: &Element<'_>, is_native: bool) {
        let list = if is_native { &mut self.native_libraries } else { &mut self.libraries };
        if element.android(REQUIRED).flag(true) != Some(true) || list.len() >= MOST_LIBRARIES {
            return;
        }
        list.extend(element.android(NAME).text());
    }

    /// Takes into account what a filter of an activity is for.
    fn filtered(&mut self, filter: &Filter) {
        if filter.is_unknown && self.launcher == Some(false) {
            self.launcher = None;
        }
        if filter.is_main && filter.is_launcher {
            self.launcher = Some(true);
        }
    }
}

/// A component that is open.
#[derive(Debug)]
struct Component {
    is_activity: bool,
    name: String,
    says_exported: bool,
    has_action: bool,
}

impl Component {
    fn of(element: &Element<'_>) -> Option<Self> {
        const KINDS: [&str; 4] = ["activity", "activity-alias", "service", "receiver"];
        let kind = KINDS.iter().find(|kind| element.is(kind))?;
        let name = element.android(NAME).text();
        Some(Self {
            is_activity: kind.starts_with("activity"),
            name: name.unwrap_or_else(|| format!("one {kind}")),
            says_exported: !element.android(EXPORTED).is_absent(),
            has_action: false,
        })
    }
}

/// An intent filter that is open.
#[derive(Debug, Default)]
struct Filter {
    is_main: bool,
    is_launcher: bool,
    is_unknown: bool,
}

/// Where in the manifest the reading is.
#[derive(Debug, Default)]
struct Reader {
    depth: usize,
    manifest: Option<Manifest>,
    application: Option<Application>,
    /// Whether the application that is open is the first: Android passes over any other.
    is_in_application: bool,
    component: Option<Component>,
    filter: Option<Filter>,
}

impl Reader {
    fn start(&mut self, element: &Element<'_>) {
        let depth = self.depth;
        self.depth += 1;
        match depth {
            0 if element.is("manifest") && self.manifest.is_none() => {
                self.manifest = Some(Manifest::new(element));
            }
            1 => self.part(element),
            2 if self.is_in_application => self.part_of_application(element),
            3 if self.component.is_some() && element.is("intent-filter") => {
                self.filter = Some(Filter::default());
            }
            4 => self.part_of_filter(element),
            _ => {}
        }
    }

    fn part(&mut self, element: &Element<'_>) {
        if element.is("uses-sdk") {
            if let Some(manifest) = &mut self.manifest {
                manifest.uses_sdk(element);
            }
        } else if element.is("application") && self.application.is_none() {
            self.application = Some(Application::new(element));
            self.is_in_application = true;
        }
    }

    fn part_of_application(&mut self, element: &Element<'_>) {
        let Some(application) = &mut self.application else { return };
        if element.is("uses-library") {
            application.library(element, false);
        } else if element.is("uses-native-library") {
            application.library(element, true);
        } else {
            self.component = Component::of(element);
        }
    }

    fn part_of_filter(&mut self, element: &Element<'_>) {
        let Some((filter, component)) = self.filter.as_mut().zip(self.component.as_mut()) else {
            return;
        };
        let is_action = element.is("action");
        if !is_action && !element.is("category") {
            return;
        }
        match element.android(NAME) {
            Value::Text(name) if is_action => {
                component.has_action |= !name.is_empty();
                filter.is_main |= name.is("android.intent.action.MAIN");
            }
            Value::Text(name) => {
                filter.is_launcher |= name.is("android.intent.category.LAUNCHER")
                    || name.is("android.intent.category.LEANBACK_LAUNCHER");
            }
            Value::Unknown => filter.is_unknown = true,
            Value::Absent | Value::Integer(_) => {}
        }
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        match self.depth {
            1 => self.is_in_application = false,
            2 => self.end_of_component(),
            3 => self.end_of_filter(),
            _ => {}
        }
    }

    fn end_of_component(&mut self) {
        let Some((component, application)) = self.component.take().zip(self.application.as_mut())
        else {
            return;
        };
        if component.has_action && !component.says_exported {
            application.not_exported.get_or_insert(component.name);
        }
    }

    fn end_of_filter(&mut self) {
        let filter = self.filter.take();
        let is_activity = self.component.as_ref().is_some_and(|component| component.is_activity);
        if let Some((filter, application)) = filter.zip(self.application.as_mut()) {
            if is_activity {
                application.filtered(&filter);
            }
        }
    }
}
