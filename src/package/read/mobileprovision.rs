//! Apple's provisioning profile: which devices may install the app, and until when.

use super::cms;
use super::plist::Value;

/// What a profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: Option<String>,
    pub(crate) kind: Kind,
    /// Seconds since 1970.
    pub(crate) created: Option<i64>,
    /// Seconds since 1970.
    pub(crate) expires: Option<i64>,
    /// How many devices it lists; `None` without a list.
    pub(crate) devices: Option<usize>,
    /// Whether a debugger may attach (`get-task-allow`).
    pub(crate) debuggable: bool,
    /// The identifier that it is for, without the team's before it; may end in `*`.
    pub(crate) app: Option<String>,
}

/// How an app with this profile gets onto devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Enterprise,
    AppStore,
    Development,
    AdHoc,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::AppStore => "app-store",
            Self::Development => "development",
            Self::AdHoc => "ad-hoc",
        }
    }
}

impl Profile {
    /// The profile in an `embedded.mobileprovision`: a property list in a signed message.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let list = Value::parse(&cms::content(bytes)?)?;
        let entitlements = list.get("Entitlements");
        let debuggable = entitlements.is_some_and(|keys| keys.is_true("get-task-allow"));
        let devices = list.get("ProvisionedDevices").and_then(Value::as_array).map(<[_]>::len);
        let app = entitlements.and_then(|keys| keys.text("application-identifier"));
        Some(Self {
            name: list.text("Name").map(str::to_owned),
            kind: kind(list.is_true("ProvisionsAllDevices"), devices.is_some(), debuggable),
            created: list.date("CreationDate"),
            expires: list.date("ExpirationDate"),
            devices,
            debuggable,
            app: app.and_then(|app| app.split_once('.')).map(|(_team, app)| app.to_owned()),
        })
    }
}

fn kind(all_devices: bool, some_devices: bool, debuggable: bool) -> Kind {
    match (all_devices, some_devices, debuggable) {
        (true, _, _) => Kind::Enterprise,
        (false, false, _) => Kind::AppStore,
        (false, true, true) => Kind::Development,
        (false, true, false) => Kind::AdHoc,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::cms::tests::signed;
    use super::*;

    /// A profile with these members of its dictionary.
    pub(crate) fn profile(members: &str) -> Vec<u8> {
        signed(format!("<plist version=\"1.0\"><dict>{members}</dict></plist>").as_bytes())
    }

    pub(crate) const DEVICES: &str = "<key>ProvisionedDevices</key><array><string>0000-1</string><string>0000-2</string></array>";

    #[test]
    fn the_kind_follows_from_devices_and_entitlements() {
        const ALL: &str = "<key>ProvisionsAllDevices</key><true/>";
        const NOT_ALL: &str = "<key>ProvisionsAllDevices</key><false/>";
        const DEBUG: &str = "<key>Entitlements</key><dict><key>get-task-allow</key><true/></dict>";
        for (members, kind, devices, debuggable) in [
            ("".to_owned(), Kind::AppStore, None, false),
            (DEBUG.to_owned(), Kind::AppStore, None, true),
            (ALL.to_owned(), Kind::Enterprise, None, false),
            (format!("{ALL}{DEVICES}{DEBUG}"), Kind::Enterprise, Some(2), true),
            (format!("{NOT_ALL}{DEVICES}"), Kind::AdHoc, Some(2), false),
            (format!("{DEVICES}{DEBUG}"), Kind::Development, Some(2), true),
            ("<key>ProvisionedDevices</key><array/>".to_owned(), Kind::AdHoc, Some(0), false),
            ("<key>ProvisionedDevices</key><true/>".to_owned(), Kind::AppStore, None, false),
        ] {
            let profile = Profile::parse(&profile(&members)).unwrap();
            assert_eq!(
                (profile.kind, profile.devices, profile.debuggable),
                (kind, devices, debuggable),
                "{members}"
            );
        }
    }

    #[test]
    fn names_times_and_identifiers_are_read() {
        let read = Profile::parse(&profile(
            "<key>Name</key><string>Team</string><key>CreationDate</key><date>1970-01-01T00:00:09Z</date>\
             <key>ExpirationDate</key><date>1970-01-02T00:00:00Z</date>\
             <key>Entitlements</key><dict><key>application-identifier</key><string>TEAM.com.example.*</string></dict>",
        ))
        .unwrap();
        assert_eq!(read.name.as_deref(), Some("Team"));
        assert_eq!((read.created, read.expires), (Some(9), Some(86_400)));
        assert_eq!(read.app.as_deref(), Some("com.example.*"));
    }

    #[test]
    fn a_property_list_alone_is_no_profile() {
        assert_eq!(Profile::parse(b"<plist><dict/></plist>"), None);
        assert_eq!(Profile::parse(&signed(b"no list")), None);
    }
}
