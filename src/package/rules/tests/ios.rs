use crate::finding::Level;
use crate::package::read::cms::tests::signed;
use crate::package::read::macho::tests::{
    ARM64, ARMV7, X86_64, encryption, fat, platform, signature, thin,
};
use crate::package::testing::zip::{File, deflated, stored, zip};
use crate::package::testing::{NOW, assert_found, assert_quiet, codes, findings, identity};

const APP: &str = "Payload/Sample.app";

/// An IPA to be: the members of its property list and of its profile, its program, more files.
struct Ipa {
    info: Vec<(&'static str, String)>,
    profile: Option<Profile>,
    program: Vec<u8>,
    files: Vec<File>,
}

struct Profile {
    devices: &'static str,
    debuggable: bool,
    app: &'static str,
    begins: &'static str,
    ends: &'static str,
}

const AD_HOC: Profile = Profile {
    devices: "<key>ProvisionedDevices</key><array><string>00008101-SECRET</string></array>",
    debuggable: false,
    app: "TEAM.com.example",
    begins: "2026-01-01T00:00:00Z",
    ends: "2027-01-01T00:00:00Z",
};

impl Profile {
    fn build(&self) -> Vec<u8> {
        let Self { devices, app, begins, ends, debuggable } = self;
        signed(
            format!(
                "<plist version=\"1.0\"><dict><key>Name</key><string>Sample\n Team</string>{devices}\
                 <key>CreationDate</key><date>{begins}</date><key>ExpirationDate</key><date>{ends}</date>\
                 <key>Entitlements</key><dict><key>application-identifier</key><string>{app}</string>\
                 <key>get-task-allow</key><{debuggable}/></dict></dict></plist>"
            )
            .as_bytes(),
        )
    }
}

fn text(text: &str) -> String {
    format!("<string>{text}</string>")
}

/// An IPA that every phone in its profile installs.
fn ipa() -> Ipa {
    Ipa {
        info: vec![
            ("CFBundleIdentifier", text("com.example")),
            ("CFBundleExecutable", text("Sample")),
            ("CFBundleShortVersionString", text("1.2")),
            ("CFBundleVersion", text("7")),
            ("MinimumOSVersion", text("15.0")),
            ("DTPlatformVersion", text("18.1")),
            ("CFBundleSupportedPlatforms", "<array><string>iPhoneOS</string></array>".to_owned()),
            (
                "UIDeviceFamily",
                "<array><integer>1</integer><integer>2</integer></array>".to_owned(),
            ),
        ],
        profile: Some(AD_HOC),
        program: thin(ARM64, &[platform(2), signature(), encryption(0)]),
        files: vec![stored(&format!("{APP}/_CodeSignature/CodeResources"), "list")],
    }
}

impl Ipa {
    /// The same with another value for a key.
    fn info(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.info.retain(|(name, _)| *name != key);
        self.info.push((key, value.into()));
        self
    }

    fn without(mut self, key: &str) -> Self {
        self.info.retain(|(name, _)| *name != key);
        self
    }

    fn profile(mut self, profile: impl Into<Option<Profile>>) -> Self {
        self.profile = profile.into();
        self
    }

    fn program(mut self, program: Vec<u8>) -> Self {
        self.program = program;
        self
    }

    fn unsigned(mut self) -> Self {
        self.files.clear();
        self
    }

    fn file(mut self, name: &str, data: impl AsRef<[u8]>) -> Self {
        self.files.push(deflated(&format!("{APP}/{name}"), data));
        self
    }

    fn build(&self) -> Vec<u8> {
        let members: Vec<_> =
            self.info.iter().map(|(key, value)| format!("<key>{key}</key>{value}")).collect();
        let list = format!("<plist version=\"1.0\"><dict>{}</dict></plist>", members.concat());
        let mut files = vec![
            deflated(&format!("{APP}/Info.plist"), list),
            deflated(&format!("{APP}/Sample"), &self.program),
        ];
        if let Some(profile) = &self.profile {
            files.push(deflated(&format!("{APP}/embedded.mobileprovision"), profile.build()));
        }
        zip(&[files, self.files.clone()].concat(), b"")
    }
}

fn extension(identifier: &str) -> String {
    format!(
        "<plist><dict><key>CFBundleIdentifier</key><string>{identifier}</string></dict></plist>"
    )
}

#[test]
fn a_good_one_is_quiet() {
    assert_quiet(&ipa().build());
}

#[test]
fn simulator() {
    let code = "ios-simulator";
    let platforms = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| text(name)).collect();
        ipa().info("CFBundleSupportedPlatforms", format!("<array>{}</array>", names.concat()))
    };
    let words = ["simulator", "-sdk iphoneos"];
    assert_found(&platforms(&["iPhoneSimulator"]).build(), code, &words);
    assert_quiet(&platforms(&["iPhoneSimulator", "iPhoneOS"]).build());
    for number in [7, 8, 9, 12] {
        let program = thin(ARM64, &[platform(number), signature()]);
        assert_found(&ipa().program(program).build(), code, &[]);
    }
    assert_found(&ipa().program(thin(X86_64, &[])).build(), code, &[]);
    let both = fat(false, &[(X86_64, thin(X86_64, &[signature()])), (ARM64, thin(ARM64, &[]))]);
    assert_quiet(&ipa().program(both).build());
    // What it lacks beside is not said, but for what its list and its profile say.
    let bare = platforms(&["iPhoneSimulator"])
        .unsigned()
        .profile(None)
        .info("UIDeviceFamily", "<integer>2</integer>");
    assert_found(&bare.build(), code, &[]);
    let more = platforms(&["iPhoneSimulator"])
        .without("CFBundleIdentifier")
        .profile(Profile { devices: "", ..AD_HOC });
    assert_eq!(codes(&more.build()), [code, "ios-app-store", "ios-no-identifier"]);
}

