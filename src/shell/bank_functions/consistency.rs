//! `Bank.consistency`

use super::BankFunctions;
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
        "says whether replies wait for the whole trace",
        "Bank.consistency :eventual",
    )
    .group("Bank")
    .never_busy()
    .details(
        "Under :strong, the default, a command replies when its events are stored and the lists, the sums and\n\
            what carries transfers out have seen them (e-mails are not waited for), and a question knows all that\n\
            was acknowledged before, to whatever program. Under :eventual a command replies :ok as soon as it is\n\
            sent: the rest of the trace follows when it happens, and a refusal with it. A question is answered as\n\
            of some position then, which for each list and sum never goes back. A bank that is opened is :strong.\n\
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
