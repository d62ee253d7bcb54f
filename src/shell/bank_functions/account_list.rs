//! `Bank.get_account_list`

use super::BankFunctions;
use super::replies::no_answer;
use super::texts::asked;
use crate::bank::{AccountEntry, AccountFilter};
use crate::shell::function_table::{AS_OF, AT};
use crate::shell::functions::{Call, Function, Outcome, Parameter, ParameterKind, Row};
use crate::shell::query_arguments::moment;
use crate::shell::term::Term;

const HOLDER: Parameter = Parameter::by_name("holder", ParameterKind::Text);

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "get_account_list",
        &[HOLDER, AT, AS_OF],
        "lists the accounts and their holders",
        "Bank.get_account_list",
    )
    .group("Accounts")
    .details(asked!(
        "In order of creation. holder: \"Josh\" lists those of one holder. at: and as_of: list the accounts of the past,\n\
            as in Bank.check_balance.\n\
            Replies a list such as [%{id: \"1\", holder: \"Josh\"}]."
    )),
    |bank, call| Box::pin(get_account_list(bank, call)),
);

async fn get_account_list(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let filter = AccountFilter { holder: call.optional(HOLDER).map(str::to_owned) };
    let entries = functions.reader()?.filtered_accounts(&filter, moment(&call)?).await.map_err(no_answer)?;
    Ok(Term::List(entries.iter().map(account).collect()).into())
}

/// An account with its id and its holder.
fn account(entry: &AccountEntry) -> Term {
    let (id, holder) = (entry.account_id.to_string(), entry.holder.to_string());
    Term::Map(vec![("id", Term::String(id)), ("holder", Term::String(holder))])
}
