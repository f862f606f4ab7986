//! From bytes to facts: each format one module, a function from bounded bytes to what it says, and
//! `None` for whatever can't be read.

pub(crate) mod android;
pub(crate) mod apk_signing;
mod axml;
mod bytes;
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
