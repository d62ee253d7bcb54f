//! `Bank.consistency`

use super::BankFunctions;
use super::errors::BANK_NOT_OPEN;
use crate::engine::feed::checkpoints::Consistency;
use crate::shell::functions::{Call, Function, Outcome, Parameter, ParameterKind, Row};
use crate::shell::term::Term;

const CONSISTENCY: Parameter = Parameter::needed("consistency", ParameterKind::Atom(&["strong", EVENTUAL]));
const EVENTUAL: &str = "eventual";

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "consistency",
        &[CONSISTENCY],
        "sets whether replies wait for the whole trace",
        "Bank.consistency :eventual",
    )
    .group("Bank")
    .errors(&[&[BANK_NOT_OPEN]])
    .details(
        "Under :strong, the default after Bank.open, a command replies when its events are stored and all\n\
            projections and process managers have seen them; it does not wait for e-mails. A query then knows\n\
            everything that was acknowledged before it, to any program. Under :eventual a command replies :ok as\n\
            soon as it is sent; the rest of the trace, and a refusal, follow when they happen. That :ok says\n\
            nothing of the disk: a query under :strong right after it may not know the command either. Under\n\
            :eventual a query is answered as of a recent position, which never goes back for the same projection.\n\
            Replies :ok.",
    ),
    |bank, call| Box::pin(consistency(bank, call)),
);

async fn consistency(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    functions.bank()?;
    let is_eventual = call.text(CONSISTENCY) == EVENTUAL;
    functions.consistency = if is_eventual { Consistency::Eventual } else { Consistency::Strong };
    Ok(Term::OK.into())
}
