//! What programs have answered, and whether a log bears it out.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use cqrs_bank::bank::{AccountEvent, Movement};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::RecordedEvent;

use super::scenario::{Statement, Telling};

pub(crate) type Event = RecordedEvent<AccountEvent>;

/// What a program was told, and what it has answered to each statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) statements: Vec<Statement>,
    pub(crate) answers: Vec<String>,
}

impl Told {
    /// The statements whose answers say that something is stored: each with those before it that it makes up for.
    /// Closing does where it leaves the bank in one file.
    pub(crate) fn promising(&self, closed_is_one_file: bool) -> Vec<RangeInclusive<usize>> {
        let mut since = None;
        let mut promising = Vec::new();
        for (number, statement) in self.statements.iter().enumerate() {
            match statement {
                Statement::Eventual => since = Some(number),
                Statement::Close => {
                    promising.extend(since.take().map(|since| since..=number));
                    promising.extend(closed_is_one_file.then_some(number..=number));
                }
                Statement::Open if number == 0 => promising.push(number..=number),
                Statement::Create { .. } | Statement::Deposit { .. } | Statement::Transfer { .. }
                    if since.is_none() =>
                {
                    promising.push(number..=number);
                }
                Statement::Export { .. } | Statement::Backup { .. } => promising.push(number..=number),
                _ => {}
            }
        }
        promising
    }
}

/// The statements of a telling, in parts that are told without waiting.
pub(crate) fn told_at_once(telling: &Telling) -> impl Iterator<Item = &[Statement]> {
    telling.statements.chunks(if telling.at_once { telling.statements.len().max(1) } else { 1 })
}

/// What was answered until now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Promises {
    programs: Vec<Program>,
    /// So many of the programs have ended with an earlier cut.
    earlier: usize,
    /// Whether the last program that closes the bank leaves nothing but its file.
    pub(crate) closed_is_one_file: bool,
}

#[derive(Clone, Debug)]
struct Program {
    told: Arc<Told>,
    answered: usize,
}

/// What a program has been told and has answered, if it has.
pub(crate) struct Spoken<'a> {
    program: usize,
    number: usize,
    pub(crate) statement: &'a Statement,
    pub(crate) answer: Option<&'a str>,
}

impl Promises {
    /// These, and those of programs that begin now.
    pub(crate) fn and_from_now_on(&self, told: &[Told]) -> Self {
        let mut programs = self.programs.clone();
        let earlier = programs.len();
        programs.extend(told.iter().map(|told| Program { told: Arc::new(told.clone()), answered: 0 }));
        Self { programs, earlier, closed_is_one_file: false }
    }

    pub(crate) fn answer(&mut self, program: usize, lines: usize) {
        self.programs[self.earlier + program].answered += lines;
    }

    pub(crate) fn spoken(&self) -> impl Iterator<Item = Spoken<'_>> {
        self.programs.iter().enumerate().flat_map(|(number, program)| program.spoken(number))
    }

    /// What the program that says this had answered before, and nothing that others had.
    pub(crate) fn before(&self, spoken: &Spoken<'_>) -> Self {
        let mut before = self.clone();
        for (number, program) in before.programs.iter_mut().enumerate() {
            program.answered = if number == spoken.program { program.answered.min(spoken.number) } else { 0 };
        }
        before
    }

    /// Whether any program has said that the bank is open.
    pub(crate) fn bank_is_there(&self) -> bool {
        let opens = |statement: &Statement| matches!(statement, Statement::Open | Statement::OpenWithEmail);
        self.spoken().any(|spoken| opens(spoken.statement) && spoken.answer.is_some())
    }

    /// Whether the bank was opened so that it thanks for deposits.
    pub(crate) fn thanks(&self) -> bool {
        self.spoken().any(|spoken| *spoken.statement == Statement::OpenWithEmail)
    }

    /// Whether it is certain that no program has the bank open, and that all have closed it.
    pub(crate) fn all_have_closed(&self) -> bool {
        let now = &self.programs[self.earlier..];
        let closed = |program: &Program| {
            let answered = &program.told.statements[..program.answered];
            answered.last() == Some(&Statement::Close)
        };
        let done = |program: &Program| program.answered == program.told.statements.len();
        now.iter().all(closed) && (now.len() == 1 || now.iter().all(done))
    }

    /// What the log must hold of what was said, and what it must not.
    pub(crate) fn hold_for(&self, log: &[Event]) -> Result<(), String> {
        let mut found: HashMap<Key, Vec<&Event>> = HashMap::new();
        for event in log {
            found.entry(Key::of(&event.data)).or_default().push(event);
        }
        for program in &self.programs {
            program.hold_for(log, &mut found)?;
        }
        match found.into_values().next() {
            Some(events) => Err(format!("nobody has asked for {events:?}")),
            None => Ok(()),
        }
    }
}

