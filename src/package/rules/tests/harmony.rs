use crate::package::read::cms::tests::signed;
use crate::package::read::hap_signing::tests::signing_block;
use crate::package::testing::look_at;
use crate::package::testing::zip::{File, deflated, stored, zip};
use crate::package::testing::{NOW, assert_found, assert_quiet, codes, identity};

const MAGIC: &[u8] = b"<hap sign block>";

/// A HAP to be: its module, its profile, more files.
struct Hap {
    module: String,
    profile: Option<String>,
    files: Vec<File>,
}

/// What stands in `app` and `module`.
fn module(app: &str, module: &str) -> String {
    format!(
        r#"{{"app":{{"bundleName":"com.example","versionName":"1.2","versionCode":7,
        "minAPIVersion":50000012,"targetAPIVersion":60000020{app}}},
        "module":{{"name":"entry","type":"entry","deviceTypes":["phone","tablet"]{module}}}}}"#
    )
}

fn profile(kind: &str, distribution: &str, bundle: &str, rest: &str) -> String {
    format!(
        r#"{{"version-name":"2.0.0","type":"{kind}",{distribution}"bundle-info":{{"bundle-name":"{bundle}"}}{rest}}}"#
    )
}

const TESTING: &str = r#""app-distribution-type":"internaltesting","#;
const DEVICES: &str = r#","debug-info":{"device-ids":["SECRET-1","SECRET-2"]}"#;

/// A HAP that every phone in its profile installs.
fn hap() -> Hap {
    let profile = profile("release", TESTING, "com.example", DEVICES);
    Hap { module: module("", ""), profile: Some(profile), files: Vec::new() }
}

impl Hap {
    fn module(mut self, module: String) -> Self {
        self.module = module;
        self
    }

    fn profile(mut self, profile: impl Into<Option<String>>) -> Self {
        self.profile = profile.into();
        self
    }

    fn file(mut self, name: &str, data: &str) -> Self {
        self.files.push(deflated(name, data));
        self
    }

    fn build(&self) -> Vec<u8> {
        let block = match &self.profile {
            Some(profile) => signing_block(MAGIC, 3, &[(0x2000_0002, &signed(profile.as_bytes()))]),
            None => Vec::new(),
        };
        let module = deflated("module.json", &self.module);
        zip(&[vec![module, stored("ets/modules.abc", "code")], self.files.clone()].concat(), &block)
    }
}

#[test]
fn a_good_one_is_quiet() {
    assert_quiet(&hap().build());
}

#[test]
fn not_signed() {
    assert_found(&hap().profile(None).build(), "harmony-not-signed", &["no signing block"]);
    // A block without a profile, and one with a profile that can't be read, are blocks.
    for parts in [&[(0x2000_0000, &b"signature"[..])][..], &[(0x2000_0002, b"damaged")]] {
        let module = deflated("module.json", module("", ""));
        assert_quiet(&zip(&[module], &signing_block(MAGIC, 3, parts)));
    }
}

#[test]
fn debug_profile() {
    let debug = profile("debug", "", "com.example", DEVICES);
    let words = ["DevEco Studio", "Specified Device Release"];
    assert_found(&hap().profile(debug).build(), "harmony-debug-profile", &words);
    assert_quiet(&hap().profile(profile("other", "", "com.example", "")).build());
}