#[test]
fn other_platform() {
    let code = "ios-other-platform";
    let named = |name: &str| {
        ipa().info("CFBundleSupportedPlatforms", format!("<array>{}</array>", text(name)))
    };
    for (name, system) in
        [("AppleTVOS", "tvOS"), ("WatchOS", "watchOS"), ("XROS", "visionOS"), ("MacOSX", "macOS")]
    {
        assert_found(&named(name).build(), code, &[system]);
    }
    assert_quiet(&named("NewOS").build());
    assert_quiet(&ipa().info("CFBundleSupportedPlatforms", text("AppleTVOS")).build());
    // Without names the program tells.
    let built = |number| ipa().program(thin(ARM64, &[platform(number), signature()]));
    for (number, system) in [(3, "tvOS"), (6, "Mac Catalyst"), (11, "visionOS")] {
        assert_quiet(&built(number).build());
        assert_found(&built(number).without("CFBundleSupportedPlatforms").build(), code, &[system]);
        let empty = built(number).info("CFBundleSupportedPlatforms", "<array/>");
        assert_found(&empty.build(), code, &[system]);
    }
    for number in [2, 5] {
        assert_quiet(&built(number).without("CFBundleSupportedPlatforms").build());
    }
    let mixed = thin(ARM64, &[platform(2), platform(6), signature()]);
    assert_quiet(&ipa().program(mixed).without("CFBundleSupportedPlatforms").build());
}

#[test]
fn encrypted() {
    let program = |id| thin(ARM64, &[platform(2), signature(), encryption(id)]);
    let store = ipa().program(program(1)).unsigned().profile(None);
    assert_found(&store.build(), "ios-encrypted", &["App Store", "Export an IPA"]);
    let copy = ipa().program(program(0)).file("SC_Info/Sample.sinf", "x");
    assert_quiet(&copy.build());
}

#[test]
fn only_32_bit() {
    let code = "ios-32-bit-only";
    assert_found(&ipa().program(thin(ARMV7, &[])).build(), code, &["armv7", "arm64"]);
    let both = fat(false, &[(ARMV7, thin(ARMV7, &[])), (ARM64, thin(ARM64, &[]))]);
    assert_quiet(&ipa().program(both).build());
    assert_quiet(&ipa().program(thin((0x0100_000C, 2), &[])).build());
    assert_quiet(&ipa().program(b"no program".to_vec()).build());
}

#[test]
fn not_signed() {
    let code = "ios-not-signed";
    assert_found(&ipa().unsigned().build(), code, &["not signed", "exportArchive"]);
    assert_found(&ipa().program(thin(ARM64, &[platform(2)])).build(), code, &[]);
    // Without commands nothing is known, and one signed slice is enough.
    assert_quiet(&ipa().program(thin(ARM64, &[])).build());
    let one =
        fat(false, &[(ARMV7, thin(ARMV7, &[platform(2)])), (ARM64, thin(ARM64, &[signature()]))]);
    assert_quiet(&ipa().program(one).build());
}

#[test]
fn no_profile() {
    assert_found(&ipa().profile(None).build(), "ios-no-profile", &["embedded.mobileprovision"]);
    // One that can't be read is one.
    assert_quiet(&ipa().profile(None).file("embedded.mobileprovision", "no message").build());
    let elsewhere = ipa().profile(None).file("PlugIns/A.appex/embedded.mobileprovision", "x");
    assert_found(&elsewhere.build(), "ios-no-profile", &[]);
}

#[test]
fn app_store() {
    let store = Profile { devices: "", ..AD_HOC };
    assert_found(&ipa().profile(store).build(), "ios-app-store", &["(Sample Team)", "Ad Hoc"]);
    let enterprise = Profile { devices: "<key>ProvisionsAllDevices</key><true/>", ..AD_HOC };
    assert_quiet(&ipa().profile(enterprise).build());
}

