//! What texts are read as, and where mistakes are found.

use super::*;

fn only(text: &str) -> Statement<'_> {
    let statements: Vec<_> = Statements::new(text).collect::<Result<_, _>>().unwrap();
    assert_eq!(statements.len(), 1, "{statements:?}");
    statements.into_iter().next().unwrap()
}

fn values(text: &str) -> Vec<Value<'_>> {
    only(text).arguments.iter().map(|argument| argument.value.clone()).collect()
}

fn problem(text: &str) -> (Span, Problem) {
    let error = Statements::new(text).find_map(Result::err).expect(text);
    (error.span, error.problem)
}

#[test]
fn a_call_with_and_without_parentheses_is_the_same() {
    let expected = [Value::String("Wolfman".into()), Value::Integer("100".into())];
    for text in [
        r#"Bank.deposit "Wolfman", 100"#,
        r#"Bank.deposit("Wolfman", 100)"#,
        "  Bank.deposit \t\"Wolfman\"  ,100  # pay day",
        r#"Bank.deposit ( "Wolfman",100 ) ;;"#,
    ] {
        assert_eq!(values(text), expected, "{text}");
        assert_eq!(only(text).name.module, Some("Bank"));
        assert_eq!(only(text).name.function, "deposit");
    }
    assert_eq!(values("Bank.open"), []);
    assert_eq!(values("Bank.open()"), []);
}

