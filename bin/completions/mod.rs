//! Makes completion scripts from the table. What does not depend on the table stands in a script of
//! the shell's own language; the rest fills its `@PLACEHOLDERS@`.

mod bash;
mod fish;
mod zsh;

use crate::options::{Opt, shown};
use crate::verbs::{Verb, available};

/// The script for one of [`SHELLS`](crate::verbs::SHELLS).
pub(crate) fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash::script()),
        "zsh" => Some(zsh::script()),
        "fish" => Some(fish::script()),
        _ => None,
    }
}

/// Replaces each placeholder with its text.
fn filled(template: &str, texts: &[(&str, String)]) -> String {
    let fill = |script: String, (placeholder, text): &(&str, String)| {
        script.replace(placeholder, text.trim_end_matches('\n'))
    };
    texts.iter().fold(template.to_owned(), fill)
}

/// The names of the commands.
fn verbs(separator: &str) -> String {
    available().map(Verb::name).collect::<Vec<_>>().join(separator)
}

/// The options whose next word is a value and not a command.
fn options_with_value(separator: &str) -> String {
    let names = shown().filter(|opt| opt.takes_value()).map(Opt::long_flag);
    names.collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{OPTIONS, Value};
    use crate::verbs::SHELLS;

    #[test]
    fn each_script_has_every_command_and_option() {
        for shell in SHELLS {
            let script = script(shell).unwrap();
            for verb in available() {
                assert!(script.contains(verb.name()), "{shell}: {}", verb.name());
            }
            for opt in shown() {
                let name =
                    if *shell == "fish" { format!("-l {} ", opt.long) } else { opt.long_flag() };
                assert!(script.contains(&name), "{shell}: {name}");
                if let Value::Choice(_, words) = opt.value {
                    assert!(script.contains(&words.join(" ")), "{shell}: {name}");
                }
            }
            let hidden = OPTIONS.iter().filter(|opt| opt.hidden).map(|opt| opt.long);
            for hidden in OPTIONS.iter().filter_map(|opt| opt.alias).chain(hidden) {
                assert!(!script.contains(&format!("--{hidden}")), "{shell} shows {hidden}");
            }
        }
        assert_eq!(script("tcsh"), None);
    }

    #[test]
    fn each_placeholder_is_filled() {
        for shell in SHELLS {
            let script = script(shell).unwrap();
            let is_placeholder =
                |word: &str| word.len() > 2 && word.starts_with('@') && word.ends_with('@');
            let left = script.split(|c: char| c != '@' && c != '_' && !c.is_ascii_uppercase());
            assert_eq!(left.filter(|word| is_placeholder(word)).count(), 0, "{shell}: {script}");
        }
    }
}
