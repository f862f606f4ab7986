//! What a package is, for people and for scripts.

use crate::finding::shown;
use crate::package::facts::Facts;
use crate::package::read::android::{Android, Signatures};
use crate::package::read::hap_signing::Devices;
use crate::package::read::harmony::Harmony;
use crate::package::read::ios::{Ios, Program};
use crate::package::read::manifest::Sdk;
use crate::package::read::mobileprovision;
use crate::package::read::time;

/// What a package says it is. `None` is what it does not say, or what can't be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The application id, bundle identifier or bundle name.
    pub identifier: Option<String>,
    /// The name that people see, where it stands in the package itself and not in its resources.
    pub name: Option<String>,
    /// The version that people see.
    pub version: Option<String>,
    /// The version that systems compare: version code or bundle version.
    pub build: Option<String>,
    /// The lowest system that it installs on, as the platform writes it.
    pub min_os: Option<String>,
    /// The system that it was built for, as the platform writes it.
    pub target_os: Option<String>,
    /// The processors that it has native code for; empty without native code.
    pub archs: Option<Vec<String>>,
    /// Whether a debugger may attach to it.
    pub debuggable: Option<bool>,
    /// How it is signed: `v1+v2`, `ad-hoc`, `internaltesting`, …, or `none`.
    pub signing: Option<String>,
    /// The provisioning profile in it.
    pub profile: Option<Profile>,
}

/// A provisioning profile. Only the number of its devices is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// Its name, without control characters.
    pub name: Option<String>,
    /// When it expires, as in `2026-11-29T10:00:00Z`.
    pub expires: Option<String>,
    /// How many devices it lists; `None` without a list.
    pub devices: Option<usize>,
}

impl Identity {
    pub(crate) fn of(facts: &Facts) -> Self {
        match facts {
            Facts::Android(apk) => of_apk(apk),
            Facts::Ios(ipa) => of_ipa(ipa),
            Facts::Harmony(hap) => of_hap(hap),
            Facts::Unknown => Self::default(),
        }
    }
}

fn of_apk(apk: &Android) -> Identity {
    let signing = apk.signatures.as_ref().map(schemes);
    let archs = Some(owned(apk.abis.names()));
    let Some(manifest) = &apk.manifest else {
        return Identity { archs, signing, ..Identity::default() };
    };
    Identity {
        identifier: manifest.package.clone(),
        name: manifest.application.as_ref().and_then(|app| app.label.as_deref()).map(shown),
        version: manifest.version_name.clone(),
        build: manifest.version_code.map(|code| code.to_string()),
        min_os: manifest.min.as_ref().map(written),
        target_os: manifest.target.as_ref().map(written),
        archs,
        debuggable: manifest.application.as_ref().map_or(Some(false), |app| app.debuggable),
        signing,
        profile: None,
    }
}

fn written(sdk: &Sdk) -> String {
    match sdk {
        Sdk::Level(level) => level.to_string(),
        Sdk::Codename(name) => name.clone(),
    }
}

fn schemes(signatures: &Signatures) -> String {
    let schemes = [
        (signatures.v1, "v1"),
        (signatures.v2, "v2"),
        (signatures.v3, "v3"),
        (signatures.v31, "v3.1"),
    ];
    let there: Vec<_> =
        schemes.iter().filter(|(is_there, _)| *is_there).map(|(_, name)| *name).collect();
    if there.is_empty() { "none".to_owned() } else { there.join("+") }
}

fn owned<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

fn of_ipa(ipa: &Ios) -> Identity {
    let profile = ipa.profile.as_ref();
    let is_bare = !ipa.has_profile && !ipa.is_signed();
    let mut identity = Identity {
        archs: match &ipa.program {
            Program::Slices(slices) => Some(owned(slices.iter().map(|slice| slice.arch))),
            Program::Missing | Program::Unknown => None,
        },
        debuggable: profile.map(|profile| profile.debuggable),
        signing: match profile {
            Some(profile) => Some(profile.kind.as_str().to_owned()),
            None => is_bare.then(|| "none".to_owned()),
        },
        profile: profile.map(of_provision),
        ..Identity::default()
    };
    if let Some(info) = &ipa.info {
        identity.identifier.clone_from(&info.identifier);
        identity.name = info.name.as_deref().map(shown);
        identity.version.clone_from(&info.version);
        identity.build.clone_from(&info.build);
        identity.min_os.clone_from(&info.min_os);
        identity.target_os.clone_from(&info.target_os);
    }
    identity
}

fn of_provision(profile: &mobileprovision::Profile) -> Profile {
    Profile {
        name: profile.name.as_deref().map(shown),
        expires: profile.expires.map(time::timestamp),
        devices: profile.devices,
    }
}

fn of_hap(hap: &Harmony) -> Identity {
    let profile = hap.profile.as_ref();
    let mut identity = Identity {
        archs: Some(owned(hap.abis.names())),
        signing: match profile {
            Some(profile) if profile.kind.as_deref() == Some("debug") => profile.kind.clone(),
            Some(profile) => profile.distribution.clone(),
            None => (hap.is_signed == Some(false)).then(|| "none".to_owned()),
        },
        profile: profile.map(|profile| Profile {
            name: None,
            expires: profile.not_after.map(time::timestamp),
            devices: match profile.devices {
                Devices::Listed(count) => Some(count),
                Devices::NoList | Devices::Unknown => None,
            },
        }),
        ..Identity::default()
    };
    if let Some(module) = &hap.module {
        identity.identifier.clone_from(&module.bundle);
        identity.version.clone_from(&module.version);
        identity.build.clone_from(&module.build);
        identity.min_os.clone_from(&module.min_os);
        identity.target_os.clone_from(&module.target_os);
        identity.debuggable = module.debuggable;
    }
    identity
}
