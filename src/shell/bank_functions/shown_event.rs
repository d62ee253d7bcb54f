//! What the bank says of an event and of its account.

use super::fork::currency_of;
use super::money::money;
use super::states::BalancesByEvent;
use crate::bank::{Account, AccountEvent, Accounts};
use crate::engine::application::{Application, QueryError};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId};
use crate::engine::projection::Projection as _;
use crate::shell::application_functions::{Looking, ShownEvent, Standing, States, integer};
use crate::shell::term::Term;

impl ShownEvent for AccountEvent {
    fn command_title(&self) -> Option<&'static str> {
        Some(Self::command_title(self))
    }

    fn quantity(application: &Application<Self>, quantity: i64) -> Term {
        money(currency_of(application), quantity)
    }

    fn effect<'a>(application: &'a Application<Self>, event: &'a RecordedEvent<Self>) -> Looking<'a, Option<String>> {
        Box::pin(effect(application, event))
    }

    fn standing<'a>(
        application: &'a Application<Self>,
        stream: &'a StreamId,
        end: Position,
    ) -> Looking<'a, Result<Standing, QueryError>> {
        Box::pin(standing(application, stream, end))
    }

    fn states() -> Box<dyn States<Self>> {
        Box::new(BalancesByEvent::default())
    }
}

/// How an event changed the balance of its account.
async fn effect(application: &Application<AccountEvent>, event: &RecordedEvent<AccountEvent>) -> Option<String> {
    event.data.account_id()?;
    let before = balance_at(application, &event.stream, event.position.before()).await?;
    let after = balance_at(application, &event.stream, event.position).await?;
    let currency = currency_of(application);
    (before != after).then(|| format!("balance {} → {}", money(currency, before), money(currency, after)))
}

async fn balance_at(application: &Application<AccountEvent>, stream: &StreamId, position: Position) -> Option<i64> {
    let account = application.state_up_to::<Account>(stream, Moment::Position(position)).await.ok()?;
    Some(account.balance().map_or(0, |balance| balance.minor_units()))
}

/// What is shown of an account in a history that ends at a position: its balance first.
async fn standing(
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
    let details = |accounts: &Accounts| accounts.details(account_id.as_str(), moment);
    // A list that is held shows less, and the past is folded from the log.
    let is_held = application.seams().held().iter().any(|held| held.name == Accounts::NAME);
    let listed = match is_held {
        true => application.read_at(moment, details).await?,
        false => application.read_after(end, details).await?,
    };
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
