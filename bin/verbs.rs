//! The commands, one row each: the second half of the table that parsing, help, completions and
//! the manual are made from.

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
    /// Files with one of these suffixes.
    Files(&'static [&'static str]),
    /// A key, which nothing can complete.
    Key,
    /// A key, then files with one of these suffixes.
    KeyThenFiles(&'static [&'static str]),
    /// One of these words.
    Words(&'static [&'static str]),
    /// Another command of the program, with its options and operands.
    Command,
}

/// A row of the table of commands.
#[derive(Debug)]
pub(crate) struct VerbRow {
    pub(crate) verb: Verb,
    pub(crate) name: &'static str,
    /// The forms of the command after its name and options.
    pub(crate) usage: &'static [&'static str],
    pub(crate) operands: Operands,
    /// One line, for lists of commands.
    pub(crate) summary: &'static str,
    /// Paragraphs for the full help and the manual, one string each.
    pub(crate) about: &'static [&'static str],
    /// The lines of a shell session that works as it stands, where the named files are.
    pub(crate) examples: &'static [&'static str],
}

/// The suffixes of packages.
pub(crate) const PACKAGES: &[&str] = &["apk", "ipa", "hap"];
/// The shells that there are completions for.
pub(crate) const SHELLS: &[&str] = &["bash", "zsh", "fish"];

impl Verb {
    /// The command called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        available().find(|row| row.name == name).map(|row| row.verb)
    }

    #[allow(clippy::indexing_slicing, reason = "the table is a constant with rows")]
    pub(crate) fn row(self) -> &'static VerbRow {
        // Every variant has its row: a test holds the table to it.
        VERBS.iter().find(|row| row.verb == self).unwrap_or(&VERBS[0])
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether the command talks to Pgyer.
    pub(crate) fn uses_network(self) -> bool {
        crate::options::NETWORK.contains(&self)
    }
}

/// The commands of this build.
pub(crate) fn available() -> impl Iterator<Item = &'static VerbRow> {
    VERBS.iter().filter(|row| row.verb != Verb::Sandbox || cfg!(feature = "sandbox"))
}

