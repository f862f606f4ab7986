//! What goes out, and in which format.

use super::*;

#[test]
fn formats() {
    for (given, format) in [
        ("text", Format::Text),
        ("json", Format::Json),
        ("env", Format::Env),
        ("dotenv", Format::Dotenv),
    ] {
        assert_eq!(command(&format!("upload --format {given} a")).output.format, format);
    }
    says("upload --format xml a", &["'xml'", "text, json, env or dotenv"]);
}

#[test]
fn variables_describe_one_build() {
    for format in ["env", "dotenv"] {
        for line in ["upload a", "status K", "put --token t a"] {
            command(&format!("{line} --format {format}"));
        }
        for line in ["token a", "check a", "doctor", "harmony-hsp K a"] {
            says(&format!("{line} --format {format}"), &["upload, status and put"]);
        }
        says(&format!("upload a b --format {format}"), &["one FILE"]);
    }
}

#[test]
fn the_format_is_looked_for_where_another_option_is_wrong() {
    for (line, format) in [
        ("upload --format env --bogus a", Some(Format::Env)),
        ("upload --bogus --format=env a", Some(Format::Env)),
        ("--bogus upload --format env a", Some(Format::Env)),
        ("upload --api-key SECRET --format env a", Some(Format::Env)),
        ("upload -kSECRET --format env a", Some(Format::Env)),
        ("upload --no-wait=x --format env a", Some(Format::Env)),
        ("upload --jobs 0 --format env a", Some(Format::Env)),
        ("uplaod a --format env", Some(Format::Env)),
        ("sandbox --bogus upload a --format env", Some(Format::Env)),
        ("upload --format env", Some(Format::Env)),
        ("upload --format env --format", Some(Format::Env)),
        ("upload --format json --format env", Some(Format::Env)),
        ("upload --format env --json", Some(Format::Json)),
        ("upload --format env --format nonsense", Some(Format::Env)),
        ("token a --format env", Some(Format::Env)),
        ("upload --bogus --notes --format env", None),
        ("upload --bogus -- --format env", None),
        ("upload", None),
    ] {
        assert_eq!(parse_with(words(line), &[]).unwrap_err().format, format, "{line}");
    }
}

#[test]
fn colours_follow_the_environment_unless_told() {
    let color = |line: &str, value| command_with(line, &[("NO_COLOR", value)]).output.color;
    assert_eq!(color("check a", "1"), When::Never);
    assert_eq!(color("check a", ""), When::Auto);
    assert_eq!(color("check --color always a", "1"), When::Always);
    assert_eq!(command("check --color never a").output.color, When::Never);
    assert_eq!(command("check --progress always a").output.progress, When::Always);
    says("check --color sometimes a", &["--color 'sometimes'"]);
}
