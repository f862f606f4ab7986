//! The rules about HAPs.

use super::{Context, Expiry, Rule, expiry};
use crate::finding::{Finding, Level, shown};
use crate::package::read::hap_signing::{Devices, Profile};
use crate::package::read::harmony::{Harmony, Hsp};
use crate::package::read::module_json::{Dependency, Module};

pub(crate) fn judge(hap: &Harmony, context: &Context<'_>) -> Vec<Finding> {
    super::findings(&RULES, hap, context, |_| true)
}

pub(super) const RULES: [Rule<Harmony>; 11] = [
    Rule {
        code: "harmony-not-signed",
        level: Level::Blocks,
        says: |hap, _| {
            (hap.is_signed == Some(false)).then(|| {
                "the HAP is not signed (it has no signing block): HarmonyOS will not install it"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "harmony-debug-profile",
        level: Level::Blocks,
        says: |hap, _| {
            of_kind(hap, "debug").map(|_| {
                "its profile is a debug one, which DevEco Studio alone installs. Sign it with a \
                 release certificate and a profile of the type Specified Device Release"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "harmony-wrong-profile",
        level: Level::Blocks,
        says: |hap, _| {
            const OTHERS: [&str; 4] =
                ["app_gallery", "crowdtesting", "os_integration", "developer_id"];
            let way = of_kind(hap, "release")?.distribution.as_deref()?;
            OTHERS.contains(&way).then(|| {
                format!(
                    "its profile is for another way to install ({way}). Sign it with a profile of \
                     the type Specified Device Release (internaltesting)"
                )
            })
        },
    },
    Rule {
        code: "harmony-no-devices",
        level: Level::Blocks,
        says: |hap, _| {
            let profile = of_kind(hap, "release")?;
            let is_testing = profile.distribution.as_deref() == Some("internaltesting");
            let has_none = matches!(profile.devices, Devices::NoList | Devices::Listed(0));
            (is_testing && has_none).then(|| {
                "its profile lists no device. Add the testers' UDIDs to the profile, and sign the \
                 HAP again"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "harmony-profile-other-app",
        level: Level::Blocks,
        says: |hap, _| {
            let is_for = hap.profile.as_ref()?.bundle.as_deref()?;
            let app = hap.module.as_ref()?.bundle.as_deref()?;
            (is_for != app && is_for != ".*").then(|| {
                format!(
                    "its profile is for {} and the app is {}: HarmonyOS will not install it",
                    shown(is_for),
                    shown(app)
                )
            })
        },
    },
    Rule {
        code: "harmony-profile-expired",
        level: Level::SomeDevices,
        says: |hap, context| {
            let Expiry::Past(date) = ends(hap, context)? else { return None };
            Some(format!(
                "its profile expired on {date}: devices may refuse it. Renew the profile, and \
                 sign the HAP again"
            ))
        },
    },
    Rule {
        code: "harmony-profile-expires-soon",
        level: Level::Note,
        says: |hap, context| {
            let Expiry::Soon(date) = ends(hap, context)? else { return None };
            Some(format!("its profile expires on {date}: from then on devices may refuse it"))
        },
    },
    Rule {
        code: "harmony-shared-module",
        level: Level::Blocks,
        says: |hap, _| {
            let kind = hap.module.as_ref()?.kind.as_deref()?;
            ["shared", "har"].contains(&kind).then(|| {
                "this is a shared package, which HarmonyOS installs only together with the HAP \
                 that uses it. Upload the HAP, and name this file with --hsp"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "harmony-not-for-phones",
        level: Level::SomeDevices,
        says: |hap, _| {
            let module = hap.module.as_ref()?;
            let devices = module.devices.as_ref().filter(|devices| !devices.is_empty())?;
            let is_for_phones =
                devices.iter().any(|device| device == "phone" || device == "default");
            (!is_for_phones && module.names_phones == Some(false)).then(|| {
                let devices = shown(&devices.join(", "));
                format!("it is for other devices ({devices}): phones will not install it")
            })
        },
    },
    Rule {
        code: "harmony-hsp-missing",
        level: Level::Blocks,
        says: |hap, context| {
            let missing = missing(hap, context.hsps)?;
            let (packages, them, each) = match missing.len() {
                0 => return None,
                1 => ("package", "it", "it"),
                _ => ("packages", "them", "each"),
            };
            let names: Vec<_> = missing.into_iter().map(shown).collect();
            Some(format!(
                "it needs the shared {packages} {}: HarmonyOS will not install it without {them}. \
                 Give {each} with --hsp",
                names.join(", ")
            ))
        },
    },
    Rule {
        code: "harmony-hsp-version",
        level: Level::Blocks,
        says: |hap, context| {
            let module = hap.module.as_ref()?;
            let (bundle, build) = (module.bundle.as_ref()?, module.build.as_ref()?);
            let mut hsps = context.hsps.iter().flatten();
            let other = hsps.find(|hsp| hsp.bundle == *bundle && hsp.build != *build)?;
            Some(format!(
                "the shared package {} has the version code {} and the HAP {build}: HarmonyOS \
                 installs them together only if they are equal. Build both again",
                shown(&other.module),
                other.build
            ))
        },
    },
];

fn of_kind<'a>(hap: &'a Harmony, kind: &str) -> Option<&'a Profile> {
    hap.profile.as_ref().filter(|profile| profile.kind.as_deref() == Some(kind))
}

fn ends(hap: &Harmony, context: &Context<'_>) -> Option<Expiry> {
    let profile = hap.profile.as_ref()?;
    expiry(profile.not_before, profile.not_after, context.now)
}

/// The shared packages of the same app that are needed at once and were not given. None where one
/// that was given can't be read: it may be any of them.
fn missing<'a>(hap: &'a Harmony, hsps: &[Option<Hsp>]) -> Option<Vec<&'a str>> {
    let (module, later) = (hap.module.as_ref()?, hap.later.as_ref()?);
    let given: Option<Vec<_>> = hsps.iter().map(Option::as_ref).collect();
    let given = given?;
    let needs = |dependency: &&Dependency| {
        is_own(dependency, module)
            && !later.contains(&dependency.module)
            && !given.iter().any(|hsp| hsp.module == dependency.module)
    };
    let mut names = Vec::new();
    for needed in module.dependencies.iter().filter(needs) {
        if !names.contains(&needed.module.as_str()) {
            names.push(needed.module.as_str());
        }
    }
    Some(names)
}

/// Whether a dependency is on another module of the app.
fn is_own(dependency: &Dependency, module: &Module) -> bool {
    dependency.bundle.as_ref().is_none_or(|bundle| module.bundle.as_ref() == Some(bundle))
}
