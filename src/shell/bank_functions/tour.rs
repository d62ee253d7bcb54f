//! `Bank.tour` and `Bank.answer`

use super::BankFunctions;
use crate::shell::common_errors::{FILE_FAILED, NO_FILE_NAME};
use crate::shell::functions::{Function, Row};
use crate::shell::tour::{self, ANSWER, INVALID_LESSONS, LESSON, NO_LESSON, NO_TOUR, NOTHING_ASKED, Tour, Toured};

pub(super) const TOUR: Row<BankFunctions> = Row::new(
    Function::new("Bank", "tour", &[LESSON], "gives a tour, in ten lessons", "Bank.tour")
        .group("Bank")
        .meant_by(&["lesson", "lessons", "tutorial", "learn", "teach", "demo", "guide"])
        .details(
            "Begins, goes on where you left off, or shows the lesson again. Each lesson says what to type, and is done when\n\
            that has happened since it began, however you got there; the next one follows by itself. Where it asks for a\n\
            prediction, Bank.answer 100 makes it. Bank.tour :next goes on without, Bank.tour :back goes back, Bank.tour 4\n\
            goes to lesson 4 and says what that needs, and Bank.tour :end ends the tour. Your place is kept in the file tour of your state directory, beside\n\
            the history, so that you can leave at any time, and the program may crash.\n\
            Bank.tour \"mine.toml\" begins with lessons of your own: docs/lessons.md says how to write them.\n\
            Replies :ok, and after it the lesson.",
        )
        .errors(&[&[NO_TOUR, NO_LESSON, INVALID_LESSONS, FILE_FAILED, NO_FILE_NAME]]),
    |bank, call| Box::pin(tour::go(bank, call)),
);

pub(super) const ANSWERED: Row<BankFunctions> = Row::new(
    Function::new("Bank", "answer", &[ANSWER], "predicts what will happen, in a lesson", "Bank.answer 100")
        .group("Bank")
        .meant_by(&["predict", "guess"])
        .details(
            "A number, a string or an atom. What you say last counts, and what comes of it is said once it has happened: a\n\
            wrong answer is as good a beginning as a right one.\n\
            Replies :ok.",
        )
        .errors(&[&[NO_TOUR, NOTHING_ASKED]]),
    |bank, call| Box::pin(tour::answer(bank, call)),
);

impl Toured for BankFunctions {
    const LESSONS: &'static str = include_str!("lessons.toml");

    const QUESTIONS: &'static [&'static str] = &[
        "check_balance",
        "get_account_list",
        "get_total_deposits",
        "statement",
        "transfers",
        "why",
        "events",
        "handlers",
        "parked",
        "breaks",
        "forks",
        "diff",
        "head",
        "verify",
    ];

    fn tour(&mut self) -> &mut Tour {
        &mut self.tour
    }
}
