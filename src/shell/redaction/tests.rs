//! What is masked, and what is not.

use proptest::prelude::*;

use super::*;
use crate::bank::Options;
use crate::shell::bank_functions::BankFunctions;
use crate::shell::functions::ParameterKind;
use crate::shell::mistake::Source;
use crate::shell::read_statement::ReadStatement;
use crate::shell::trace::Trace;

fn visible(text: &str) -> Visible {
    let domain = BankFunctions::new(Options::default(), Trace::default());
    Visible::of_unread(&(0..text.len()), Vocabulary::of(&domain))
}

fn masked(text: &str) -> String {
    visible(text).part(text, 0..text.len())
}

#[test]
fn what_could_be_a_pin_is_masked() {
    for (text, shown) in [
        ("Bank.wthdraw 1, 50, 86420975", "Bank.wthdraw 1, 50, ********"),
        ("Bank.withdraw 1 50 8642", "Bank.withdraw * ** ****"),
        ("Bank.unlok 1, 8642", "Bank.unlok 1, ****"),
        ("Bank.depsit 123456, 100000", "Bank.depsit ******, ******"),
        ("Bank.unlok \"86 42\", 8 6\t4\u{a0}2, 86  42", "Bank.unlok \"** **\", * *\t*\u{a0}*, 86  42"),
        ("Bank.unlok 1, ８６４２", "Bank.unlok 1, ************"),
        ("Bank.unlok 1, \u{668}\u{666}４2", "Bank.unlok 1, ********"),
        ("Bank.unlok8642", "Bank.unlok****"),
        ("Bank.withdraw(1, 50, \"0864\" x", "Bank.withdraw(1, 50, \"****\" x"),
        ("Bank.withdraw 1, 50, 8_64_2.5", "Bank.withdraw 1, 50, ******.5"),
        ("Bank.withdraw 1, 50, -8642", "Bank.withdraw 1, 50, -****"),
        ("Bank.create 'Jo;sh', 'x', 86420975", "Bank.create 'Jo;sh', 'x', ********"),
        ("Bank.create 1, 86420975", "Bank.create 1, ********"),
        ("Bank.unlock 1, 86420975", "Bank.unlock 1, ********"),
        ("Bank.withdraw 1, 5, 8642; Bank.opne", "Bank.withdraw 1, 5, ****; Bank.opne"),
        ("Bank.withdraw 1, pin: 12", "Bank.withdraw 1, pin: **"),
        ("Bank.withdraw 1, pin:\"12", "Bank.withdraw 1, pin:\"**"),
        ("86420975", "********"),
        ("  86420975", "  ********"),
        ("\"86420975\"", "\"********\""),
        ("Bank.withdraw \"ß 🐺\", 5, 86420975 ü", "Bank.withdraw \"ß 🐺\", 5, ******** ü"),
        ("Bank.withdraw \"a\nb\", 5, 86420975 x", "Bank.withdraw \"a\nb\", 5, ******** x"),
    ] {
        assert_eq!(masked(text), shown);
    }
}

