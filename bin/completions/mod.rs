//! The table, made into completion scripts.

mod bash;
mod fish;
mod zsh;

use crate::options::{Opt, shown};

/// The script for a shell, if it is one of [`SHELLS`](crate::verbs::SHELLS).
pub(crate) fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash::script()),
        "zsh" => Some(zsh::script()),
        "fish" => Some(fish::script()),
        _ => None,
    }
}

/// The options whose next word is a value and not a command.
fn with_value() -> String {
    let names = shown().filter(|opt| opt.takes_value()).map(|opt| format!("--{}", opt.long));
    names.collect::<Vec<_>>().join(" ")
}

/// The names of an option, as they are typed.
fn typed(opt: &Opt) -> String {
    match opt.short {
        Some(short) => format!("-{short} --{}", opt.long),
        None => format!("--{}", opt.long),
    }
}

/// A word of a POSIX shell that stands for `text` whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{OPTIONS, Value};
    use crate::verbs::{SHELLS, available};

    #[test]
    fn each_script_has_every_command_and_option() {
        for shell in SHELLS {
            let script = script(shell).unwrap();
            for row in available() {
                assert!(script.contains(row.name), "{shell}: {}", row.name);
            }
            for opt in shown() {
                let name = if *shell == "fish" {
                    format!("-l {} ", opt.long)
                } else {
                    format!("--{}", opt.long)
                };
                assert!(script.contains(&name), "{shell}: {name}");
                if let Value::Choice(_, words) = opt.value {
                    assert!(script.contains(&words.join(" ")), "{shell}: {name}");
                }
            }
            for hidden in OPTIONS.iter().filter_map(|opt| opt.alias).chain(["json"]) {
                assert!(!script.contains(&format!("--{hidden}")), "{shell} shows {hidden}");
            }
        }
        assert_eq!(script("tcsh"), None);
    }

    #[test]
    fn quotes_are_quoted() {
        assert_eq!(quoted("a'b"), r"'a'\''b'");
    }
}