#[test]
fn no_devices() {
    const NONE: &str = "<key>ProvisionedDevices</key><array/>";
    let code = "ios-no-devices";
    let empty = Profile { devices: NONE, ..AD_HOC };
    assert_found(&ipa().profile(empty).build(), code, &["lists no device", "(Sample Team)"]);
    let development = Profile { devices: NONE, debuggable: true, ..AD_HOC };
    assert_eq!(codes(&ipa().profile(development).build()), [code, "ios-development"]);
    const ALL: &str = "<key>ProvisionsAllDevices</key><true/><key>ProvisionedDevices</key><array/>";
    assert_quiet(&ipa().profile(Profile { devices: ALL, ..AD_HOC }).build());
}

#[test]
fn expiry() {
    let ends = |ends| ipa().profile(Profile { ends, ..AD_HOC }).build();
    // It is 2026-11-29T10:00:00Z.
    assert_eq!(crate::package::read::time::timestamp(NOW), "2026-11-29T10:00:00Z");
    let (past, soon) = ("ios-profile-expired", "ios-profile-expires-soon");
    assert_found(&ends("2026-11-29T10:00:00Z"), past, &["(Sample Team)", "expired on 2026-11-29"]);
    assert_found(&ends("2026-11-29T10:00:01Z"), soon, &["(Sample Team)", "expires on 2026-11-29"]);
    assert_found(&ends("2026-12-06T10:00:00Z"), soon, &["2026-12-06"]);
    assert_quiet(&ends("2026-12-06T10:00:01Z"));
    assert_quiet(&ends("some day"));
    // Made after now: the clock is wrong.
    let odd = |begins| Profile { begins, ends: "2026-11-01T00:00:00Z", ..AD_HOC };
    assert_quiet(&ipa().profile(odd("2026-11-29T10:00:01Z")).build());
    assert_found(&ipa().profile(odd("2026-11-29T10:00:00Z")).build(), past, &[]);
    assert_found(&ipa().profile(odd("unknown")).build(), past, &[]);
}

#[test]
fn development() {
    let development = Profile { debuggable: true, ..AD_HOC };
    assert_found(&ipa().profile(development).build(), "ios-development", &["Developer Mode"]);
    let found = findings(&ipa().profile(Profile { debuggable: true, ..AD_HOC }).build());
    assert_eq!(found[0].level, Level::Note);
}

#[test]
fn profile_of_another_app() {
    let code = "ios-profile-other-app";
    let of = |app| ipa().profile(Profile { app, ..AD_HOC }).build();
    assert_found(&of("TEAM.com.other"), code, &["com.other", "com.example", "may"]);
    assert_found(&of("TEAM.com.example.share"), code, &[]);
    assert_found(&of("TEAM.com.example.*"), code, &[]);
    for fits in ["TEAM.com.example", "TEAM.*", "TEAM.com.*", "TEAM.com.exam*", "no-team"] {
        assert_quiet(&of(fits));
    }
}

#[test]
fn no_identifier() {
    let code = "ios-no-identifier";
    assert_found(&ipa().without("CFBundleIdentifier").build(), code, &["CFBundleIdentifier"]);
    for value in ["<string/>", "<integer>7</integer>"] {
        assert_found(&ipa().info("CFBundleIdentifier", value).build(), code, &[]);
    }
}

#[test]
fn no_executable() {
    let code = "ios-no-executable";
    assert_found(&ipa().without("CFBundleExecutable").build(), code, &["names no program"]);
    assert_found(&ipa().info("CFBundleExecutable", "<string/>").build(), code, &[]);
    let other = ipa().info("CFBundleExecutable", text("Other"));
    assert_found(&other.build(), code, &["Other", "no such file"]);
    assert_quiet(&other.file("Other", "program").build());
    // Beyond ASCII the file may have another form of the name.
    assert_quiet(&ipa().info("CFBundleExecutable", text("Séance")).build());
    assert_quiet(&ipa().info("CFBundleExecutable", "<true/>").build());
}

