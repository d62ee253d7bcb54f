//! A statement that was parsed and checked once, for everything that is done with it.

use std::borrow::Cow;

use super::functions::{
    Arguments, CallError, CallProblem, Domain, Function, Row, ShellReply, Vocabulary, WantedSecret, check,
};
use super::language::{Name, Problem, Span, Statement, Statements, SyntaxError, TRY, TokenKind, Tokens};
use super::mistake::{Mistake, Source};
use super::redaction::{Visible, secrets, without_secrets};

/// What a statement does, or what is wrong with it.
pub struct ReadStatement<'a, D: 'static> {
    /// Its text, with secrets masked.
    pub(super) shown: Cow<'a, str>,
    /// The call that it makes, or what is wrong with it.
    pub(super) call: Result<Runnable<'a, D>, Mistake>,
    holds_secret: bool,
}

/// A statement that can be run.
pub(super) enum Runnable<'a, D: 'static> {
    Domain(&'static Row<D>, Arguments<'a>),
    /// A call of the domain that is only tried.
    Tried(&'static Row<D>, Arguments<'a>),
    Shell(ShellReply),
}

/// Why a statement cannot be run.
struct Wrong {
    /// The function, if its name is known.
    function: Option<&'static Function>,
    place: Span,
    message: String,
}

impl<'a, D: Domain> ReadStatement<'a, D> {
    /// Checks a statement of a text against the functions that can be called.
    pub fn new(source: Source<'a>, statement: Result<Statement<'a>, SyntaxError>, vocabulary: Vocabulary) -> Self {
        let text = source.text();
        let (visible, place, message) = match &statement {
            Ok(statement) => match runnable(source, statement, vocabulary) {
                Ok((function, call)) => return Self::understood(text, statement, function, call),
                Err(Wrong { function: Some(function), place, message }) => {
                    (Visible::of_wrong_call(text, statement, function, vocabulary), place, message)
                }
                Err(Wrong { function: None, place, message }) => {
                    (Visible::of_unread(&statement.span, vocabulary), place, message)
                }
            },
            Err(error) => {
                let (place, message) = match unknown_function(text, error, vocabulary) {
                    Some(unknown) => (unknown.span, unknown.problem.to_string()),
                    None => (error.span.clone(), explain(&error.problem, vocabulary)),
                };
                (Visible::of_unread(&error.statement, vocabulary), place, message)
            }
        };
        let visible = visible.with_statements_from(source.first_statement());
        let span = match &statement {
            Ok(statement) => &statement.span,
            Err(error) => &error.statement,
        };
        let shown = visible.part(text, span.clone());
        let mistake = Mistake::new(source, &place, message, &visible);
        let long_string = statement.is_err().then(|| long_string(text, span.start, place.start)).flatten();
        let mistake = match long_string {
            Some(string) => {
                let Mistake { message, line, column, .. } = mistake;
                let message = format!("{LONG_STRING} If not, {line}:{column}: {message}");
                Mistake::new(source, &string, message, &visible)
            }
            None => mistake,
        };
        Self { holds_secret: shown != text[span.clone()], shown: shown.into(), call: Err(mistake) }
    }

    fn understood(text: &'a str, statement: &Statement<'_>, function: &Function, call: Runnable<'a, D>) -> Self {
        let secrets = secrets(function, statement, text);
        let shown = match secrets.is_empty() {
            true => text[statement.span.clone()].into(),
            false => without_secrets(text, &statement.span, &secrets).into(),
        };
        Self { shown, holds_secret: !secrets.is_empty(), call: Ok(call) }
    }

    /// Whether it holds a secret, or may hold one if it is a mistake.
    pub fn holds_secret(&self) -> bool {
        self.holds_secret
    }

    /// Fills in a secret that it leaves out.
    pub fn fill_in(&mut self, wanted: &WantedSecret, secret: String) {
        if let Ok(Runnable::Domain(_, arguments) | Runnable::Tried(_, arguments)) = &mut self.call {
            arguments.fill_in(wanted.parameter, secret);
        }
    }

    /// Whether it asks the shell itself for a text, such as help.
    pub(super) fn is_text_of_the_shell(&self) -> bool {
        matches!(&self.call, Ok(Runnable::Shell(ShellReply::Text(_))))
    }

    /// Whether it is a mistake and cannot be run.
    pub fn is_mistake(&self) -> bool {
        self.call.is_err()
    }
}

fn runnable<'a, D: Domain>(
    source: Source<'a>,
    statement: &Statement<'a>,
    vocabulary: Vocabulary,
) -> Result<(&'static Function, Runnable<'a, D>), Wrong> {
    let wrong =
        |function| move |error: CallError| Wrong { function, place: error.span, message: error.problem.to_string() };
    let Statement { name, .. } = statement;
    let checked =
        |function| check(function, statement, source.text(), vocabulary.manual()).map_err(wrong(Some(function)));
    if statement.is_tried {
        let place = statement.span.start..statement.span.start + TRY.len();
        let word = Name { span: place.clone(), module: None, function: &source.text()[place] };
        vocabulary.find(&word).map_err(wrong(None))?;
    }
    let function = vocabulary.find(name).map_err(wrong(None))?;
    if statement.is_tried && !function.sends_command() {
        let (span, function) = (name.span.clone(), function.to_string());
        return Err(wrong(None)(CallError { span, problem: CallProblem::NoCommand { function } }));
    }
    let arguments = checked(function)?;
    match vocabulary.shell_function(function) {
        Some(own) => {
            let reply = (own.run)(vocabulary, statement).map_err(wrong(Some(function)))?;
            Ok((function, Runnable::Shell(reply)))
        }
        None => {
            let row = D::rows().iter().find(|row| std::ptr::eq(&row.function, function));
            let row = row.ok_or_else(|| vocabulary.unknown(name)).map_err(wrong(None))?;
            let call = if statement.is_tried { Runnable::Tried } else { Runnable::Domain };
            Ok((function, call(row, arguments)))
        }
    }
}

/// What is mostly wrong where a string ends on another line than it begins on.
const LONG_STRING: &str = "this string goes on over the end of the line: is a `\"` missing?";

/// The opening quote of the first string of a statement that ends on another line, if that is before the place of a mistake.
fn long_string(text: &str, statement: usize, mistake: usize) -> Option<Span> {
    let before = Tokens::starting_at(text, statement).take_while(|token| token.start < mistake);
    let mut strings = before.filter(|token| matches!(token.kind, TokenKind::String | TokenKind::OpenString));
    let long = strings.find(|string| text[string.start..string.end.min(mistake)].contains('\n'))?;
    Some(long.start..long.start + 1)
}

/// The error about the function of a statement that cannot be parsed, if there is no such function: whoever writes
/// another language is told that first.
fn unknown_function(text: &str, error: &SyntaxError, vocabulary: Vocabulary) -> Option<CallError> {
    if let Problem::NoVariables | Problem::ExpectedStatement | Problem::ExpectedFunction(_) = error.problem {
        return None;
    }
    vocabulary.find(&Statements::name_at(text, error.statement.start)?).err()
}

fn explain(problem: &Problem, vocabulary: Vocabulary) -> String {
    match problem {
        Problem::ExpectedStatement => format!("{problem} such as `{}`", vocabulary.manual().function),
        Problem::NumberAlone => format!("{problem}: it stands behind a function, as in `{}`", vocabulary.manual().call),
        Problem::MissingComma => format!("{problem}, as in `{}`", vocabulary.manual().call),
        _ => problem.to_string(),
    }
}
