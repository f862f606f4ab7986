//! All that was read from a package, from which follow what it is and what will be noticed.

use crate::finding::Finding;
use crate::package::archive::Archive;
use crate::package::identity::Identity;
use crate::package::read::android::Android;
use crate::package::read::harmony::{Harmony, Hsp};
use crate::package::read::ios::Ios;
use crate::package::rules::{self, Context};

/// What was read from a package.
#[derive(Debug)]
pub(crate) enum Facts {
    /// An APK.
    Android(Box<Android>),
    /// An IPA.
    Ios(Box<Ios>),
    /// A HAP.
    Harmony(Box<Harmony>),
    /// A package that can't be read.
    Unknown,
}

impl Facts {
    /// Reads an APK.
    pub(crate) fn of_apk(archive: &mut Archive<'_>) -> Self {
        Android::read(archive).map_or(Self::Unknown, |apk| Self::Android(Box::new(apk)))
    }

    /// Reads an IPA.
    pub(crate) fn of_ipa(archive: &mut Archive<'_>) -> Self {
        Ios::read(archive).map_or(Self::Unknown, |ipa| Self::Ios(Box::new(ipa)))
    }

    /// Reads a HAP.
    pub(crate) fn of_hap(archive: &mut Archive<'_>) -> Self {
        Harmony::read(archive).map_or(Self::Unknown, |hap| Self::Harmony(Box::new(hap)))
    }

    /// What the package says it is.
    pub(crate) fn identity(&self) -> Identity {
        Identity::of(self)
    }

    /// What testers will notice, the worst first; `now` in seconds since 1970. Of the HSPs that go
    /// with a HAP, one that can't be read is `None`.
    pub(crate) fn findings(&self, now: i64, hsps: &[Option<Hsp>]) -> Vec<Finding> {
        let context = Context { now, hsps };
        match self {
            Self::Android(apk) => rules::android::judge(apk, &context),
            Self::Ios(ipa) => rules::ios::judge(ipa, &context),
            Self::Harmony(hap) => rules::harmony::judge(hap, &context),
            Self::Unknown => Vec::new(),
        }
    }
}
