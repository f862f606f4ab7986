//! Finds out what an archive is from the names of its entries.

use super::Refusal;
use super::marks::{Mark, mark_of};
use super::not_a_package::{APEX, BUNDLES, HSP, LIBRARY, NearMiss, OTHERS, UNKNOWN};
use crate::types::BuildType;

/// The set of marks that were seen. Its size is constant, however many entries there are.
#[derive(Debug, Default)]
pub(super) struct Contents(u64);

impl Contents {
    /// Adds the mark of an entry's name, if it has one.
    pub(super) fn note(&mut self, name: &[u8]) {
        if let Some(mark) = mark_of(name) {
            self.0 |= 1 << mark as u64;
        }
    }

    fn has(&self, mark: Mark) -> bool {
        self.0 & (1 << mark as u64) != 0
    }

    /// Decides the type of the package, or refuses what is not one.
    ///
    /// The order matters. An APK may contain any of the files that make the other types, and an
    /// APEX is an APK by its manifest. A HAP's `config.json` is the weakest mark, so bundles go
    /// before it.
    pub(super) fn build_type(&self, extension: &str) -> Result<BuildType, Refusal> {
        if let Some(apex) = self.first_of(&[APEX]) {
            return Err(apex.refusal());
        }
        if self.has(Mark::AndroidManifest) && self.has(Mark::AndroidCode) {
            return Ok(BuildType::Android);
        }
        if self.has(Mark::IosApp) {
            return Ok(BuildType::Ios);
        }
        if let Some(bundle) = self.first_of(&BUNDLES) {
            return Err(bundle.refusal());
        }
        if self.is_hap() {
            return if extension == "hsp" { Err(HSP.refusal()) } else { Ok(BuildType::HarmonyOs) };
        }
        if self.has(Mark::AndroidManifest) && extension == "aar" {
            return Err(LIBRARY.refusal());
        }
        Err(self.first_of(&OTHERS).unwrap_or(&UNKNOWN).refusal())
    }

    /// A website may have a `config.json` and a folder `assets` too, but a HAP has no page at its
    /// top.
    fn is_hap(&self) -> bool {
        let is_website =
            self.has(Mark::WebPage) && !self.has(Mark::HapCode) && !self.has(Mark::PackInfo);
        let is_accompanied = self.has(Mark::HapCode) || self.has(Mark::HapFolder);
        self.has(Mark::HapModule) || (self.has(Mark::HapConfig) && is_accompanied && !is_website)
    }

    fn first_of<'a>(&self, misses: &'a [NearMiss]) -> Option<&'a NearMiss> {
        misses.iter().find(|miss| miss.marks.iter().all(|mark| self.has(*mark)))
    }
}
