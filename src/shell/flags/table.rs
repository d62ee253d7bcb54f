//! The table of flags.

/// A flag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) short: Option<char>,
    /// Without its dashes.
    pub(super) long: Option<&'static str>,
    /// What its value is called, if it takes one; `{url}` stands for the word of the program.
    pub(super) value: Option<&'static str>,
    /// What its value is.
    pub(super) takes: Takes,
    /// What it does. `{store}` and `{most}` stand for what the program and its limits say.
    pub(super) help: &'static str,
}

/// What a shell can complete a value with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    File,
    Directory,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Something that no shell knows.
    Text,
}

pub(super) const SCRIPT: &str = "SCRIPT";

/// The argument that has no flag.
pub(super) const STORE: (&str, &str) = ("STORE", "open this store at once; it is named as for --store");

pub(super) const FLAGS: [Flag; 18] = [
    short('f', "run the statements of a file; - is standard input").taking(SCRIPT, Takes::File),
    short('c', "run these statements; several run in turn; every user of the machine can see them")
        .taking("STATEMENTS", Takes::Text),
    short('i', "stay at the prompt after them"),
    long("store", "{store}").taking("{url}", Takes::File),
    long("foreign", "trust only the log in the store, not what derives from it"),
    long("quiet", "replies only, no trace"),
    long("echo", "print each statement after its prompt"),
    long("json", "print one JSON object for each statement"),
    long("keep-going", "continue after a statement that cannot be read or run"),
    long("strict", "end a script at the first statement that is refused or declined"),
    long("in-flight", "send up to N commands of a script ahead of their replies, 1 to {most}; the default is {most}")
        .taking("N", Takes::Text),
    long("seed", "derive ids and times from N, so that every run is the same").taking("N", Takes::Text),
    long("user", "who sends the commands, for the log; by default BANK_USER").taking("NAME", Takes::Text),
    long("dev-cluster", "run three NATS servers in DIR until Ctrl-C: NATS_SERVER, or nats-server on the path")
        .taking("DIR", Takes::Directory),
    long("completions", "print completions for a shell: bash, zsh or fish")
        .taking("NAME", Takes::Word(&["bash", "zsh", "fish"])),
    long("man", "print the manual page"),
    long("help", "print this help").or('h'),
    long("version", "print the version").or('V'),
];

const fn long(name: &'static str, help: &'static str) -> Flag {
    Flag { short: None, long: Some(name), value: None, takes: Takes::Nothing, help }
}

const fn short(name: char, help: &'static str) -> Flag {
    Flag { short: Some(name), long: None, value: None, takes: Takes::Nothing, help }
}

impl Flag {
    const fn or(self, short: char) -> Self {
        Self { short: Some(short), ..self }
    }

    const fn taking(self, value: &'static str, takes: Takes) -> Self {
        Self { value: Some(value), takes, ..self }
    }

    /// Its names, with their dashes.
    pub(super) fn names(&self) -> Vec<String> {
        let short = self.short.map(|name| format!("-{name}"));
        short.into_iter().chain(self.long.map(|name| format!("--{name}"))).collect()
    }

    /// Its names and its value, as help shows them.
    pub(super) fn usage(&self, url: &str) -> String {
        let names = self.names().join(", ");
        match self.value {
            Some(value) => format!("{names} {}", value.replace("{url}", url)),
            None => names,
        }
    }

    /// What it does, in the words of a program.
    pub(super) fn explained(&self, store: &str) -> String {
        let most = super::MOST_IN_FLIGHT.to_string();
        self.help.replace("{store}", store).replace("{most}", &most)
    }
}
