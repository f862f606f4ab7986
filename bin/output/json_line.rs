//! One JSON object on one line.

use serde_json::Value;

use super::quote::escape_controls;

/// Members in the order in which they are added.
#[derive(Debug, Default)]
pub(super) struct JsonLine(Vec<String>);

impl JsonLine {
    /// Adds a member whose value is JSON already, unless it is `None`.
    pub(super) fn raw(&mut self, name: &str, json: Option<String>) {
        self.0.extend(json.map(|json| format!("{}:{json}", Value::from(name))));
    }

    /// Adds a member; `None` becomes `null`.
    pub(super) fn value(&mut self, name: &str, value: Value) {
        self.raw(name, Some(value.to_string()));
    }

    /// Adds a string, unless it is `None`.
    pub(super) fn string(&mut self, name: &str, text: Option<&str>) {
        self.raw(name, text.map(|text| Value::from(text).to_string()));
    }

    /// The object as a value within another one.
    pub(super) fn within(self) -> String {
        format!("{{{}}}", self.0.join(","))
    }

    pub(super) fn finish(self) -> String {
        escape_controls(&format!("{}\n", self.within()))
    }
}
