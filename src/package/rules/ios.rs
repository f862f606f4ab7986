//! The rules about IPAs.

use super::{Context, Expiry, Rule, expiry};
use crate::finding::{Finding, Level, shown};
use crate::package::read::ios::{Executable, Info, Ios, Platforms, Program};
use crate::package::read::macho::{Commands, Platform, Slice};
use crate::package::read::mobileprovision::{Kind, Profile};

/// The rules that apply to a build for the simulator.
const BESIDE_SIMULATOR: [&str; 10] = [
    "ios-simulator",
    "ios-app-store",
    "ios-no-devices",
    "ios-profile-expired",
    "ios-profile-expires-soon",
    "ios-development",
    "ios-profile-other-app",
    "ios-no-identifier",
    "ios-no-executable",
    "ios-extension-id",
];

pub(crate) fn judge(ipa: &Ios, context: &Context<'_>) -> Vec<Finding> {
    let is_simulator = built_for(ipa) == BuiltFor::Simulator;
    super::findings(&RULES, ipa, context, |code| !is_simulator || BESIDE_SIMULATOR.contains(&code))
}

pub(super) const RULES: [Rule<Ios>; 16] = [
    Rule {
        code: "ios-simulator",
        level: Level::Blocks,
        says: |ipa, _| {
            (built_for(ipa) == BuiltFor::Simulator).then(|| {
                "it is built for the simulator, and no device runs it. Archive it for a device \
                 (Any iOS Device, -sdk iphoneos), and export an IPA"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "ios-other-platform",
        level: Level::Blocks,
        says: |ipa, _| {
            let BuiltFor::Other(platform) = built_for(ipa) else { return None };
            Some(format!("it is an app for {platform}: iPhones and iPads will not install it"))
        },
    },
    Rule {
        code: "ios-encrypted",
        level: Level::Blocks,
        says: |ipa, _| {
            is_encrypted(ipa).then(|| {
                "its program is encrypted by the App Store and runs for the account alone that \
                 bought it there. Export an IPA from Xcode instead"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "ios-32-bit-only",
        level: Level::Blocks,
        says: |ipa, _| {
            let archs: Vec<_> = slices(ipa)?.iter().map(|slice| slice.arch).collect();
            let is_32_bit = !archs.iter().any(|arch| arch.starts_with("arm64"));
            (is_32_bit && built_for(ipa) == BuiltFor::Ios).then(|| {
                format!(
                    "its program is 32-bit alone ({}): iOS 11 and later will not install it. \
                     Build it for arm64",
                    archs.join(", ")
                )
            })
        },
    },
    Rule {
        code: "ios-not-signed",
        level: Level::Blocks,
        says: |ipa, _| {
            (!ipa.is_signed() && !is_encrypted(ipa)).then(|| {
                "the app is not signed: iOS will not install it. Export an IPA from Xcode \
                 (xcodebuild -exportArchive)"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "ios-no-profile",
        level: Level::Blocks,
        says: |ipa, _| {
            (!ipa.has_profile && !is_encrypted(ipa)).then(|| {
                "the IPA has no embedded.mobileprovision: devices outside the App Store will not \
                 install it"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "ios-app-store",
        level: Level::Blocks,
        says: |ipa, _| {
            let profile = of_kind(ipa, &[Kind::AppStore])?;
            Some(format!(
                "its profile{} is for the App Store: devices get the app from there or from \
                 TestFlight alone. Export the IPA as Ad Hoc, Enterprise or Development",
                named(profile)
            ))
        },
    },
    Rule {
        code: "ios-no-devices",
        level: Level::Blocks,
        says: |ipa, _| {
            let profile = of_kind(ipa, &[Kind::AdHoc, Kind::Development])?;
            (profile.devices == Some(0)).then(|| {
                format!(
                    "its profile{} lists no device. Register the testers' devices, and export \
                     the IPA again",
                    named(profile)
                )
            })
        },
    },
    Rule {
        code: "ios-profile-expired",
        level: Level::Blocks,
        says: |ipa, context| {
            let profile = ipa.profile.as_ref()?;
            let expiry = expiry(profile.created, profile.expires, context.now)?;
            let Expiry::Past(date) = expiry else { return None };
            Some(format!(
                "its profile{} expired on {date}: iOS will not install the app. Renew the \
                 profile, and export the IPA again",
                named(profile)
            ))
        },
    },
    Rule {
        code: "ios-profile-expires-soon",
        level: Level::Note,
        says: |ipa, context| {
            let profile = ipa.profile.as_ref()?;
            let expiry = expiry(profile.created, profile.expires, context.now)?;
            let Expiry::Soon(date) = expiry else { return None };
            Some(format!(
                "its profile{} expires on {date}: from then on the app can't be installed or \
                 opened",
                named(profile)
            ))
        },
    },
    Rule {
        code: "ios-development",
        level: Level::Note,
        says: |ipa, _| {
            of_kind(ipa, &[Kind::Development]).map(|_| {
                "it is signed for development: iOS 16 and later open it only in Developer Mode. \
                 Export it as Ad Hoc to spare testers that"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "ios-profile-other-app",
        level: Level::Note,
        says: |ipa, _| {
            let is_for = ipa.profile.as_ref()?.app.as_ref()?;
            let app = identifier(ipa)?;
            let fits = match is_for.strip_suffix('*') {
                Some(beginning) => app.starts_with(beginning),
                None => app == is_for,
            };
            (!fits).then(|| {
                format!(
                    "its profile is for {} and the app is {}: push notifications and shared data \
                     won't work, and devices may refuse the app",
                    shown(is_for),
                    shown(app)
                )
            })
        },
    },
    Rule {
        code: "ios-no-identifier",
        level: Level::Blocks,
        says: |ipa, _| {
            ipa.info.as_ref()?.identifier.is_none().then(|| {
                "its Info.plist has no CFBundleIdentifier: iOS will not install it. Build it again"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "ios-no-executable",
        level: Level::Blocks,
        says: |ipa, _| {
            let missing = missing_program(ipa)?;
            Some(format!("{missing}: iOS will not install it. Build it again"))
        },
    },
    Rule {
        code: "ios-extension-id",
        level: Level::Blocks,
        says: |ipa, _| {
            let app = identifier(ipa)?;
            let begins = format!("{app}.");
            let id = ipa.extensions.iter().find(|id| !id.starts_with(&begins))?;
            Some(format!(
                "the extension {} must have an identifier that begins with the app's ({}.): iOS \
                 will not install the app",
                shown(id),
                shown(app)
            ))
        },
    },
    Rule {
        code: "ios-ipad-only",
        level: Level::SomeDevices,
        says: |ipa, _| {
            let families = &ipa.info.as_ref()?.families;
            let is_for_tablets = families.contains(&2) && !families.contains(&1);
            (is_for_tablets && built_for(ipa) == BuiltFor::Ios).then(|| {
                "it is for iPads alone (UIDeviceFamily): iPhones will not install it".to_owned()
            })
        },
    },
];

impl Ios {
    /// Whether nothing says that it is not signed.
    pub(crate) fn is_signed(&self) -> bool {
        let mut read = commands(self).peekable();
        let is_read = read.peek().is_some();
        self.has_resources && (!is_read || read.any(|commands| commands.signed))
    }
}

/// What an app is built for.
#[derive(Debug, PartialEq, Eq)]
enum BuiltFor {
    Ios,
    Simulator,
    /// By the system's name.
    Other(&'static str),
}

/// iOS where nothing says something else.
fn built_for(ipa: &Ios) -> BuiltFor {
    let named = ipa.info.as_ref().map(names).unwrap_or_default();
    let mut platforms: Vec<_> = commands(ipa).flat_map(|read| &read.platforms).copied().collect();
    let intel = |slice: &Slice| matches!(slice.arch, "i386" | "x86_64");
    let simulator = |platforms: &[Platform]| {
        !platforms.is_empty() && platforms.iter().all(|one| *one == Platform::Simulator)
    };
    if simulator(&named)
        || platforms.contains(&Platform::Simulator)
        || slices(ipa).is_some_and(|slices| slices.iter().all(intel))
    {
        return BuiltFor::Simulator;
    }
    if !ipa.info.as_ref().is_some_and(|info| info.platforms == Platforms::None) {
        platforms = named;
    }
    if platforms.iter().any(|one| matches!(one, Platform::Ios | Platform::Unknown)) {
        return BuiltFor::Ios;
    }
    let other = platforms.iter().find_map(|one| match one {
        Platform::Other(name) => Some(*name),
        Platform::Ios | Platform::Simulator | Platform::Unknown => None,
    });
    other.map_or(BuiltFor::Ios, BuiltFor::Other)
}

/// The platforms that `Info.plist` names.
fn names(info: &Info) -> Vec<Platform> {
    match &info.platforms {
        Platforms::None => Vec::new(),
        Platforms::Unknown => vec![Platform::Unknown],
        Platforms::Named(names) => names.iter().map(|name| platform(name)).collect(),
    }
}

fn platform(name: &str) -> Platform {
    match name {
        "iPhoneOS" => Platform::Ios,
        "iPhoneSimulator" | "AppleTVSimulator" | "WatchSimulator" | "XRSimulator" => {
            Platform::Simulator
        }
        "AppleTVOS" => Platform::Other("tvOS"),
        "WatchOS" => Platform::Other("watchOS"),
        "XROS" => Platform::Other("visionOS"),
        "MacOSX" => Platform::Other("macOS"),
        _ => Platform::Unknown,
    }
}

fn slices(ipa: &Ios) -> Option<&[Slice]> {
    if let Program::Slices(slices) = &ipa.program { Some(slices) } else { None }
}

/// The commands of those slices that could be read.
fn commands(ipa: &Ios) -> impl Iterator<Item = &Commands> {
    slices(ipa).unwrap_or_default().iter().filter_map(|slice| slice.commands.as_ref())
}

fn is_encrypted(ipa: &Ios) -> bool {
    commands(ipa).any(|commands| commands.encrypted)
}

fn identifier(ipa: &Ios) -> Option<&str> {
    ipa.info.as_ref()?.identifier.as_deref()
}

fn of_kind<'a>(ipa: &'a Ios, kinds: &[Kind]) -> Option<&'a Profile> {
    ipa.profile.as_ref().filter(|profile| kinds.contains(&profile.kind))
}

fn named(profile: &Profile) -> String {
    profile.name.as_ref().map(|name| format!(" ({})", shown(name))).unwrap_or_default()
}

/// What is wrong with the program that `Info.plist` names.
fn missing_program(ipa: &Ios) -> Option<String> {
    match &ipa.info.as_ref()?.executable {
        Executable::None => Some("its Info.plist names no program (CFBundleExecutable)".to_owned()),
        // Names beyond ASCII may have been written in another form of Unicode.
        Executable::Named(name) if name.is_ascii() && ipa.program == Program::Missing => {
            Some(format!(
                "its Info.plist names the program {}, and the app has no such file",
                shown(name)
            ))
        }
        Executable::Named(_) | Executable::Unknown => None,
    }
}
