//! What is wrong with lessons is named, with its place.

use super::Toured;
use super::lessons::Lessons;
use crate::bank::Options;
use crate::shell::bank_functions::BankFunctions;
use crate::shell::trace::Trace;
use crate::shell::wrapping::wrapped;

fn read(text: &str) -> Result<Lessons, String> {
    let bank = BankFunctions::new(Options::default(), Trace::default());
    Lessons::read(text, &bank, BankFunctions::QUESTIONS).map_err(|error| error.to_string())
}

/// What is wrong with a text; nothing, if it holds lessons.
fn problem(text: &str) -> String {
    read(text).err().unwrap_or_default()
}

const LESSON: &str = "[[lesson]]\ntitle = \"One\"\ntext = \"Two\"\n";

#[test]
fn the_banks_own_lessons_are_ten_and_each_is_short() {
    let lessons = read(BankFunctions::LESSONS).unwrap();
    assert_eq!(lessons.all.len(), 10);
    for lesson in &lessons.all {
        let text = lesson.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(wrapped(&text, 76).lines().count() <= 6, "{}", lesson.title);
        assert!(!lesson.statements.is_empty() && !lesson.checks.is_empty(), "{}", lesson.title);
    }
}

#[test]
fn what_is_no_toml_or_has_other_lines_is_named_with_its_place() {
    for (text, expected) in [
        ("", "1:1: there is no lesson: each begins with [[lesson]]"),
        ("[[lesson]]\ntitle = One\n", "2:9: "),
        ("[[lesson]]\ntitel = \"One\"\n", "2:1: there is no line `titel`, expected one of `title`, `text`, `type`"),
        ("[[lesson]]\ntitle = 1\ntext = \"\"\n", "2:9: integer `1`, expected a text in quotes"),
        (
            "[lesson]\ntitle = \"One\"\n",
            "1:1: there may be several of these: write it in double brackets, as in [[lesson]]",
        ),
        ("[[lesson]]\ntext = \"Two\"\n", "1:1: this lesson has no title, which each needs"),
        ("[[lesson]]\ntitle = \"One\"\n", "1:1: this lesson has no text, which each needs"),
        ("start = \"\"\n", "1:1: there is no line `start`"),
    ] {
        let problem = problem(text);
        assert!(problem.starts_with(expected), "{text}: {problem}");
    }
}

