//! `Bank.get_account_list`

use super::BankFunctions;
use super::error_groups::QUESTION;
use super::money::money;
use super::replies::no_answer;
use crate::bank::{AccountEntry, AccountFilter, Bank, Currency, Moment};
use crate::shell::application_functions::integer;
use crate::shell::common_errors::OF_MOMENTS;
use crate::shell::function_table::{AS_OF, AT};
use crate::shell::functions::{Call, Explanation, Function, NotDone, Outcome, Parameter, ParameterKind, Reply, Row};
use crate::shell::query_arguments::moment;
use crate::shell::term::{Sequence, Term};

const HOLDER: Parameter = Parameter::by_name("holder", ParameterKind::Text);
const CLOSED: Parameter = Parameter::by_name("closed", ParameterKind::Boolean);

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "get_account_list",
        &[HOLDER, CLOSED, AT, AS_OF],
        "lists the accounts and their holders",
        "Bank.get_account_list",
    )
    .group("Accounts")
    .meant_by(&[
        "accounts",
        "list",
        "list_accounts",
        "show_accounts",
        "account",
        "ls",
        "\\d",
        "\\dt",
        ".tables",
        "tables",
        "select",
        "keys",
        "schema",
        "describe",
        "\\l",
        "users",
        "holders",
        "customers",
    ])
    .details(
        "In order of creation. holder: \"Josh\" lists those of one holder. closed: true lists closed accounts\n\
            too, with the position at which each was closed. An overdraft limit, and the position at which an account was\n\
            frozen, are there where there are any: %{id: \"1\", holder: \"Josh\", overdraft: 500, frozen: 7}. at: and as_of:\n\
            list the accounts of the past, as in Bank.check_balance.\n\
            Replies a list such as [%{id: \"1\", holder: \"Josh\"}, %{id: \"2\", holder: \"Josh\", closed: 12}]."
    )
    .errors(&[&OF_MOMENTS])
    .common_errors(QUESTION),
    |bank, call| Box::pin(get_account_list(bank, call)),
);

async fn get_account_list(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let filter = AccountFilter {
        holder: call.optional(HOLDER).map(str::to_owned),
        closed: call.optional(CLOSED) == Some("true"),
    };
    let bank = functions.reader()?;
    let moment = moment(&call)?;
    let entries = bank.filtered_accounts(&filter, moment).await.map_err(no_answer)?;
    let currency = functions.currency(&bank).await?;
    let explanation = match entries.is_empty() {
        true => Some(nobody(&bank, filter, moment).await?),
        false => None,
    };
    let count = entries.len();
    let list = Term::Sequence(Sequence::new(count, move |index| account(&entries[index], currency)));
    Ok(Reply { explanation, ..list.into() })
}

/// Why the list is empty.
async fn nobody(bank: &Bank, filter: AccountFilter, moment: Option<Moment>) -> Result<Explanation, NotDone> {
    let with_closed = AccountFilter { closed: true, ..filter.clone() };
    let are_closed =
        !filter.closed && !bank.filtered_accounts(&with_closed, moment).await.map_err(no_answer)?.is_empty();
    let clause = match (are_closed, &filter.holder, moment) {
        (true, ..) => "they are closed: closed: true lists them too",
        (false, Some(_), _) => "no account has this holder: Bank.get_account_list lists all accounts and their holders",
        (false, None, Some(_)) => "there was no account yet then",
        (false, None, None) => "there is no account yet: Bank.create opens one",
    };
    Ok(Explanation { about: &[], clause: clause.to_owned() })
}

/// An account with its id and its holder; its overdraft limit, and where it was frozen or closed.
fn account(entry: &AccountEntry, currency: Currency) -> Term {
    let (id, holder) = (entry.account_id.to_string(), entry.holder.to_string());
    let mut account = vec![("id", Term::String(id)), ("holder", Term::String(holder))];
    let limit = Some(entry.overdraft_limit.minor_units()).filter(|limit| *limit > 0);
    account.extend(limit.map(|limit| ("overdraft", money(currency, limit))));
    account.extend(entry.frozen.map(|position| ("frozen", integer(position.get()))));
    account.extend(entry.closed.map(|position| ("closed", integer(position.get()))));
    Term::Map(account)
}