impl Program {
    fn spoken(&self, program: usize) -> impl Iterator<Item = Spoken<'_>> {
        let Told { statements, answers } = &*self.told;
        statements.iter().zip(answers).enumerate().map(move |(number, (statement, answer))| Spoken {
            program,
            number,
            statement,
            answer: (number < self.answered).then_some(answer.as_str()),
        })
    }

    fn hold_for(&self, log: &[Event], found: &mut HashMap<Key, Vec<&Event>>) -> Result<(), String> {
        // Without waiting, an answer only says that the statement was heard; closing the bank makes up for it.
        let closed_after =
            |number: usize| self.told.statements[number..self.answered.max(number)].contains(&Statement::Close);
        let (mut eventual, mut not_done, mut seen) = (false, None, 0);
        for Spoken { number, statement, answer, .. } in self.spoken(0) {
            match statement {
                Statement::Eventual => eventual = true,
                Statement::Strong | Statement::Open | Statement::OpenWithEmail => eventual = false,
                Statement::CheckBalance { account } => {
                    if let Some(answer) = answer {
                        let was = (seen..=log.len()).any(|until| balance(&log[..until], account).to_string() == answer);
                        if !was {
                            return Err(format!("{statement} was answered with {answer}, and never was so"));
                        }
                    }
                }
                _ => {}
            }
            let expected = statement.events();
            if expected.is_empty() {
                continue;
            }
            let events = found.remove(&statement.key()).unwrap_or_default();
            let steps: Vec<Step> =
                events.iter().map(|event| (event.data.title(), event.data.account_id().unwrap().as_str())).collect();
            if !expected.starts_with(&steps) {
                return Err(format!("{steps:?} came of {statement}"));
            }
            let promised = answer.is_some() && (!eventual || closed_after(number));
            if promised && steps.len() < expected.len() {
                return Err(format!("{statement} was answered, and of {expected:?} only {steps:?} is there"));
            }
            match not_done {
                None if steps.is_empty() => not_done = Some(statement),
                Some(earlier) if !steps.is_empty() => {
                    return Err(format!("{statement} was done, and {earlier} before it was not"));
                }
                _ => {}
            }
            if let (true, Some(last)) = (promised, events.last()) {
                seen = seen.max(usize::try_from(last.position.get()).unwrap());
            }
        }
        Ok(())
    }
}

/// What an account holds after some events.
pub(crate) fn balance(log: &[Event], account: &str) -> u64 {
    let mut balance = 0;
    for event in log.iter().filter(|event| event.data.account_id().unwrap().as_str() == account) {
        match event.data.movement() {
            Some(Movement::In(amount)) => balance += amount.minor_units(),
            Some(Movement::Out(amount)) => balance -= amount.minor_units(),
            None => {}
        }
    }
    balance
}

/// What tells the events of one statement from those of all others.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Amount(u64),
}

impl Key {
    fn of(event: &AccountEvent) -> Self {
        match event.amount() {
            Some(amount) => Self::Amount(amount.minor_units()),
            None => Self::Account(event.account_id().unwrap().to_string()),
        }
    }
}

type Step<'a> = (&'static str, &'a str);

impl Statement {
    fn key(&self) -> Key {
        match self {
            Self::Create { account } | Self::CreateWithPin { account } => Key::Account((*account).to_owned()),
            Self::Deposit { amount, .. } | Self::Transfer { amount, .. } => Key::Amount(*amount),
            _ => panic!("nothing comes of {self}"),
        }
    }

    /// What comes of it.
    fn events(&self) -> Vec<Step<'static>> {
        match self {
            Self::Create { account } | Self::CreateWithPin { account } => vec![("Account Created", account)],
            Self::Deposit { account, .. } => vec![("Money Deposited", account)],
            Self::Transfer { payer, payee, .. } => {
                vec![("Money Reserved", payer), ("Transfer Credited", payee), ("Transfer Settled", payer)]
            }
            _ => Vec::new(),
        }
    }
}
