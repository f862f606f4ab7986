//! What a HAP or an HSP says about itself: `module.json`, the older `config.json`, `pack.info`.

use crate::json::Fields;

/// A module of an app. A field is `None` if it is missing or of another type.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Module {
    pub(crate) bundle: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) build: Option<String>,
    pub(crate) min_os: Option<String>,
    pub(crate) target_os: Option<String>,
    pub(crate) debuggable: Option<bool>,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<String>,
    /// The devices that it is for.
    pub(crate) devices: Option<Vec<String>>,
    /// Whether `requiredDeviceFeatures` names phones; `None` if it can't be read.
    pub(crate) names_phones: Option<bool>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// Another module that one can't do without.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) module: String,
    /// None for the app's own.
    pub(crate) bundle: Option<String>,
}

impl Module {
    /// From `module.json`.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (_, app, module) = parts(bytes)?;
        Some(Self {
            version: app.string("versionName"),
            build: integer(&app, "versionCode"),
            min_os: integer(&app, "minAPIVersion"),
            target_os: integer(&app, "targetAPIVersion"),
            debuggable: flag(&app, "debug"),
            kind: module.string("type"),
            devices: strings(&module, "deviceTypes"),
            ..Self::common(&app, &module)
        })
    }

    /// From `config.json`.
    pub(super) fn parse_config(bytes: &[u8]) -> Option<Self> {
        let (config, app, module) = parts(bytes)?;
        let version = app.object("version").unwrap_or_default();
        let api = app.object("apiVersion").unwrap_or_default();
        let device = config.object("deviceConfig").and_then(|config| config.object("default"));
        Some(Self {
            version: version.string("name"),
            build: integer(&version, "code"),
            min_os: integer(&api, "compatible"),
            target_os: integer(&api, "target"),
            debuggable: flag(&device.unwrap_or_default(), "debug"),
            devices: strings(&module, "deviceType"),
            ..Self::common(&app, &module)
        })
    }

    fn common(app: &Fields, module: &Fields) -> Self {
        Self {
            bundle: app.string("bundleName").filter(|name| !name.is_empty()),
            name: module.string("name"),
            names_phones: match module.raw("requiredDeviceFeatures") {
                None => Some(false),
                Some(json) => Fields::parse(json).map(|fields| fields.raw("phone").is_some()),
            },
            dependencies: dependencies(module),
            ..Self::default()
        }
    }
}

/// The text, and its `app` and `module`.
fn parts(bytes: &[u8]) -> Option<(Fields, Fields, Fields)> {
    let all = fields(bytes)?;
    let (app, module) = (all.object("app")?, all.object("module")?);
    Some((all, app, module))
}

