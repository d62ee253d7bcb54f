//! Completions of the command line, for shells.

use std::fmt::Write as _;

use super::table::{FLAGS, Flag, Takes};
use crate::shell::description::Program;

/// A shell that knows completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    pub(super) const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }
}

/// What `--completions` prints.
pub(in crate::shell) fn completions(program: &Program, shell: Shell) -> String {
    match shell {
        Shell::Bash => bash(program.name),
        Shell::Zsh => zsh(program),
        Shell::Fish => fish(program),
    }
}

fn bash(name: &str) -> String {
    let named = |wanted: &dyn Fn(Takes) -> bool| {
        let names = FLAGS.iter().filter(|flag| wanted(flag.takes)).flat_map(Flag::names);
        names.collect::<Vec<_>>()
    };
    let words = FLAGS.iter().filter_map(|flag| match flag.takes {
        Takes::Word(words) => Some(format!("        {}) words=\"{}\" ;;\n", flag.names().join("|"), words.join(" "))),
        _ => None,
    });
    format!(
        "_{name}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} words=
    COMPREPLY=()
    case $before in
        {files}) mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;
        {directories}) mapfile -t COMPREPLY < <(compgen -d -- \"$current\"); return ;;
        {texts}) return ;;
{words}    esac
    if [[ -z $words && $current == -* ]]; then
        words=\"{all}\"
    fi
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")
    else
        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")
    fi
}}
complete -o filenames -F _{name} {name}",
        files = named(&|takes| takes == Takes::File).join("|"),
        directories = named(&|takes| takes == Takes::Directory).join("|"),
        texts = named(&|takes| takes == Takes::Text).join("|"),
        words = words.collect::<String>(),
        all = named(&|_| true).join(" "),
    )
}

fn zsh(program: &Program) -> String {
    let (url, store) = program.store;
    let mut lines = format!("#compdef {}\n\n_arguments -s", program.name);
    for flag in FLAGS {
        let help = zsh_escaped(&one_line(&flag.explained(store)));
        let value = flag.value.map(|value| value.replace("{url}", url));
        let value = match (value, flag.takes) {
            (None, _) | (_, Takes::Nothing) => String::new(),
            (Some(value), Takes::File) => format!(":{value}:_files"),
            (Some(value), Takes::Directory) => format!(":{value}:_files -/"),
            (Some(value), Takes::Word(words)) => format!(":{value}:({})", words.join(" ")),
            (Some(value), Takes::Text) => format!(":{value}:"),
        };
        let names = flag.names();
        let _ = match names.as_slice() {
            [one, other] => write!(lines, " \\\n    '({one} {other})'{{{one},{other}}}'[{help}]{value}'"),
            _ => write!(lines, " \\\n    '*{}[{help}]{value}'", names.concat()),
        };
    }
    lines.push_str(" \\\n    '*:file:_files'");
    lines
}

fn zsh_escaped(text: &str) -> String {
    text.replace('\'', "'\\''").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:")
}

fn fish(program: &Program) -> String {
    let (_, store) = program.store;
    let lines = FLAGS.iter().map(|flag| {
        let mut line = format!("complete -c {}", program.name);
        if let Some(short) = flag.short {
            let _ = write!(line, " -s {short}");
        }
        if let Some(long) = flag.long {
            let _ = write!(line, " -l {long}");
        }
        let _ = match flag.takes {
            Takes::Nothing => Ok(()),
            Takes::File => write!(line, " -r -F"),
            Takes::Directory => write!(line, " -x -a '(__fish_complete_directories)'"),
            Takes::Word(words) => write!(line, " -x -a '{}'", words.join(" ")),
            Takes::Text => write!(line, " -x"),
        };
        let help = one_line(&flag.explained(store)).replace('\\', "\\\\").replace('\'', "\\'");
        let _ = write!(line, " -d '{help}'");
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
