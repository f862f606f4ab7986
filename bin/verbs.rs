//! The table of commands. With the table of options it makes parsing, help, completions and the
//! manual.

/// A command of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Upload,
    Status,
    Token,
    Put,
    HarmonyCert,
    HarmonyHsp,
    Check,
    Doctor,
    Sandbox,
    Completions,
    Man,
}

/// What a command's operands are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operands {
    None,
    /// Files, with one of these suffixes.
    Files(&'static [&'static str]),
    /// A key, which can't be completed.
    Key,
    /// A key, then files with one of these suffixes.
    KeyThenFiles(&'static [&'static str]),
    /// One of these words.
    Words(&'static [&'static str]),
    /// Another command of `pgyer`, with its options and operands.
    Command,
}

/// A row of the table of commands.
#[derive(Debug)]
pub(crate) struct VerbRow {
    pub(crate) name: &'static str,
    /// What follows the command's name and options, in each of its variants.
    pub(crate) usage: &'static [&'static str],
    pub(crate) operands: Operands,
    /// One line, for lists of commands.
    pub(crate) summary: &'static str,
    /// Paragraphs for the full help and the manual, one string each.
    pub(crate) about: &'static [&'static str],
    /// A shell session, line by line, that works verbatim in a folder with its files.
    pub(crate) examples: &'static [&'static str],
}

/// The suffixes of packages.
pub(crate) const PACKAGES: &[&str] = &["apk", "ipa", "hap"];
/// The shells that there are completions for.
pub(crate) const SHELLS: &[&str] = &["bash", "zsh", "fish"];

impl Verb {
    /// The command of this build with this name.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        available().find(|verb| verb.name() == name)
    }

    pub(crate) fn row(self) -> &'static VerbRow {
        match self {
            Self::Upload => &UPLOAD,
            Self::Status => &STATUS,
            Self::Token => &TOKEN,
            Self::Put => &PUT,
            Self::HarmonyCert => &HARMONY_CERT,
            Self::HarmonyHsp => &HARMONY_HSP,
            Self::Check => &CHECK,
            Self::Doctor => &DOCTOR,
            Self::Sandbox => &SANDBOX,
            Self::Completions => &COMPLETIONS,
            Self::Man => &MAN,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    pub(crate) fn takes_files(self) -> bool {
        matches!(self.row().operands, Operands::Files(_) | Operands::KeyThenFiles(_))
    }

    /// Whether the command talks to Pgyer.
    pub(crate) fn uses_network(self) -> bool {
        crate::options::NETWORK.contains(&self)
    }
}

/// Every command, in the order of the help.
pub(crate) const EVERY: &[Verb] = &[
    Verb::Upload,
    Verb::Status,
    Verb::Token,
    Verb::Put,
    Verb::HarmonyCert,
    Verb::HarmonyHsp,
    Verb::Check,
    Verb::Doctor,
    Verb::Sandbox,
    Verb::Completions,
    Verb::Man,
];

/// The commands of this build.
pub(crate) fn available() -> impl Iterator<Item = Verb> {
    EVERY.iter().copied().filter(|verb| *verb != Verb::Sandbox || cfg!(feature = "sandbox"))
}

static UPLOAD: VerbRow = VerbRow {
    name: "upload",
    usage: &["FILE..."],
    operands: Operands::Files(PACKAGES),
    summary: "upload packages and wait until they are published",
    about: &[
        "Checks each FILE (an APK, an IPA or a HAP), gets an upload token, uploads the file to the \
         storage, waits until Pgyer has published it, and prints the install page.",
        "With several FILEs all are tried, and the exit status is that of the first, in the order of \
         the arguments, that failed.",
    ],
    examples: &[
        "pgyer upload app.apk",
        "pgyer upload --notes 'Fixes the login' --region overseas app.ipa",
        "pgyer upload --format json --jobs 2 app.apk app.ipa",
        "PGYER_P12_PASSWORD=pw pgyer upload --p12 cert.p12 --hsp app.hsp app.hap",
    ],
};

static STATUS: VerbRow = VerbRow {
    name: "status",
    usage: &["KEY"],
    operands: Operands::Key,
    summary: "show whether a build is published, or wait for it",
    about: &[
        "Asks once whether the build is published, is still being published or has failed; with \
         --wait it keeps asking until that is decided. KEY is the key that upload and token print. \
         It is not the buildKey inside a published build.",
    ],
    examples: &[
        "eval \"$(pgyer upload --no-wait --format env app.apk)\"",
        "pgyer status --wait \"$PGYER_KEY\"",
    ],
};

static TOKEN: VerbRow = VerbRow {
    name: "token",
    usage: &["FILE", "--type TYPE"],
    operands: Operands::Files(PACKAGES),
    summary: "get an upload token and print it as JSON (only step one)",
    about: &[
        "Prints the token for pgyer put on one line. The type is detected from the content of FILE; \
         nothing is uploaded. The token can upload one file and is valid for about half an hour: \
         keep it as secret as a key.",
    ],
    examples: &["pgyer token app.apk", "pgyer token --type ios"],
};

