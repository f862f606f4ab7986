//! From bytes to facts: each format one module, a function from bounded bytes to what it says, and
//! `None` for whatever can't be read.

pub(crate) mod android;
pub(crate) mod apk_signing;
mod axml;
pub(crate) mod bytes;
pub(crate) mod cms;
pub(crate) mod entry;
pub(crate) mod hap_signing;
pub(crate) mod harmony;
pub(crate) mod ios;
pub(crate) mod macho;
pub(crate) mod manifest;
pub(crate) mod mobileprovision;
pub(crate) mod module_json;
mod native;
mod plist;
pub(crate) mod plist_binary;
mod plist_xml;
pub(crate) mod time;
mod v1;

/// Reads bytes as the format with this number, for fuzzing: every reader ends, whatever it gets.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_as(format: u8, bytes: &[u8]) {
    let read = |buffer: &mut [u8], offset: u64| {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        std::io::Read::read(&mut bytes.get(from..).unwrap_or_default(), buffer)
    };
    let end = bytes.len() as u64;
    match format {
        0 => drop(manifest::Manifest::parse(bytes)),
        1 => drop(plist::Value::parse(bytes)),
        2 => drop(mobileprovision::Profile::parse(bytes)),
        3 => drop(macho::slices(bytes)),
        4 => drop(module_json::Module::parse(bytes)),
        5 => drop(module_json::Module::parse_config(bytes)),
        6 => drop(module_json::delivered_later(bytes)),
        7 => drop(hap_signing::block(&read, end)),
        8 => drop(apk_signing::block(&read, end)),
        _ => drop(apk_signing::has_debug_key(bytes)),
    }
}