fn fields(bytes: &[u8]) -> Option<Fields> {
    let text = std::str::from_utf8(bytes).ok()?;
    Fields::parse(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// A number as it is written.
fn integer(fields: &Fields, name: &str) -> Option<String> {
    let number: i64 = fields.raw(name)?.parse().ok()?;
    Some(number.to_string())
}

fn flag(fields: &Fields, name: &str) -> Option<bool> {
    fields.raw(name).map_or(Some(false), |json| json.parse().ok())
}

fn strings(fields: &Fields, name: &str) -> Option<Vec<String>> {
    fields.array(name)?.strings()
}

fn dependencies(module: &Fields) -> Vec<Dependency> {
    let items = module.array("dependencies").unwrap_or_default();
    let named = items.iter().filter_map(Fields::parse).filter_map(|fields| {
        // Of another type, it may name another app.
        let bundle = match fields.raw("bundleName") {
            None => None,
            Some(_) => Some(fields.string("bundleName")?).filter(|name| !name.is_empty()),
        };
        Some(Dependency { module: fields.string("moduleName")?, bundle })
    });
    named.collect()
}

/// The modules that `pack.info` says are not installed together with the others.
pub(super) fn delivered_later(bytes: &[u8]) -> Option<Vec<String>> {
    let summary = fields(bytes)?.object("summary").unwrap_or_default();
    let modules = summary.array("modules").unwrap_or_default();
    let later = modules.iter().filter_map(|module| {
        let distro = Fields::parse(module)?.object("distro")?;
        let is_later = distro.raw("deliveryWithInstall") == Some("false");
        distro.string("moduleName").filter(|_| is_later)
    });
    Some(later.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_read() {
        let json = r#"{"app":{"bundleName":"com.example","versionName":"1.2","versionCode":1000000,
            "minAPIVersion":50000012,"targetAPIVersion":60000020,"debug":true},
            "module":{"name":"entry","type":"entry","deviceTypes":["phone","tablet"],
            "requiredDeviceFeatures":{"tablet":["multi"]},
            "dependencies":[{"moduleName":"a"},{"moduleName":"b","bundleName":"other","versionCode":1},
            {"bundleName":"","moduleName":"c"},{"bundleName":1,"moduleName":"d"},{"bundleName":"e"},7]}}"#;
        let module = Module::parse(json.as_bytes()).unwrap();
        let dependency = |module: &str, bundle: Option<&str>| Dependency {
            module: module.into(),
            bundle: bundle.map(str::to_owned),
        };
        let expected = Module {
            bundle: Some("com.example".into()),
            version: Some("1.2".into()),
            build: Some("1000000".into()),
            min_os: Some("50000012".into()),
            target_os: Some("60000020".into()),
            debuggable: Some(true),
            name: Some("entry".into()),
            kind: Some("entry".into()),
            devices: Some(vec!["phone".into(), "tablet".into()]),
            names_phones: Some(false),
            dependencies: vec![
                dependency("a", None),
                dependency("b", Some("other")),
                dependency("c", None),
            ],
        };
        assert_eq!(module, expected);
    }

    #[test]
    fn an_older_module_is_read() {
        let json = r#"{"app":{"bundleName":"com.example","version":{"code":7,"name":"1.2"},
            "apiVersion":{"compatible":8,"target":9}},"deviceConfig":{"default":{"debug":true}},
            "module":{"name":".Application","deviceType":["phone"],"distro":{"moduleName":"entry"}}}"#;
        let module = Module::parse_config(format!("\u{feff}{json}").as_bytes()).unwrap();
        let expected = Module {
            bundle: Some("com.example".into()),
            version: Some("1.2".into()),
            build: Some("7".into()),
            min_os: Some("8".into()),
            target_os: Some("9".into()),
            debuggable: Some(true),
            name: Some(".Application".into()),
            devices: Some(vec!["phone".into()]),
            names_phones: Some(false),
            ..Module::default()
        };
        assert_eq!(module, expected);
    }

    #[test]
    fn values_of_other_types_are_unknown() {
        let json = r#"{"app":{"bundleName":7,"versionCode":"7","versionName":1.0,"debug":"yes"},
            "module":{"deviceTypes":["phone",1],"requiredDeviceFeatures":["phone"],"dependencies":{}}}"#;
        let module = Module::parse(json.as_bytes()).unwrap();
        assert_eq!(module, Module::default());
        for other in ["", "[]", "{}", r#"{"app":{}}"#, r#"{"app":[],"module":{}}"#, "\u{feff}"] {
            assert_eq!(Module::parse(other.as_bytes()), None);
            assert_eq!(Module::parse_config(other.as_bytes()), None);
        }
        assert_eq!(Module::parse(b"{\"app\":{},\"module\":{}}\xff"), None);
    }

    #[test]
    fn modules_may_come_later() {
        let json = r#"{"summary":{"modules":[{"distro":{"moduleName":"a","deliveryWithInstall":false}},
            {"distro":{"moduleName":"b","deliveryWithInstall":true}},{"distro":{"moduleName":"c"}},
            {"distro":{"deliveryWithInstall":false}},{}]},"packages":[{"name":"d","deliveryWithInstall":false}]}"#;
        assert_eq!(delivered_later(json.as_bytes()).unwrap(), ["a"]);
        assert_eq!(delivered_later(b"{}").unwrap(), [""; 0]);
        assert_eq!(delivered_later(b"no JSON"), None);
    }

    #[test]
    fn nesting_and_count_have_an_end() {
        let deep = format!(
            "{{\"app\":{{\"a\":{}1{}}},\"module\":{{}}}}",
            "[".repeat(400_000),
            "]".repeat(400_000)
        );
        let _ = Module::parse(deep.as_bytes());
        let many = format!(
            "{{\"app\":{{}},\"module\":{{\"deviceTypes\":[{}\"a\"]}}}}",
            "\"a\",".repeat(200_000)
        );
        assert_eq!(Module::parse(many.as_bytes()).unwrap().devices, None);
    }
}
