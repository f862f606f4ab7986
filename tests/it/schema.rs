//! Every line of `--format json` is as `docs/output.schema.json` describes it, and has no field
//! that it does not describe.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Ran, data, faulty, folder, pgyer, program, program_for, run, strict};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/output.schema.json")).unwrap()
}

/// What is wrong with a value by a schema, in the part of JSON Schema that this one uses. Fields
/// that are not described are wrong unless the schema says `additionalProperties`.
fn wrong(whole: &Value, schema: &Value, value: &Value) -> Option<String> {
    for (word, rule) in schema.as_object().unwrap() {
        let problem = match word.as_str() {
            "description" | "items" | "properties" | "additionalProperties" => None,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                wrong(whole, whole.pointer(pointer).unwrap(), value)
            }
            "anyOf" => {
                let each = rule.as_array().unwrap().iter();
                let problems: Vec<_> = each.map(|one| wrong(whole, one, value)).collect();
                problems.iter().all(Option::is_some).then(|| format!("{problems:?}"))
            }
            "enum" => unless(rule.as_array().unwrap().contains(value), value, rule),
            "type" => unless(is_of(rule, value), value, rule),
            "minimum" => {
                unless(value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()), value, rule)
            }
            "required" => {
                let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
                unless(rule.as_array().unwrap().iter().all(has), value, rule)
            }
            other => panic!("the test does not know {other}"),
        };
        if problem.is_some() {
            return problem;
        }
    }
    wrong_within(whole, schema, value)
}

fn unless(right: bool, value: &Value, rule: &Value) -> Option<String> {
    (!right).then(|| format!("{value} is not {rule}"))
}

fn is_of(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    types.as_array().map_or_else(|| is(types), |types| types.iter().any(is))
}

fn wrong_within(whole: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let (Some(rule), Some(items)) = (schema.get("items"), value.as_array()) {
        return items.iter().find_map(|item| wrong(whole, rule, item));
    }
    let (Some(rules), Some(members)) = (schema.get("properties"), value.as_object()) else {
        return None;
    };
    members.iter().find_map(|(name, member)| match rules.get(name) {
        Some(rule) => wrong(whole, rule, member).map(|problem| format!("{name}: {problem}")),
        None if schema["additionalProperties"] == true => None,
        None => Some(format!("{name} is not described")),
    })
}

/// Fails the test unless each line is what this part of the schema describes.
#[track_caller]
fn holds(part: &str, ran: &Ran, lines: usize) {
    let schema = schema();
    let found = ran.json();
    assert_eq!(found.len(), lines, "{ran:#?}");
    for line in found {
        assert_eq!(wrong(&schema, &schema["$defs"][part], &line), None, "{part}: {line:#}");
        let top = serde_json::json!({ "anyOf": schema["anyOf"] });
        assert_eq!(wrong(&schema, &top, &line), None, "{line:#}");
    }
}

#[test]
fn each_command_prints_what_the_schema_describes() {
    let sandbox = strict();
    for (part, line, code, lines) in [
        ("upload", "upload --json app.apk app.ipa app.hap", 0, 3),
        ("upload", "upload --json --no-check --type=ios app.ipa", 0, 1),
        ("upload", "upload --json --legacy app.apk", 0, 1),
        ("upload", "upload --json findings/android-old-target.apk", 0, 1),
        ("stored", "upload --json --no-wait app.apk", 0, 1),
        ("check", "check --json app.apk app.ipa app.hap findings/ios-profile-expired.ipa", 0, 4),
        ("check", "check --json findings/none-ios-enterprise.ipa findings/ios-simulator.ipa", 0, 2),
        ("probe", "doctor --json", 0, 3),
        ("token", "token app.apk", 0, 1),
        ("failure", "upload --json no-such.apk cert.p12", 1, 2),
        ("failure", "check --json cert.p12", 3, 1),
    ] {
        holds(part, &pgyer(&sandbox, line).expect(code), lines);
    }
    let key = sandbox.seen().objects[0].key.clone();
    holds("status", &pgyer(&sandbox, &format!("status --json {key}")).expect(0), 1);
    let stored = pgyer(&sandbox, "upload --json --no-wait app.hap").json().remove(0);
    for words in [["harmony-cert", "cert.p12"], ["harmony-hsp", "app.hsp"]] {
        let mut command = program_for(&sandbox);
        command.current_dir(data("")).env("PGYER_P12_PASSWORD", "secret");
        command.args([words[0], "--json", stored["key"].as_str().unwrap()]);
        holds("attachment", &run(&mut command, [words[1]]).expect(0), 1);
    }
}

#[test]
fn so_are_tokens_and_what_is_put() {
    let (sandbox, folder) = (strict(), folder());
    let token = pgyer(&sandbox, "token app.apk").expect(0);
    std::fs::write(folder.path().join("t.json"), &token.stdout).unwrap();
    let mut put = program_for(&sandbox);
    put.current_dir(folder.path());
    holds("stored", &run(&mut put, ["put", "--json", "--token=t.json", "app.apk"]).expect(0), 1);
}

#[test]
fn so_are_failures_of_each_kind() {
    for (fault, line, code) in [
        ("token:*:code=1002", "upload --json app.apk", 4),
        ("token:*:code=1009,message=no", "upload --json app.apk", 5),
        ("token:*:status=503", "upload --json --retries=0 app.apk", 6),
        ("storage:*:status=403", "upload --json --retries=0 app.apk", 7),
        ("poll:*:code=1216", "upload --json app.apk", 8),
        ("poll:*:code=1247", "upload --json --wait-timeout=50ms app.apk", 9),
        ("poll:*:code=1247", "status --json key", 9),
    ] {
        holds("failure", &pgyer(&faulty(&[fault]), line).expect(code), 1);
    }
    let without_key = run(program().current_dir(data("")), ["upload", "--json", "app.apk"]);
    holds("failure", &without_key.expect(4), 1);
    let doctor = pgyer(&faulty(&["probe:*:html"]), "doctor --json").expect(6);
    holds("probe", &doctor, 1);
}

/// The other half: nothing is described that the program never prints.
#[test]
fn the_schema_describes_nothing_else() {
    let schema = schema();
    let describes = |part: &str| -> BTreeSet<String> {
        schema["$defs"][part]["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let has = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let sandbox = strict();
    let first = |line: &str| pgyer(&sandbox, line).json().remove(0);
    let upload = first("upload --json app.apk");
    assert_eq!(has(&upload), describes("upload"));
    assert_eq!(has(&upload["package"]), describes("package"));
    assert_eq!(has(&first("upload --no-wait --json app.apk")), describes("stored"));
    let check = first("check --json findings/ios-profile-expired.ipa");
    assert_eq!(has(&check), describes("check"));
    assert_eq!(has(&check["findings"][0]), describes("finding"));
    assert_eq!(has(&first("doctor --json")), describes("probe"));
}
