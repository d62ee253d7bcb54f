//! What the bank shows of an account, to be compared with another history.

use super::fork::currency_of;
use super::money::money;
use crate::bank::{Account, AccountEvent, Accounts};
use crate::engine::application::{Application, QueryError};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::{Moment, Position, StreamId};
use crate::shell::application_functions::{Standing, integer};
use crate::shell::term::Term;

/// What is shown of an account in a history that ends at a position: its balance first.
pub(super) async fn standing(
    application: &Application<AccountEvent>,
    stream: &StreamId,
    end: Position,
) -> Result<Standing, QueryError> {
    if !stream.as_str().starts_with(Account::CATEGORY) {
        return Ok(Standing::new());
    }
    let moment = Moment::Position(end);
    let account = application.state_up_to::<Account>(stream, moment).await?;
    let created = application.events_after(stream, Default::default(), 1).await?;
    let Some(AccountEvent::AccountCreated { account_id, account_holder }) = created.first().map(|event| &event.data)
    else {
        return Ok(Standing::new());
    };
    let Some(balance) = account.balance() else { return Ok(Standing::new()) };
    let listed =
        application.read_after(end, |accounts: &Accounts| accounts.details(account_id.as_str(), moment)).await?;
    let currency = currency_of(application);
    let unless_none = |minor_units: i128| if minor_units == 0 { Term::Nil } else { money(currency, minor_units) };
    let text = |text: &str| Term::String(text.to_owned());
    let at = |position: Option<Position>| position.map_or(Term::Nil, |position| integer(position.get()));
    let holder = listed.changed_holder.as_deref().unwrap_or(account_holder.name());
    Ok(vec![
        ("balance", money(currency, balance.minor_units())),
        ("reserved", unless_none(account.reserved().into())),
        ("holder", text(holder)),
        ("e-mail", listed.email.map_or(Term::Nil, |email| text(email.as_str()))),
        ("overdraft", unless_none(account.overdraft_limit().minor_units().into())),
        ("frozen at", at(listed.frozen)),
        ("PIN locked", if account.is_locked() { text("yes") } else { Term::Nil }),
        ("closed at", at(listed.closed)),
    ])
}