static PUT: VerbRow = VerbRow {
    name: "put",
    usage: &["--token TOKEN.json FILE"],
    operands: Operands::Files(PACKAGES),
    summary: "upload a file with a token from elsewhere (only step two)",
    about: &[
        "Uploads FILE to the storage that the token names. Needs and sends no API key, and makes no \
         connection to the API. Publishing starts by itself: pgyer status --wait KEY, with the key \
         that this command prints, waits for it.",
    ],
    examples: &[
        "pgyer token app.apk > t.json",
        "pgyer put --token t.json app.apk",
        "pgyer token app.apk | pgyer put --token - app.apk",
    ],
};

static HARMONY_CERT: VerbRow = VerbRow {
    name: "harmony-cert",
    usage: &["KEY FILE.p12"],
    operands: Operands::KeyThenFiles(&["p12"]),
    summary: "upload the signing certificate of a HarmonyOS build",
    about: &[
        "Uploads a .p12 file for the build with the key KEY, from pgyer upload or pgyer token. The \
         certificate's password comes from PGYER_P12_PASSWORD or --p12-password-file.",
    ],
    examples: &[
        "eval \"$(pgyer upload --no-wait --format env app.hap)\"",
        "PGYER_P12_PASSWORD=pw pgyer harmony-cert \"$PGYER_KEY\" cert.p12",
    ],
};

static HARMONY_HSP: VerbRow = VerbRow {
    name: "harmony-hsp",
    usage: &["KEY FILE.hsp..."],
    operands: Operands::KeyThenFiles(&["hsp"]),
    summary: "upload the HSPs that a HAP depends on",
    about: &[
        "Uploads each .hsp file for the build with the key KEY, from pgyer upload or pgyer token.",
    ],
    examples: &[
        "eval \"$(pgyer upload --no-wait --format env app.hap)\"",
        "pgyer harmony-hsp \"$PGYER_KEY\" app.hsp",
    ],
};

static CHECK: VerbRow = VerbRow {
    name: "check",
    usage: &["FILE..."],
    operands: Operands::Files(PACKAGES),
    summary: "check packages offline; no network, no API key",
    about: &[
        "Reports whether each FILE is a whole APK, IPA or HAP, and warns if it has no signature. \
         upload makes the same check first.",
    ],
    examples: &["pgyer check app.apk app.ipa app.hap"],
};

static DOCTOR: VerbRow = VerbRow {
    name: "doctor",
    usage: &[""],
    operands: Operands::None,
    summary: "test the connections and the key that an upload needs",
    about: &[
        "Tests the API key and every host that an upload needs, publishes nothing, and says what to \
         do about each failure. The exit status is 0 only if an upload could work.",
    ],
    examples: &["pgyer doctor"],
};

static SANDBOX: VerbRow = VerbRow {
    name: "sandbox",
    usage: &["", "-- COMMAND ARG...", "PGYER-COMMAND ARG..."],
    operands: Operands::Command,
    summary: "run a Pgyer on this machine to try things out",
    about: &[
        "Starts a Pgyer on a loopback port: real HTTP, no account, and nothing is published. On its \
         own it prints PGYER_API_URL=... and PGYER_API_KEY=..., and then a line for each request. \
         With a COMMAND it sets these two variables, runs COMMAND and ends with its status. A \
         command of pgyer itself can follow without the --.",
    ],
    examples: &[
        "pgyer sandbox upload app.apk",
        "pgyer sandbox --fault storage:1:status=503 upload app.apk",
        "pgyer sandbox --polls 2 -- pgyer upload app.apk",
    ],
};

static COMPLETIONS: VerbRow = VerbRow {
    name: "completions",
    usage: &["bash|zsh|fish"],
    operands: Operands::Words(SHELLS),
    summary: "print a completion script for a shell",
    about: &[
        "bash: save it as ~/.local/share/bash-completion/completions/pgyer, or evaluate it in \
         ~/.bashrc. zsh: save it as _pgyer in a folder of $fpath. fish: save it as \
         ~/.config/fish/completions/pgyer.fish.",
    ],
    examples: &["pgyer completions bash"],
};

static MAN: VerbRow = VerbRow {
    name: "man",
    usage: &[""],
    operands: Operands::None,
    summary: "print the manual page",
    about: &["Prints the manual page as roff, which man -l reads from a file."],
    examples: &["pgyer man"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        for verb in EVERY {
            let row = verb.row();
            let start = format!("pgyer {}", row.name);
            assert!(row.examples.iter().any(|line| line.contains(&start)), "{}", row.name);
            assert!(!row.about.is_empty() && !row.usage.is_empty(), "{}", row.name);
        }
        for (at, verb) in EVERY.iter().enumerate() {
            assert_eq!(*verb as usize, at, "each command once: {}", verb.name());
        }
        assert_eq!(Verb::by_name("sandbox").is_some(), cfg!(feature = "sandbox"));
    }
}