#[test]
fn extension_id() {
    let code = "ios-extension-id";
    let with =
        |folder: &str, id: &str| ipa().file(&format!("{folder}/Info.plist"), extension(id)).build();
    let words = ["com.other.share", "com.example."];
    assert_found(&with("PlugIns/Share.appex", "com.other.share"), code, &words);
    assert_found(&with("Extensions/Share.appex", "com.other.share"), code, &words);
    assert_found(&with("PlugIns/Share.appex", "com.example"), code, &[]);
    assert_found(&with("PlugIns/Share.appex", "com.examples.share"), code, &[]);
    for (folder, id) in [
        ("PlugIns/Share.appex", "com.example.share"),
        ("PlugIns/Share.appex", ""),
        ("PlugIns/Share.bundle", "com.other"),
        ("PlugIns/A.appex/PlugIns/B.appex", "com.other"),
        ("Watch/Watch.app/PlugIns/A.appex", "com.other"),
        ("Frameworks/A.framework", "com.other"),
    ] {
        assert_quiet(&with(folder, id));
    }
    let no_app =
        ipa().without("CFBundleIdentifier").file("PlugIns/A.appex/Info.plist", extension("b"));
    assert_found(&no_app.build(), "ios-no-identifier", &[]);
}

#[test]
fn ipad_only() {
    let code = "ios-ipad-only";
    let family = |value: &str| ipa().info("UIDeviceFamily", value).build();
    for value in [
        "<array><integer>2</integer></array>",
        "<array><string>2</string></array>",
        "<integer>2</integer>",
        "<string>2</string>",
    ] {
        assert_found(&family(value), code, &["iPad", "UIDeviceFamily"]);
    }
    for value in [
        "<array><integer>1</integer></array>",
        "<array><string>2</string><integer>1</integer></array>",
        "<integer>1</integer>",
        "<array/>",
        "<true/>",
    ] {
        assert_quiet(&family(value));
    }
    assert_quiet(&ipa().without("UIDeviceFamily").build());
}

#[test]
fn several_apps_are_not_judged() {
    let two = ipa().unsigned().profile(None);
    let mut two = two;
    two.files.push(stored("Payload/Other.App/Info.plist", ""));
    let bytes = two.build();
    assert_quiet(&bytes);
    assert_eq!(identity(&bytes), crate::package::Identity::default());
    // Of the app within the app, as for a watch, there may be any number.
    let watch = ipa().file("Watch/Watch.app/Info.plist", extension("com.example.watch"));
    assert_quiet(&watch.build());
}

#[test]
fn what_cannot_be_read_is_not_judged() {
    let mut bare = ipa();
    bare.info = vec![("CFBundleIdentifier", "<oops/>".to_owned())];
    assert_quiet(&bare.build());
    let identity = identity(&bare.build());
    assert_eq!((identity.identifier, identity.archs), (None, None));
    assert_eq!(identity.signing.as_deref(), Some("ad-hoc"));
}

#[test]
fn the_identity_is_that_of_list_profile_and_program() {
    let slices = [(ARMV7, thin(ARMV7, &[])), (ARM64, thin(ARM64, &[]))];
    let identity_of = |ipa: Ipa| identity(&ipa.build());
    let found = identity_of(ipa().program(fat(true, &slices)));
    assert_eq!(found.identifier.as_deref(), Some("com.example"));
    assert_eq!(found.version.as_deref(), Some("1.2"));
    assert_eq!(found.build.as_deref(), Some("7"));
    assert_eq!(found.min_os.as_deref(), Some("15.0"));
    assert_eq!(found.target_os.as_deref(), Some("18.1"));
    assert_eq!(found.archs.unwrap(), ["armv7", "arm64"]);
    assert_eq!((found.debuggable, found.signing.as_deref()), (Some(false), Some("ad-hoc")));
    let profile = found.profile.unwrap();
    assert_eq!(profile.name.as_deref(), Some("Sample Team"));
    assert_eq!(profile.expires.as_deref(), Some("2027-01-01T00:00:00Z"));
    assert_eq!(profile.devices, Some(1));
    let bare = identity_of(ipa().unsigned().profile(None));
    assert_eq!(
        (bare.signing.as_deref(), bare.profile, bare.debuggable),
        (Some("none"), None, None)
    );
    assert_eq!(identity_of(ipa().profile(None)).signing, None);
    let number = identity_of(ipa().info("CFBundleVersion", "<integer>7</integer>"));
    assert_eq!(number.build, None);
    for (devices, debuggable, signing, count) in [
        ("", false, "app-store", None),
        ("<key>ProvisionsAllDevices</key><true/>", false, "enterprise", None),
        (AD_HOC.devices, true, "development", Some(1)),
    ] {
        let found = identity_of(ipa().profile(Profile { devices, debuggable, ..AD_HOC }));
        assert_eq!((found.signing.as_deref(), found.debuggable), (Some(signing), Some(debuggable)));
        assert_eq!(found.profile.unwrap().devices, count);
    }
}

#[test]
fn devices_are_never_told() {
    let bytes =
        ipa().profile(Profile { ends: "2026-11-29T00:00:00Z", debuggable: true, ..AD_HOC }).build();
    let look = crate::package::testing::look_at(&bytes, NOW, &[]).unwrap();
    assert!(!format!("{look:?}").contains("SECRET"));
}