#[test]
fn what_a_lesson_cannot_mean_is_named_with_its_place() {
    let question = "question.text = \"What?\"\n";
    let cases = [
        ("type = ['Bank.open', 'Bank.opne']", "4:22: `Bank.opne`: there is no function `Bank.opne`; did you mean"),
        ("type = ['']", "4:9: there is no statement"),
        ("type = ['Bank.deposit \"A']", "4:9: `Bank.deposit \"A`: the string is not closed"),
        ("[[lesson.check]]\nevnt = \"\"", "5:1: there is no line `evnt`"),
        ("[[lesson.check]]\ncount = 1", "4:1: count belongs to event, which is missing here"),
        ("[[lesson.check]]\nstream = \"A\"", "4:1: stream belongs to event"),
        ("[[lesson.check]]\ndata.amount = 1", "4:1: data belongs to event"),
        ("[[lesson.check]]\nconversation = \"same\"", "4:1: conversation belongs to event"),
        (
            "[[lesson.check]]\nevent = \"A\"\nconversation = \"same\"",
            "4:1: conversation = \"same\" is that of the check before",
        ),
        (
            "[[lesson.check]]\nhandler = \"balances\"\nis = \"held\"\n[[lesson.check]]\nevent = \"A\"\nconversation = \"same\"",
            "7:1: conversation = \"same\" is that of the check before",
        ),
        ("[[lesson.check]]\nevent = \"A\"\nconversation = \"other\"", "6:16: unknown variant `other`, expected `same`"),
        (
            "[[lesson.check]]\nevent = \"A\"\ndata.amount = 1.5",
            "6:15: expected a text in quotes, a whole number, true or false",
        ),
        (
            "[[lesson.check]]\nhandler = \"balances\"\nis = \"held\"\nevent = \"A\"",
            "4:1: beside event, a handler is \"behind\", \"retrying\", \"parked\" or \"crashed\"",
        ),
        (
            "[[lesson.check]]\nhandler = \"balances\"\nis = \"behind\"\nevent = \"A\"\ncount = 2",
            "4:1: count, data and conversation belong to an event without a handler",
        ),
        ("[[lesson.check]]\ncalled = \"Bank.rebild\"", "5:10: there is no function `Bank.rebild`"),
        ("[[lesson.check]]\ncalled = \"Bank.rebuild\"\nrefused = \"no_account\"", "4:1: a check has one of event"),
        ("[[lesson.check]]\nis = \"held\"", "4:1: is belongs to handler"),
        ("[[lesson.check]]\nreply = \"1\"", "4:1: reply belongs to asks"),
        ("[[lesson.check]]\nhandler = \"balances\"", "4:1: say how the handler \"balances\" is"),
        (
            "[[lesson.check]]\nhandler = \"balances\"\nis = \"fine\"",
            "6:6: unknown variant `fine`, expected one of `held`",
        ),
        ("[[lesson.check]]\nasks = 'Bank.head'", "4:1: say what is replied to Bank.head"),
        ("[[lesson.check]]\nasks = 'Bank.close'\nreply = \":ok\"", "5:8: `Bank.close` does more than ask"),
        (
            "[[lesson.check]]\nasks = 'Bank.head; Bank.head'\nreply = \"\"",
            "5:8: `Bank.head; Bank.head` is not one question",
        ),
        ("[[lesson.check]]\nforks = 1\nopen = \"any\"", "4:1: a check has one of event, handler"),
        ("[[lesson.check]]", "4:1: a check has one of event, handler"),
        ("[[lesson.check]]\nrestarted = false", "4:1: restarted can only be true"),
        ("[[lesson.check]]\ncrashed = false", "4:1: crashed can only be true"),
        ("needs = ['Bank.opne']", "4:10: `Bank.opne`: there is no function `Bank.opne`"),
        ("position.stream = \"A\"", "4:1: position has no position.event, which says what event is meant"),
        ("position = \"A\"", "4:12: string \"A\", expected the line position.event"),
        ("type = 'Bank.open'", "4:8: string \"Bank.open\", expected a list of texts in brackets, as in ['Bank.open']"),
        ("asks = 'Bank.head'", "4:1: there is no line `asks`, expected one of `title`"),
        ("question = \"A\"", "4:12: string \"A\", expected lines such as question.text and question.answer"),
        ("question.answer = \"1\"", "4:1: this question has no question.text, which says what to predict"),
        ("[lesson.question]\nanswer = \"1\"", "4:1: this question has no question.text, which says what to predict"),
        (
            "[lesson.check]\nforks = 1",
            "4:1: there may be several of these: write it in double brackets, as in [[lesson]]",
        ),
        ("[[lesson.check]]\nforks = \"A\"", "5:9: string \"A\", expected a whole number from 0"),
        ("type = ['Bank.reverse {position}']", "4:9: `Bank.reverse {position}`: "),
    ];
    for (lines, expected) in cases {
        let problem = problem(&format!("{LESSON}{lines}\n"));
        assert!(problem.starts_with(expected), "{lines}: {problem}");
    }
    for (lines, expected) in [
        ("", "4:1: a question has question.answer or question.asks, and this one has neither"),
        ("question.answer = \"1\"\nquestion.asks = 'Bank.head'", "6:17: a question has answer or asks, and not both"),
        ("question.asks = 'Bank.deposit \"A\", 1'", "5:17: `Bank.deposit \"A\", 1` does more than ask"),
    ] {
        let problem = problem(&format!("{LESSON}{question}{lines}\n"));
        assert!(problem.starts_with(expected), "{lines}: {problem}");
    }
}

#[test]
fn a_lesson_may_name_the_position_of_an_event() {
    let lesson = "position.event = \"Money Withdrawn\"\ntype = ['Bank.reverse {position}']\n\
                  question.text = \"What?\"\nquestion.asks = 'Bank.check_balance \"A\", at: {position}'\n";
    assert_eq!(problem(&format!("{LESSON}{lesson}")), "");
}

#[test]
fn a_check_may_say_more_of_an_event() {
    for lines in [
        "[[lesson.check]]\nevent = \"A\"\ndata = { amount = 5, memo = \"rent\" }\nin = \"what if\"",
        "[[lesson.check]]\nhandler = \"transfer\"\nis = \"parked\"\nevent = \"A\"\nstream = \"B\"\n\
         [[lesson.check]]\nevent = \"C\"\nconversation = \"same\"",
        "[[lesson.check]]\nevent = \"A\"\n[[lesson.check]]\nevent = \"C\"\nconversation = \"same\"",
        "[[lesson.check]]\ncalled = \"Bank.rebuild\"\n[[lesson.check]]\nrefused = \":no_account\"",
    ] {
        assert_eq!(problem(&format!("{LESSON}{lines}\n")), "", "{lines}");
    }
}

#[test]
fn lessons_are_bounded() {
    let lesson = |lines: &str| format!("{LESSON}{lines}\n");
    let statements = |count: usize| lesson(&format!("type = [{}]", "'Bank.open',".repeat(count)));
    assert!(read(&statements(20)).is_ok());
    assert_eq!(problem(&statements(21)), "4:249: a lesson has at most 20 statements");
    assert_eq!(problem(&statements(21).replace("type", "needs")), "4:250: a lesson has at most 20 statements");
    let checks = |count: usize| lesson(&"[[lesson.check]]\nforks = 1\n".repeat(count));
    assert!(read(&checks(20)).is_ok());
    assert_eq!(problem(&checks(21)), "44:1: a lesson has at most 20 checks");
    assert!(read(&lesson("").repeat(100)).is_ok());
    assert_eq!(problem(&lesson("").repeat(101)), "1:1: there are at most 100 lessons");
    let long = format!("{}# {}", lesson(""), "a".repeat(256 << 10));
    assert_eq!(problem(&long), "1:1: lessons take at most 256 KiB");
}