#[test]
fn wrong_profile() {
    let way = |way: &str| {
        let distribution = format!(r#""app-distribution-type":"{way}","#);
        hap().profile(profile("release", &distribution, "com.example", DEVICES)).build()
    };
    for other in ["app_gallery", "crowdtesting", "os_integration", "developer_id"] {
        assert_found(&way(other), "harmony-wrong-profile", &[other, "internaltesting"]);
    }
    for quiet in ["internaltesting", "enterprise", "enterprise_mdm", "new"] {
        assert_quiet(&way(quiet));
    }
    assert_quiet(&hap().profile(profile("release", "", "com.example", "")).build());
}

#[test]
fn no_devices() {
    let code = "harmony-no-devices";
    let with = |rest: &str| hap().profile(profile("release", TESTING, "com.example", rest)).build();
    assert_found(&with(""), code, &["lists no device", "UDIDs"]);
    assert_found(&with(r#","debug-info":{}"#), code, &[]);
    assert_found(&with(r#","debug-info":{"device-ids":[]}"#), code, &[]);
    assert_quiet(&with(r#","debug-info":{"device-ids":["a"]}"#));
    assert_quiet(&with(r#","debug-info":{"device-ids":"a"}"#));
    let gallery = profile("release", r#""app-distribution-type":"enterprise","#, "com.example", "");
    assert_quiet(&hap().profile(gallery).build());
}

#[test]
fn profile_of_another_app() {
    let code = "harmony-profile-other-app";
    let of = |bundle: &str| hap().profile(profile("release", TESTING, bundle, DEVICES)).build();
    assert_found(&of("com.other"), code, &["com.other", "com.example"]);
    assert_found(&of("com.Example"), code, &[]);
    assert_found(&of("com.other.*"), code, &["com.other.*"]);
    assert_quiet(&of(""));
    for fits in ["com.example", ".*"] {
        assert_quiet(&of(fits));
    }
}

#[test]
fn expiry() {
    let (past, soon) = ("harmony-profile-expired", "harmony-profile-expires-soon");
    let valid = |from: i64, to: i64| {
        let rest = format!(r#"{DEVICES},"validity":{{"not-before":{from},"not-after":{to}}}"#);
        hap().profile(profile("release", TESTING, "com.example", &rest)).build()
    };
    const WEEK: i64 = 604_800;
    assert_found(&valid(0, NOW), past, &["2026-11-29", "may"]);
    assert_found(&valid(0, NOW + 1), soon, &["2026-11-29"]);
    assert_found(&valid(0, NOW + WEEK), soon, &["2026-12-06"]);
    assert_quiet(&valid(0, NOW + WEEK + 1));
    assert_quiet(&valid(NOW + 1, NOW - 1));
    assert_found(&valid(NOW, NOW - 1), past, &[]);
}

#[test]
fn shared_module() {
    for kind in ["shared", "har"] {
        let shared = module("", "").replace(r#""type":"entry""#, &format!(r#""type":"{kind}""#));
        assert_found(&hap().module(shared).build(), "harmony-shared-module", &["--hsp"]);
    }
    let feature = module("", "").replace(r#""type":"entry""#, r#""type":"feature""#);
    assert_quiet(&hap().module(feature).build());
}

#[test]
fn not_for_phones() {
    let code = "harmony-not-for-phones";
    let devices = |list: &str, more: &str| {
        let module = module("", more).replace(r#"["phone","tablet"]"#, list);
        hap().module(module).build()
    };
    assert_found(&devices(r#"["tablet","2in1"]"#, ""), code, &["tablet, 2in1", "phones"]);
    assert_found(&devices(r#"["tv"]"#, r#","requiredDeviceFeatures":{"tv":["a"]}"#), code, &["tv"]);
    for list in [r#"["phone"]"#, r#"["default"]"#, "[]", r#"["tablet",1]"#, r#""tablet""#] {
        assert_quiet(&devices(list, ""));
    }
    assert_quiet(&devices(r#"["tv"]"#, r#","requiredDeviceFeatures":{"phone":["a"]}"#));
    assert_quiet(&devices(r#"["tv"]"#, r#","requiredDeviceFeatures":["phone"]"#));
    // The older form has another name for it.
    let config = r#"{"app":{"bundleName":"com.example","version":{"code":7,"name":"1.2"}},
        "module":{"deviceType":["wearable"]}}"#;
    let older = |config: &str| {
        let mut bytes = hap().file("config.json", config);
        bytes.module = String::new();
        let block = signing_block(MAGIC, 3, &[]);
        zip(&[bytes.files.remove(0), stored("assets/entry.txt", "")], &block)
    };
    assert_found(&older(config), code, &["wearable"]);
    assert_quiet(&older(&config.replace("wearable", "phone")));
    assert_eq!(identity(&older(config)).build.as_deref(), Some("7"));
}

/// An HSP of the app, or of another.
fn hsp(bundle: &str, name: &str, version: u32) -> Vec<u8> {
    let json = format!(
        r#"{{"app":{{"bundleName":"{bundle}","versionCode":{version}}},"module":{{"name":"{name}","type":"shared"}}}}"#
    );
    zip(&[deflated("module.json", json)], b"")
}

/// The findings in a HAP that goes with these HSPs.
fn beside(hap: &Hap, hsps: &[Vec<u8>]) -> Vec<(&'static str, String)> {
    let found = look_at(&hap.build(), NOW, hsps).unwrap().findings;
    found.into_iter().map(|finding| (finding.code, finding.message)).collect()
}

fn depending(dependencies: &str) -> Hap {
    hap().module(module("", &format!(r#","dependencies":[{dependencies}]"#)))
}

#[test]
fn hsp_missing() {
    let two = depending(r#"{"moduleName":"base"},{"bundleName":"com.example","moduleName":"ui"}"#);
    let found = beside(&two, &[]);
    assert_eq!(found[0].0, "harmony-hsp-missing");
    assert!(
        found[0].1.contains("shared packages base, ui")
            && found[0].1.contains("Give each with --hsp"),
        "{found:?}"
    );
    let found = beside(&two, &[hsp("com.example", "base", 7)]);
    assert!(
        found[0].1.contains("shared package ui:") && found[0].1.contains("Give it with --hsp"),
        "{found:?}"
    );
    assert_eq!(beside(&two, &[hsp("com.example", "ui", 7), hsp("com.example", "base", 7)]), []);
    let twice = depending(r#"{"moduleName":"base"},{"moduleName":"base"}"#);
    assert!(beside(&twice, &[])[0].1.contains("shared package base:"));
    // Of another app, it is not installed together with this one.
    assert_eq!(beside(&depending(r#"{"bundleName":"com.other","moduleName":"base"}"#), &[]), []);
    assert_eq!(beside(&depending(r#"{"moduleName":7}"#), &[]), []);
    // One that can't be read may be any.
    assert_eq!(beside(&two, &[zip(&[stored("module.json", "?")], b"")]), []);
    assert_eq!(beside(&two, &[b"no archive".to_vec(), hsp("com.example", "ui", 7)]), []);
}

#[test]
fn an_hsp_may_come_later() {
    let pack = |name: &str, now: &str| {
        format!(
            r#"{{"summary":{{"modules":[{{"distro":{{"moduleName":"{name}","deliveryWithInstall":{now}}}}}]}}}}"#
        )
    };
    let with = |pack: &str| {
        beside(&depending(r#"{"moduleName":"base"}"#).file("pack.info", pack), &[]).len()
    };
    assert_eq!(with(&pack("base", "false")), 0);
    assert_eq!(with(&pack("base", "true")), 1);
    assert_eq!(with(&pack("entry", "false")), 1);
    assert_eq!(with("{}"), 1);
    assert_eq!(with("damaged"), 0);
}

#[test]
fn hsp_version() {
    let found = beside(&hap(), &[hsp("com.example", "ui", 7), hsp("com.example", "base", 8)]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "harmony-hsp-version");
    for word in ["base", "8", "7"] {
        assert!(found[0].1.contains(word), "{found:?}");
    }
    assert_eq!(beside(&hap(), &[hsp("com.other", "base", 8)]), []);
    assert_eq!(beside(&hap(), &[zip(&[], b"")]), []);
    let unknown =
        hap().module(module("", "").replace(r#""versionCode":7"#, r#""versionCode":"7""#));
    assert_eq!(beside(&unknown, &[hsp("com.example", "base", 8)]), []);
}

#[test]
fn what_cannot_be_read_is_not_judged() {
    let damaged = hap().module("{".to_owned()).profile("[]".to_owned()).build();
    assert_quiet(&damaged);
    let identity = identity(&damaged);
    assert_eq!((identity.identifier, identity.signing, identity.profile), (None, None, None));
}

#[test]
fn the_identity_is_that_of_module_and_profile() {
    let library = hap().file("libs/x86_64/a.so", "").file("libs/arm64-v8a/a.so.1", "").build();
    let found = identity(&library);
    assert_eq!(found.identifier.as_deref(), Some("com.example"));
    assert_eq!(found.version.as_deref(), Some("1.2"));
    assert_eq!(found.build.as_deref(), Some("7"));
    assert_eq!(found.min_os.as_deref(), Some("50000012"));
    assert_eq!(found.target_os.as_deref(), Some("60000020"));
    assert_eq!(found.archs.unwrap(), ["arm64-v8a", "x86_64"]);
    assert_eq!(
        (found.debuggable, found.signing.as_deref()),
        (Some(false), Some("internaltesting"))
    );
    let profile = found.profile.unwrap();
    assert_eq!((profile.name, profile.expires, profile.devices), (None, None, Some(2)));
    let rest = r#","validity":{"not-after":1795946400}"#;
    let debug = hap().profile(self::profile("debug", "", "com.example", rest));
    let debug = identity(&debug.module(module(r#","debug":true"#, "")).build());
    assert_eq!((debug.debuggable, debug.signing.as_deref()), (Some(true), Some("debug")));
    assert_eq!(debug.profile.unwrap().expires.as_deref(), Some("2026-11-29T10:00:00Z"));
    let none = identity(&hap().profile(None).build());
    assert_eq!((none.signing.as_deref(), none.profile), (Some("none"), None));
}

#[test]
fn devices_are_never_told() {
    let look = look_at(&hap().build(), NOW, &[]).unwrap();
    assert!(!format!("{look:?}").contains("SECRET"));
    assert_eq!(codes(&hap().build()), [""; 0]);
}