#[test]
fn credentials_in_a_url_are_masked() {
    for (text, shown) in [
        ("Bank.opne email: \"smtps://josh:canary@host\"", "Bank.opne email: \"smtps://***********@host\""),
        (
            "Bank.open email: \"smtp://a:b c@host?tls=required, 5",
            "Bank.open email: \"smtp://*****@host?tls=required, 5",
        ),
        ("x \"smtp://a:b@c@h?from=a@h\"", "x \"smtp://*****@h?from=a@h\""),
        ("x \"smtp://a:b?c@h?tls=required&from=a@h\"", "x \"smtp://*****@h?tls=required&from=a@h\""),
        ("x \"smtp://h\", \"smtp://a:b@h", "x \"smtp://h\", \"smtp://***@h"),
        ("x \"smtp://ß:b@h", "x \"smtp://****@h"),
    ] {
        assert_eq!(masked(text), shown);
    }
    for text in ["Bank.opne email: \"smtp://127.0.0.1:25?from=a@h\"", "Bank.creat 1, email: \"josh@example.org\""] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn credentials_are_masked_in_a_statement_that_was_understood() {
    let domain = BankFunctions::new(Options::default(), Trace::default());
    let open = Vocabulary::of(&domain).called("Bank.open").unwrap();
    for (text, shown) in [
        ("Bank.open email: \"smtps://josh:canary@host\"", "Bank.open email: \"smtps://****@host\""),
        ("Bank.open \"x://a:b@h\", email: \"smtp://a:b@h\"", "Bank.open \"x://****@h\""),
        ("Bank.open email: \"smtps://josh:can\\\"ary@host\"", "Bank.open ****"),
        ("Bank.open email: \"smtps:\\u{2f}/josh:canary@host\"", "Bank.open ****"),
    ] {
        let statement = Statements::new(text).next().unwrap().unwrap();
        let secrets = secrets(open, &statement, text);
        assert_eq!(without_secrets(text, &statement.span, &secrets), shown);
    }
    let text = "Bank.open email: \"smtp://127.0.0.1:25?from=a@h\"";
    let found = secrets(open, &Statements::new(text).next().unwrap().unwrap(), text);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn numbers_too_short_for_a_pin_are_shown() {
    for text in ["Bank.depsit 123, 999", "Bank.deposit \"100\", 1_00.500", "Bank.deposit 1, 2, 3, 4", "x 12  34"] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn a_part_is_masked_as_in_the_whole() {
    for text in ["Bank.withdraw 1, 50, 86420975, oops", "Bank.opne email: \"smtp://a:b@h?from=a@h\", 8642"] {
        for start in 0..text.len() {
            for end in start..text.len() {
                let part = visible(text).part(text, start..end);
                assert_eq!(part, masked(text)[start..end], "{start}..{end}");
            }
        }
    }
    let long = format!("{}8642, oops", "f, ".repeat(5_000));
    let place = long.find("8642").unwrap();
    assert_eq!(visible(&long).part(&long, place..place + 3), "***");
}

const PIN: &str = "86420975";

fn vocabulary() -> Vocabulary {
    Vocabulary::of(&BankFunctions::new(Options::default(), Trace::default()))
}

/// What is shown of the statements of a text, with their mistakes.
fn shown(text: &str) -> Vec<(String, Option<String>)> {
    let mut source = Source::new(text, 1);
    let read = Statements::new(text).map(|statement| {
        source.go_to(&statement);
        let read = ReadStatement::<BankFunctions>::new(source, statement, vocabulary());
        assert_eq!(read.is_mistake(), read.call.is_err());
        (read.shown.into_owned(), read.call.err().map(|mistake| mistake.report()))
    });
    read.collect()
}

#[test]
fn in_a_wrong_call_a_pin_is_masked_where_it_can_have_been_meant() {
    for (text, expected) in [
        ("Bank.withdraw 20240117, 50000, 864, 1", "Bank.withdraw 20240117, 50000, ***, 1"),
        ("Bank.withdraw 20240117, 50000, \"86 42\", 1", "Bank.withdraw 20240117, 50000, \"*****\", 1"),
        ("Bank.withdraw 1, 50000, 1, 8642, 9753", "Bank.withdraw 1, 50000, *, ****, ****"),
        ("Bank.withdraw 1, \"8642\"", "Bank.withdraw 1, \"****\""),
        ("Bank.withdraw 1, 50000, pin: 86", "Bank.withdraw 1, 50000, pin: **"),
        ("Bank.withdraw 1, 50000, pn: 8642", "Bank.withdraw 1, 50000, pn: ****"),
        ("Bank.create 1, \"8642\", :none", "Bank.create 1, \"****\", :none"),
        ("Bank.create 1999, \"Josh 1999\", 8642, emial: \"a\"", "Bank.create 1999, \"Josh 1999\", ****, emial: \"a\""),
        ("Bank.create 1, \"Josh\", :none, email: \"j1999@a\"", "Bank.create 1, \"Josh\", :none, email: \"j1999@a\""),
        ("Bank.create 1, :none, on: \"2024-01-17\"", "Bank.create 1, :none, on: \"2024-01-17\""),
        ("Bank.change_email 1, \"jo8642@a\", :none", "Bank.change_email 1, \"jo8642@a\", :none"),
        ("Bank.unlock 1, 8642", "Bank.unlock 1, ****"),
        ("Bank.withdraw 1, \"86 42\"", "Bank.withdraw 1, \"** **\""),
        ("Bank.create 1, \"８６４２\", :none", "Bank.create 1, \"************\", :none"),
    ] {
        assert_eq!(shown(text)[0].0, expected);
    }
}

#[test]
fn a_statement_is_masked_as_what_it_is_behind_one_that_cannot_be_read() {
    let all = |text: &str| shown(text).into_iter().map(|(shown, _)| shown).collect::<Vec<_>>();
    assert_eq!(all("f 'a;b', 8642;c 8642"), ["f 'a", "b', ****", "c ****"]);
    assert_eq!(all("f 'a;Bank.deposit 8642"), ["f 'a", "Bank.deposit 8642"]);
    assert_eq!(all("f 'a\nb 8642"), ["f 'a", "b ****"]);
    assert_eq!(all("f \"\n\" a; b 8642"), ["f \"\n\" a", "b ****"]);
    assert_eq!(all("Bank.create Jo;sh, Josh, 8642"), ["Bank.create Jo", "sh, Josh, ****"]);
    assert_eq!(all("Bank.open; Bank.depsit 123456, 1000"), ["Bank.open", "Bank.depsit ******, ****"]);
}

#[test]
fn behind_a_quote_or_a_sharp_a_pin_can_stand_anywhere() {
    assert_eq!(masked("Bank.wthdraw \"Josh, 8642"), "Bank.wthdraw \"Josh, ****");
    assert_eq!(masked("Bank.wthdraw # 8642"), "Bank.wthdraw # ****");
    assert_eq!(masked("Bank.wthdraw \"Josh\", 8642"), "Bank.wthdraw \"Josh\", ****");
}

#[test]
fn what_stands_around_a_mistake_is_masked_as_what_it_is() {
    let excerpt = |text: &str| {
        let report = shown(text).into_iter().rev().find_map(|(_, report)| report).unwrap();
        report.lines().nth(1).unwrap().trim().to_owned()
    };
    for (text, expected) in [
        ("Bank.statement 20240117, at: 1000; x", "Bank.statement 20240117, at: 1000; x"),
        ("Bank.withdraw 20240117, 5000, 8642; x", "Bank.withdraw 20240117, 5000, ****; x"),
        ("x; Bank.create 1, 5, 8642", "x; Bank.create 1, 5, ****"),
        ("Bank.deposit \"a\nb\", 8642; x", "b\", ****; x"),
        ("x # 8642", "x # ****"),
        ("f 'a;b', 8642", "f 'a;b', ****"),
        ("f 'a;b', 8642;c 8642", "f 'a;b', ****;c ****"),
    ] {
        assert_eq!(excerpt(text), expected);
    }
    let far = format!("{}Bank.withdraw 1, 5, 8642; x", "Bank.open; ".repeat(50));
    assert!(excerpt(&far).ends_with("Bank.withdraw 1, 5, ****; x"), "{}", excerpt(&far));
}

/// A value of any kind that holds no PIN.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[1-79]{1,9}",
        "\"[a-z ,;#(\u{1F43A}]{0,6}\"",
        "\"[1-79]{1,9}\"",
        ":[a-z]{1,4}",
        Just("true".to_owned()),
        "[A-Za-z]{1,4}",
    ]
}

proptest! {
    #[test]
    fn a_pin_is_never_shown(
        which in 0_usize..7,
        values in prop::collection::vec(any_value(), 4),
        form in 0_usize..5,
        further in prop::collection::vec(any_value(), 0..3),
        mistake in prop::sample::select(vec!["", " x", ".5", " \"", ", at: 1", ", pin: 5", "; Bank.opne", ")", "\u{0}"]),
        broken in any::<bool>(),
    ) {
        let takes_pin = vocabulary().all().filter(|function| function.secret_parameter().is_some());
        let function = takes_pin.cycle().nth(which).unwrap();
        let written = ["86420975", "8642_0975", "\"86420975\"", "-86420975", "pin: 86420975"];
        let before = function.secret_parameter().unwrap();
        let mut arguments = values[..before].to_vec();
        arguments.push(written[form].to_owned());
        arguments.extend(if form == 4 { Vec::new() } else { further });
        let name = if broken { function.to_string().replace('t', "") } else { function.to_string() };
        for text in [format!("{name} {}{mistake}", arguments.join(", ")), format!("{name}({}{mistake}", arguments.join(","))] {
            for (shown, report) in shown(&text) {
                let all = format!("{shown} {}", report.unwrap_or_default()).replace('_', "");
                prop_assert!(!all.contains(&PIN[..4]) && !all.contains(&PIN[4..]), "{text:?} is shown as {all:?}");
            }
        }
    }

    #[test]
    fn where_there_is_no_pin_nothing_is_hidden(
        which in 0_usize..40,
        values in prop::collection::vec(any_value(), 4),
        by_name in any::<bool>(),
    ) {
        let takes_none = vocabulary().all().filter(|function| function.secret_parameter().is_none());
        let function = takes_none.cycle().nth(which).unwrap();
        let in_order = function.parameters.iter().filter(|parameter| !parameter.keyword).count().min(values.len());
        let mut arguments = values[..in_order].to_vec();
        let keywords = function.parameters.iter().filter(|parameter| parameter.keyword && by_name);
        arguments.extend(keywords.zip(&values).map(|(parameter, value)| format!("{}: {value}", parameter.name)));
        let text = format!("{function} {}", arguments.join(", ")).trim_end().to_owned();
        prop_assert!(function.parameters.iter().all(|parameter| parameter.kind != ParameterKind::Pin));
        prop_assert_eq!(&shown(&text)[0].0, &text);
    }
}