/// Every command.
pub(crate) const VERBS: &[VerbRow] = &[
    VerbRow {
        verb: Verb::Upload,
        name: "upload",
        usage: &["FILE..."],
        operands: Operands::Files(PACKAGES),
        summary: "upload packages and wait until they are published",
        about: &[
            "Checks each FILE (an APK, an IPA or a HAP), gets an upload token, uploads the file to \
             the storage, waits until Pgyer has published it, and prints the install page.",
            "With several FILEs all are tried, and the exit status is that of the first, in the \
             order of the arguments, that failed.",
        ],
        examples: &[
            "pgyer upload app.apk",
            "pgyer upload --notes 'Fixes the login' --region overseas app.ipa",
            "pgyer upload --format json --jobs 2 app.apk app.ipa",
            "PGYER_P12_PASSWORD=pw pgyer upload --p12 cert.p12 --hsp app.hsp app.hap",
        ],
    },
    VerbRow {
        verb: Verb::Status,
        name: "status",
        usage: &["KEY"],
        operands: Operands::Key,
        summary: "say whether a build is published, or wait for it",
        about: &[
            "Asks once whether the build is published, still being published or has failed; with \
             --wait, until that is decided. KEY is the key that upload and token print. It is not \
             the buildKey inside a published build.",
        ],
        examples: &[
            "eval \"$(pgyer upload --no-wait --format env app.apk)\"",
            "pgyer status --wait \"$PGYER_KEY\"",
        ],
    },
    VerbRow {
        verb: Verb::Token,
        name: "token",
        usage: &["FILE", "--type TYPE"],
        operands: Operands::Files(PACKAGES),
        summary: "get an upload token and print it as JSON (step one alone)",
        about: &[
            "Prints the token, which pgyer put takes, on one line. With FILE its content is looked \
             at for the type; nothing is uploaded. The token can upload one file, for about half an \
             hour: keep it as secret as a key.",
        ],
        examples: &["pgyer token app.apk", "pgyer token --type ios"],
    },
    VerbRow {
        verb: Verb::Put,
        name: "put",
        usage: &["--token TOKEN.json FILE"],
        operands: Operands::Files(PACKAGES),
        summary: "upload a file with a token got elsewhere (step two alone)",
        about: &[
            "Uploads FILE to the storage that the token names. Needs and sends no API key, and \
             makes no connection to the API. Publishing starts by itself: pgyer status --wait KEY, \
             with the key that this command prints, waits for it.",
        ],
        examples: &[
            "pgyer token app.apk > t.json",
            "pgyer put --token t.json app.apk",
            "pgyer token app.apk | pgyer put --token - app.apk",
        ],
    },
    VerbRow {
        verb: Verb::HarmonyCert,
        name: "harmony-cert",
        usage: &["KEY FILE.p12"],
        operands: Operands::KeyThenFiles(&["p12"]),
        summary: "upload the signing certificate of a HarmonyOS build",
        about: &[
            "Uploads a .p12 file for the build with the key KEY of pgyer upload or pgyer token. The \
             certificate's password comes from PGYER_P12_PASSWORD or --p12-password-file.",
        ],
        examples: &[
            "eval \"$(pgyer upload --no-wait --format env app.hap)\"",
            "PGYER_P12_PASSWORD=pw pgyer harmony-cert \"$PGYER_KEY\" cert.p12",
        ],
    },
    VerbRow {
        verb: Verb::HarmonyHsp,
        name: "harmony-hsp",
        usage: &["KEY FILE.hsp..."],
        operands: Operands::KeyThenFiles(&["hsp"]),
        summary: "upload the HSPs that a HAP depends on",
        about: &[
            "Uploads each .hsp file for the build with the key KEY of pgyer upload or pgyer token.",
        ],
        examples: &[
            "eval \"$(pgyer upload --no-wait --format env app.hap)\"",
            "pgyer harmony-hsp \"$PGYER_KEY\" app.hsp",
        ],
    },
    VerbRow {
        verb: Verb::Check,
        name: "check",
        usage: &["FILE..."],
        operands: Operands::Files(PACKAGES),
        summary: "check packages offline; no network, no API key",
        about: &[
            "Says whether each FILE is a whole APK, IPA or HAP, and warns about one without a \
             signature. upload makes the same check first.",
        ],
        examples: &["pgyer check app.apk app.ipa app.hap"],
    },
    VerbRow {
        verb: Verb::Doctor,
        name: "doctor",
        usage: &[""],
        operands: Operands::None,
        summary: "test the connections and the key that an upload needs",
        about: &[
            "Tests every host that an upload needs, and the API key, publishes nothing, and says \
             what to do about each failure. The exit status is 0 only if an upload could work.",
        ],
        examples: &["pgyer doctor"],
    },
    VerbRow {
        verb: Verb::Sandbox,
        name: "sandbox",
        usage: &["", "-- COMMAND ARG...", "PGYER-COMMAND ARG..."],
        operands: Operands::Command,
        summary: "run a Pgyer on this machine, to try things on",
        about: &[
            "Starts a Pgyer on a loopback port: real HTTP, no account, and nothing is published. \
             Alone, it prints PGYER_API_URL=... and PGYER_API_KEY=... and then a line for each \
             request. With a COMMAND it sets the two variables, runs COMMAND and ends with its \
             status; a command of pgyer itself can follow at once.",
        ],
        examples: &[
            "pgyer sandbox upload app.apk",
            "pgyer sandbox --fault storage:1:status=503 upload app.apk",
            "pgyer sandbox --polls 2 -- pgyer upload app.apk",
        ],
    },
    VerbRow {
        verb: Verb::Completions,
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
    },
    VerbRow {
        verb: Verb::Man,
        name: "man",
        usage: &[""],
        operands: Operands::None,
        summary: "print the manual page",
        about: &["Prints the manual as roff; man -l reads it from a file."],
        examples: &["pgyer man"],
    },
];