#[test]
fn a_call_may_go_on_after_a_parenthesis_or_a_comma() {
    let expected = [Value::String("Wolfman".into()), Value::Integer("100".into())];
    for text in [
        "Bank.deposit \"Wolfman\",\n100",
        "Bank.deposit \"Wolfman\", # to whom\n\n  100 # how much",
        "Bank.deposit(\n  \"Wolfman\",\n  100\n)",
        "Bank.deposit(\"Wolfman\",\n100)",
        "Bank.deposit( # this\n\"Wolfman\"\n, 100)",
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
    let read: Vec<_> = Statements::new("f 1,\ng\nh").map(|read| read.unwrap().arguments.len()).collect();
    assert_eq!(read, [2, 0]);
}

#[test]
fn newlines_and_semicolons_separate_statements() {
    let text = "Bank.open; Bank.close\n\n# nothing\r\nexit";
    let spans: Vec<_> = Statements::new(text).map(|statement| &text[statement.unwrap().span]).collect();
    assert_eq!(spans, ["Bank.open", "Bank.close", "exit"]);
}

#[test]
fn strings_resolve_their_escapes() {
    let expected = "a\"b\\c\nd\te🐺;#";
    assert_eq!(values(r#"f "a\"b\\c\nd\te\u{1F43A};#""#), [Value::String(expected.into())]);
    assert_eq!(values("f \"two\nlines\""), [Value::String("two\nlines".into())]);
}

#[test]
fn integers_lose_underscores_and_leading_zeros() {
    let integer = |digits: &'static str| Value::Integer(digits.into());
    let expected = [integer("1000"), integer("7"), integer("-5"), integer("0"), integer("0")];
    assert_eq!(values("f 1_000, 007, -5, -0, 0"), expected);
}

#[test]
fn atoms_booleans_keywords_and_names() {
    let statement = only("f :strong, true, Bank.deposit, open, at: 3, as_of: \"x\"");
    let keywords: Vec<_> = statement.arguments.iter().map(|argument| argument.keyword).collect();
    assert_eq!(keywords, [None, None, None, None, Some("at"), Some("as_of")]);
    assert_eq!(statement.arguments[0].value, Value::Atom("strong"));
    assert_eq!(statement.arguments[1].value, Value::Boolean(true));
    assert!(matches!(&statement.arguments[2].value, Value::Name(name) if name.module == Some("Bank")));
    assert!(matches!(&statement.arguments[3].value, Value::Name(name) if name.function == "open"));
}

#[test]
fn words_beside_each_other_are_one() {
    let statement = only("f process  manager, No Such, at: 3");
    let words: Vec<_> = statement.arguments.iter().map(|argument| argument.value.clone()).collect();
    assert!(matches!(&words[0], Value::Name(name) if name.function == "process  manager"), "{words:?}");
    assert!(matches!(&words[1], Value::Name(name) if name.function == "No Such"), "{words:?}");
    assert_eq!((words.len(), problem("f a at: 3")), (3, (4..5, Problem::MissingComma)));
}

#[test]
fn mistakes_are_found_at_their_place() {
    for (text, span, expected) in [
        ("f \"abc", 2..3, Problem::OpenString),
        ("f \"abc\\", 2..3, Problem::OpenString),
        ("\"Bank\"", 0..1, Problem::ExpectedStatement),
        ("Bank. open", 5..6, Problem::ExpectedFunction("Bank".into())),
        ("try try f 1", 4..7, Problem::TriedTwice),
        ("f .5", 2..3, Problem::Fraction),
        ("f -.5", 3..4, Problem::Fraction),
        ("f(1, .5)", 5..6, Problem::Fraction),
        ("f .a", 2..3, Problem::Unexpected('.')),
        ("f = 1", 2..3, Problem::NoVariables),
        ("f=1", 1..2, Problem::NoVariables),
        ("let x = 5", 6..7, Problem::NoVariables),
        ("x := 5", 2..3, Problem::NoVariables),
        ("f \"x\" = 5", 6..7, Problem::ExpectedSeparator),
        ("?5", 1..2, Problem::ExpectedSeparator),
        (": f", 0..1, Problem::ExpectedStatement),
        ("f 1,", 4..4, Problem::ExpectedArgument),
        ("f 1,\n\n", 4..5, Problem::ExpectedArgument),
        ("f 1,; g", 4..5, Problem::ExpectedArgument),
        ("f(1\n)", 1..2, Problem::OpenParenthesis),
        ("f(\n1\n", 1..2, Problem::OpenParenthesis),
        ("f 1 2", 4..5, Problem::MissingComma),
        ("f \"a\" :b", 6..7, Problem::MissingComma),
        ("7", 0..1, Problem::NumberAlone),
        ("1,000", 0..1, Problem::Commas),
        ("f 1'000", 3..4, Problem::Commas),
        ("f 1e3", 3..4, Problem::Exponent),
        ("f(1e-3)", 3..4, Problem::Exponent),
        ("f 1e", 3..4, Problem::ExpectedSeparator),
        ("f $5", 2..3, Problem::CurrencySign),
        ("f 5€", 3..6, Problem::CurrencySign),
        ("f 5 EUR", 4..5, Problem::CurrencySign),
        ("f 5 EUROS", 4..5, Problem::MissingComma),
        ("f \"5\" EUR", 6..7, Problem::MissingComma),
        ("f(1 2)", 4..5, Problem::MissingComma),
        ("f(1; 2)", 1..2, Problem::OpenParenthesis),
        ("f(1, 2", 1..2, Problem::OpenParenthesis),
        ("f(1, 2) 3", 8..9, Problem::ExpectedSeparator),
        ("f((((((1))))))", 2..3, Problem::Unexpected('(')),
        ("f at: 1, 2", 9..10, Problem::KeywordFirst),
        ("f 1.5.2", 2..7, Problem::Fraction),
        ("f 1.", 2..4, Problem::Fraction),
        ("f 1._5", 2..6, Problem::Fraction),
        ("f : a", 2..3, Problem::ExpectedAtom),
        ("f 'a'", 2..3, Problem::SingleQuotes),
        ("f “a”", 2..5, Problem::CurlyQuotes),
        ("f(1, ‘a’)", 5..8, Problem::CurlyQuotes),
        (r#"f "a\z""#, 4..6, Problem::UnknownEscape),
        (r#"f "a\u{D800}""#, 4..6, Problem::UnicodeEscape),
        ("f \u{0}", 2..3, Problem::Unexpected('\0')),
        ("f \u{ff11}", 2..5, Problem::OtherDigit),
        ("f\u{0}", 1..2, Problem::ExpectedSeparator),
        (r#"f "\u{0000041}""#, 3..5, Problem::UnicodeEscape),
        (r#"f "\u{}""#, 3..5, Problem::UnicodeEscape),
    ] {
        assert_eq!(problem(text), (span, expected), "{text:?}");
    }
}

#[test]
fn names_may_be_marked_as_at_other_prompts() {
    for (text, name) in
        [("?", "?"), ("? f", "?"), ("\\q", "\\q"), ("\\? f", "\\?"), (".help", ".help"), (":help f", ":help")]
    {
        assert_eq!((only(text).name.module, only(text).name.function), (None, name), "{text}");
    }
}

#[test]
fn what_follows_a_mistake_is_read() {
    let read: Vec<_> =
        Statements::new("f 1.5., \";\"; g\nh 'x'\ni").map(|read| read.map(|s| s.name.function)).collect();
    assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, true]);
    assert_eq!(read[3], Ok("i"));
}

#[test]
fn try_before_a_call_is_no_part_of_it() {
    let text = "  try  Bank.deposit(\"Wolfman\", 100) # if";
    let tried = only(text);
    assert_eq!((tried.is_tried, &text[tried.span.clone()]), (true, "try  Bank.deposit(\"Wolfman\", 100)"));
    assert_eq!((tried.name.module, tried.name.function, tried.arguments.len()), (Some("Bank"), "deposit", 2));
    assert!(!only("Bank.deposit \"Wolfman\", 100").is_tried);
    for alone in ["try", "try \"Bank.deposit\"", "try()"] {
        let called = only(alone);
        assert_eq!((called.is_tried, called.name.function), (false, "try"), "{alone}");
    }
    assert_eq!(only("tried 1").name.function, "tried");
    assert_eq!(Statements::name_at("try Bank.deposit 1 2", 0).unwrap().function, "deposit");
}
