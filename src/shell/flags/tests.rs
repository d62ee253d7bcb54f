use super::*;

fn parsed(arguments: &[&str]) -> Result<Action<String>, String> {
    let kind_of = |path: &Path| match path.to_str().unwrap() {
        "new.db" => FileKind::NoStoreYet,
        "empty.db" => FileKind::Empty,
        path if path.ends_with(".db") => FileKind::Store,
        _ => FileKind::Script,
    };
    parse(arguments.iter().map(OsString::from), None, kind_of).map_err(|error| error.to_string())
}

#[test]
fn statements_come_from_one_place() {
    assert!(matches!(parsed(&["a.bank"]), Ok(Action::Run(Flags { input: Input::File(_), .. }))));
    assert!(matches!(parsed(&["-c", "exit"]), Ok(Action::Run(Flags { input: Input::Statements(_), .. }))));
    assert!(parsed(&["-f", "a.bank", "-c", "exit"]).is_err());
    assert!(parsed(&["a.bank", "b.bank"]).is_err());
    assert!(parsed(&["-", "a.bank"]).is_err());
    for standard in [&["-"][..], &["-f", "-"], &[]] {
        assert!(matches!(parsed(standard), Ok(Action::Run(Flags { input: Input::Standard, .. }))));
    }
}

#[test]
fn several_statements_are_the_lines_of_one_script() {
    let Ok(Action::Run(flags)) = parsed(&["-c", "Bank.open", "--quiet", "-c", "exit"]) else { panic!() };
    assert_eq!(flags.input, Input::Statements(b"Bank.open\nexit".to_vec()));
}

#[test]
fn a_store_may_stand_before_a_script_or_after_it() {
    for arguments in [["bank.db", "a.bank"], ["a.bank", "bank.db"]] {
        let Ok(Action::Run(flags)) = parsed(&arguments) else { panic!() };
        assert_eq!((flags.store.as_deref(), flags.opens_at_once), (Some("sqlite://bank.db"), true));
        assert_eq!(flags.input, Input::File("a.bank".into()));
    }
    let Ok(Action::Run(flags)) = parsed(&["--store", "bank.db"]) else { panic!() };
    assert_eq!((flags.store.as_deref(), flags.opens_at_once), (Some("bank.db"), false));
    for url in [":memory:", "sqlite:new.db", "nats://127.0.0.1:4222/bank"] {
        let Ok(Action::Run(flags)) = parsed(&[url, "-c", "Bank.events"]) else { panic!() };
        assert_eq!((flags.store.as_deref(), flags.opens_at_once), (Some(url), true));
    }
    let Ok(Action::Run(flags)) = parsed(&["new.db"]) else { panic!() };
    assert_eq!((flags.store.as_deref(), flags.new_file), (Some("sqlite://new.db"), Some("new.db".into())));
    let empty = "empty.db is empty, and neither a script nor a store; remove it, and --store empty.db makes one";
    assert_eq!(parsed(&["empty.db"]), Err(empty.to_owned()));
    assert_eq!(parsed(&["--store", "a.db", "b.db"]), Err("give one store, not several".to_owned()));
}

#[test]
fn wrong_flags_are_named() {
    assert_eq!(parsed(&["--jsn"]), Err("invalid option '--jsn', did you mean '--json'?".to_owned()));
    assert_eq!(parsed(&["--quite"]), Err("invalid option '--quite', did you mean '--quiet'?".to_owned()));
    assert_eq!(parsed(&["--frobnicate"]), Err("invalid option '--frobnicate'".to_owned()));
    assert!(parsed(&["--strict", "--keep-going"]).is_err());
    for number in ["0", "257", "many", "-1"] {
        let error = "--in-flight: it is a number from 1 to 256".to_owned();
        assert_eq!(parsed(&["--in-flight", number]), Err(error));
    }
    assert_eq!(
        parsed(&["--seed", "x"]),
        Err("--seed: it is a whole number from 0 to 18446744073709551615, such as 1".to_owned())
    );
    for more in [["--quiet", "--dev-cluster", "nats"], ["--dev-cluster", "nats", "a.bank"]] {
        let error = "--dev-cluster runs servers and nothing else: give it alone".to_owned();
        assert_eq!(parsed(&more), Err(error), "{more:?}");
    }
    assert_eq!(parsed(&["--dev-cluster="]), Err("--dev-cluster: a directory has a name".to_owned()));
    assert_eq!(parsed(&["--dev-cluster=nats"]), Ok(Action::DevCluster("nats".into())));
    assert_eq!(parsed(&["--user", ""]), Err("--user: a name cannot be empty".to_owned()));
}

#[test]
fn the_flag_names_the_user_and_else_the_environment() {
    let user = |arguments: &[&str], variable: &str| match parse::<String>(
        arguments.iter().map(OsString::from),
        Some(variable.into()),
        |_| FileKind::Script,
    ) {
        Ok(Action::Run(flags)) => Ok(flags.user),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    };
    assert_eq!(user(&[], "Zoë"), Ok(Some("Zoë".to_owned())));
    assert_eq!(user(&[], ""), Ok(None), "a variable may be empty");
    assert_eq!(user(&["--user", "Josh"], "\n"), Ok(Some("Josh".to_owned())));
    let unprintable = "BANK_USER: a name cannot hold control or bidirectional control characters";
    assert_eq!(user(&[], "\u{202e}"), Err(unprintable.to_owned()));
    let blank = "--user: a name neither begins nor ends with a blank";
    assert_eq!(user(&["--user", "Josh "], ""), Err(blank.to_owned()));
    let decomposed = "BANK_USER: a name has composed letters: type \u{eb} as the one character U+00EB";
    assert_eq!(user(&[], "Zoe\u{308}"), Err(decomposed.to_owned()));
}

#[test]
fn every_flag_of_the_table_is_understood() {
    for flag in table::FLAGS {
        let value = match flag.long {
            Some("completions") => "bash",
            _ => "1",
        };
        for name in flag.names() {
            let arguments: Vec<_> = [name.as_str()].into_iter().chain(flag.value.map(|_| value)).collect();
            assert!(parsed(&arguments).is_ok(), "{arguments:?}: {:?}", parsed(&arguments));
        }
    }
}
