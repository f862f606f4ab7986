//! What an APK is: its manifest, its signatures, and how its files lie in the archive.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::apk_signing::{self, SIGNER};
use super::entry::{Entry, Placement};
use super::manifest::{Application, Manifest, Sdk};
use super::native::{self, Abis};
use super::v1::SignatureFiles;
use crate::package::ReadAt;
use crate::package::archive::Archive;

const MANIFEST_LIMIT: usize = 2 << 20;
/// The memory pages of the systems that want libraries at their beginning.
const PAGE: u64 = 4096;
const WORD: u64 = 4;
const MOST_LIBRARIES: usize = 1_024;
const MOST_NAMES: usize = 100_000;

/// An APK. A field is `None` if it can't be read.
#[derive(Debug)]
pub(crate) struct Android {
    pub(crate) manifest: Option<Manifest>,
    pub(crate) signatures: Option<Signatures>,
    pub(crate) resources: Option<Placement>,
    /// The first library that can't be used where it lies, and how it lies; looked for where the
    /// manifest says that libraries are not unpacked.
    pub(crate) misplaced: Option<(String, Placement)>,
    pub(crate) abis: Abis,
    pub(crate) has_dex: bool,
    /// A name that two entries have.
    pub(crate) duplicate: Option<String>,
}

/// The signatures of an APK.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Signatures {
    pub(crate) v1: bool,
    pub(crate) v2: bool,
    pub(crate) v3: bool,
    pub(crate) v31: bool,
    /// The v1 signature names v2 or v3 signatures that are missing.
    pub(crate) stripped: bool,
    pub(crate) debug_key: bool,
}

impl Signatures {
    /// Whether there is one in the signing block.
    pub(crate) fn in_block(&self) -> bool {
        self.v2 || self.v3 || self.v31
    }
}

impl Android {
    pub(crate) fn read(archive: &mut Archive<'_>) -> Option<Self> {
        let mut listing = Listing::default();
        archive.each_entry(&mut |name, entry| listing.note(name, entry))?;
        let read = archive.read();
        let manifest = listing.manifest.and_then(|entry| entry.whole(read, MANIFEST_LIMIT));
        let manifest = manifest.and_then(|bytes| Manifest::parse(&bytes));
        let application = manifest.as_ref().and_then(|manifest| manifest.application.as_ref());
        let is_unpacked = application.and_then(|application| application.extract_native_libs);
        let misplaced = match is_unpacked {
            Some(false) => listing.libraries.misplaced(read),
            Some(true) | None => None,
        };
        Some(Self {
            signatures: signatures(&listing.signature_files, read, archive.directory()),
            resources: listing.resources.and_then(|entry| entry.placement(read, WORD)),
            manifest,
            misplaced,
            abis: listing.libraries.abis,
            has_dex: listing.has_dex,
            duplicate: listing.names.duplicate,
        })
    }

    pub(crate) fn application(&self) -> Option<&Application> {
        self.manifest.as_ref()?.application.as_ref()
    }

    /// The API level that it is built for; `None` for a codename.
    pub(crate) fn target(&self) -> Option<u32> {
        level(self.manifest.as_ref()?.target.as_ref())
    }

    /// The lowest API level that it installs on; `None` for a codename.
    pub(crate) fn min(&self) -> Option<u32> {
        level(self.manifest.as_ref()?.min.as_ref())
    }
}

fn level(sdk: Option<&Sdk>) -> Option<u32> {
    match sdk? {
        Sdk::Level(level) => Some(*level),
        Sdk::Codename(_) => None,
    }
}

fn signatures(files: &SignatureFiles, read: &ReadAt<'_>, directory: u64) -> Option<Signatures> {
    let block = apk_signing::block(read, directory)?;
    let v1 = files.is_complete()?;
    let mut found = Signatures {
        v1,
        v2: block.v2.is_some(),
        v3: block.v3.is_some(),
        v31: block.v31.is_some(),
        ..Signatures::default()
    };
    found.stripped = v1 && !found.in_block() && files.tells_of_later_ones(read);
    let signer = match block.v3.or(block.v2) {
        Some(signer) => signer.head(read),
        None => files.block().filter(|_| v1).and_then(|block| block.head(read, SIGNER)),
    };
    found.debug_key = signer.is_some_and(|signer| apk_signing::has_debug_key(&signer));
    Some(found)
}

/// What the central directory shows.
#[derive(Default)]
struct Listing {
    manifest: Option<Entry>,
    resources: Option<Entry>,
    has_dex: bool,
    signature_files: SignatureFiles,
    libraries: Libraries,
    names: Names,
}

impl Listing {
    fn note(&mut self, name: &[u8], entry: Entry) {
        self.names.note(name);
        match name {
            b"AndroidManifest.xml" => {
                self.manifest.get_or_insert(entry);
            }
            b"resources.arsc" => {
                self.resources.get_or_insert(entry);
            }
            b"classes.dex" => self.has_dex = true,
            _ => match native::of_apk(name) {
                Some(abi) => self.libraries.note(abi, name, entry),
                None => self.signature_files.note(name, entry),
            },
        }
    }
}

/// The libraries of the first processor that a phone would take.
#[derive(Debug, Default)]
struct Libraries {
    abis: Abis,
    abi: Option<&'static str>,
    kept: Vec<(String, Entry)>,
}

impl Libraries {
    fn note(&mut self, abi: &'static str, name: &[u8], entry: Entry) {
        const ARM: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "armeabi"];
        self.abis.add(abi);
        let rank = |abi| ARM.iter().position(|arm| *arm == abi);
        let Some(found) = rank(abi) else { return };
        match self.abi.and_then(rank) {
            Some(kept) if kept < found => return,
            Some(kept) if kept == found => {}
            _ => {
                self.abi = Some(abi);
                self.kept.clear();
            }
        }
        // No system has a file with a longer name.
        if self.kept.len() < MOST_LIBRARIES && name.len() <= 300 {
            self.kept.push((String::from_utf8_lossy(name).into_owned(), entry));
        }
    }

    /// The first one that can't be used where it lies.
    fn misplaced(&self, read: &ReadAt<'_>) -> Option<(String, Placement)> {
        self.kept.iter().find_map(|(name, entry)| {
            let placement = entry.placement(read, PAGE)?;
            (placement != Placement::Fine).then(|| (name.clone(), placement))
        })
    }
}

/// The names that have been there, as hashes.
#[derive(Default)]
struct Names {
    seen: HashSet<u64>,
    duplicate: Option<String>,
}

impl Names {
    fn note(&mut self, name: &[u8]) {
        if self.duplicate.is_some() || self.seen.len() >= MOST_NAMES {
            return;
        }
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            self.duplicate = Some(String::from_utf8_lossy(name).into_owned());
        }
    }
}
