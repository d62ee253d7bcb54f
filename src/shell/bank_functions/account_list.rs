//! `Bank.get_account_list`

use super::BankFunctions;
use super::replies::no_answer;
use super::texts::asked;
use crate::bank::AccountEntry;
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::query_arguments::moment;
use crate::shell::table::{AS_OF, AT};
use crate::shell::term::Term;

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "get_account_list",
        &[AT, AS_OF],
        "lists the accounts and their holders",
        "Bank.get_account_list",
    )
    .group("Accounts")
    .details(asked!(
        "In order of creation. at: and as_of: list the accounts of the past, as in Bank.check_balance.\n\
            Replies a list such as [%{id: \"1\", holder: \"Josh\"}]."
    )),
    |bank, call| Box::pin(get_account_list(bank, call)),
);

async fn get_account_list(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let entries = functions.reader()?.accounts(moment(&call)?).await.map_err(no_answer)?;
    Ok(Term::List(entries.iter().map(account).collect()).into())
}

/// An account with its id and its holder.
fn account(entry: &AccountEntry) -> Term {
    let (id, holder) = (entry.account_id.to_string(), entry.holder.to_string());
    Term::Map(vec![("id", Term::String(id)), ("holder", Term::String(holder))])
}
