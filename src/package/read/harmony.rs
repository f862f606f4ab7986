//! What a HAP is: its module, its profile, its native code; and as much of the HSPs beside it.

use super::entry::Entry;
use super::hap_signing::{self, Profile};
use super::module_json::{self, Module};
use super::native::{self, Abis};
use crate::package::archive::Archive;

const TEXT_LIMIT: usize = 1 << 20;

/// A HAP. A field is `None` if it can't be read.
#[derive(Debug)]
pub(crate) struct Harmony {
    pub(crate) module: Option<Module>,
    pub(crate) is_signed: Option<bool>,
    pub(crate) profile: Option<Profile>,
    pub(crate) abis: Abis,
    /// The modules that are not installed together with the others.
    pub(crate) later: Option<Vec<String>>,
}

/// A shared package that a HAP may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hsp {
    pub(crate) module: String,
    pub(crate) bundle: String,
    pub(crate) build: String,
}

impl Harmony {
    pub(crate) fn read(archive: &mut Archive<'_>) -> Option<Self> {
        let mut listing = Listing::default();
        archive.each_entry(&mut |name, entry| listing.note(name, entry))?;
        let read = archive.read();
        let text = |entry: Entry| entry.whole(read, TEXT_LIMIT);
        let block = hap_signing::block(read, archive.directory());
        Some(Self {
            module: match listing.module {
                Some(entry) => text(entry).and_then(|bytes| Module::parse(&bytes)),
                None => {
                    listing.config.and_then(text).and_then(|bytes| Module::parse_config(&bytes))
                }
            },
            is_signed: block.as_ref().map(|(is_signed, _)| *is_signed),
            profile: block.and_then(|(_, profile)| profile),
            abis: listing.abis,
            later: match listing.pack {
                Some(entry) => text(entry).and_then(|bytes| module_json::delivered_later(&bytes)),
                None => Some(Vec::new()),
            },
        })
    }
}

impl Hsp {
    pub(crate) fn read(archive: &mut Archive<'_>) -> Option<Self> {
        let module = Harmony::read(archive)?.module?;
        Some(Self { module: module.name?, bundle: module.bundle?, build: module.build? })
    }
}

/// What the central directory shows.
#[derive(Debug, Default)]
struct Listing {
    module: Option<Entry>,
    config: Option<Entry>,
    pack: Option<Entry>,
    abis: Abis,
}

impl Listing {
    fn note(&mut self, name: &[u8], entry: Entry) {
        let file = match name {
            b"module.json" => &mut self.module,
            b"config.json" => &mut self.config,
            b"pack.info" => &mut self.pack,
            _ => {
                if let Some(abi) = native::of_hap(name) {
                    self.abis.add(abi);
                }
                return;
            }
        };
        file.get_or_insert(entry);
    }
}
