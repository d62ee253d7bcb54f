//! What the bank lends to forks and to what is tried: the bonus and the currency.

use super::BankFunctions;
use super::errors::INVALID_NAME;
use super::replies::WORDS;
use crate::bank::{AccountEvent, AccountId, Accounts, Bank, Currency};
use crate::engine::application::{Application, Builder};
use crate::shell::application_functions::FORK_NAME;
use crate::shell::function_table::AT;
use crate::shell::functions::{Call, NotDone, Parameter, ParameterKind};
use crate::shell::term::Term;
use crate::shell::trace::Trace;

const CEO_BONUS: Parameter = Parameter::by_name("ceo_bonus", ParameterKind::Named);

/// The parameters of a new fork.
pub(super) const PARAMETERS: &[Parameter] = &[FORK_NAME, AT, CEO_BONUS];

/// What `help` says about a new fork.
pub(super) const DETAILS: &str = "What is done in a fork is stored nowhere and ends with it. at: 3 goes on after the event at position 3, at: 0 before\n\
    the first one, and without at: after the last one. What process managers had under way there goes on in the fork\n\
    before the reply, and a note says where the fork then ends. The log is not copied, and otherwise read models are\n\
    folded when the fork is first asked for anything. What was parked before is handled by nobody in the fork, as a note\n\
    then says. From now on statements go to the fork, as the prompt shows; Bank.switch \"main\" goes back. A fork sends no\n\
    e-mail, and pays a bonus only with ceo_bonus: \"CEO\", as in Bank.open; a note says what is off. Any PIN is taken for\n\
    the right one, as nothing here counts wrong ones for the bank. Bank.export writes the fork to a file.\n\
    Replies {:ok, #Fork<what if at 3>}, or {:error, %{position: 9, problem: \"…\"}} if the log ends before at:.";

/// A fork with the bonus that a call asks for.
pub(super) fn with_options(fork: Builder<AccountEvent>, call: &Call<'_>) -> Result<Builder<AccountEvent>, NotDone> {
    let ceo_bonus = call.optional(CEO_BONUS).map(AccountId::new).transpose();
    Ok(Bank::paying_bonus_into(fork, ceo_bonus.map_err(|_| Term::Error(INVALID_NAME))?))
}

/// The currency of an application, as far as its account list knows.
pub(super) fn currency_of(application: &Application<AccountEvent>) -> Currency {
    let accounts = application.read_model::<Accounts>();
    accounts.ok().and_then(|accounts| accounts.look(|accounts| accounts.currency())).unwrap_or_default()
}

impl BankFunctions {
    /// The same functions on an overlay of the bank, without a trace.
    pub(super) fn on_overlay(&self, application: Application<AccountEvent>) -> Result<Self, NotDone> {
        let bank = self.bank()?.of_fork(application).map_err(|error| WORDS.failed(&error))?;
        let aside = Self::new(self.options.clone(), Trace::default());
        aside.replace_bank(Some(bank));
        Ok(aside)
    }

    /// Lets calls go where the forks say that they go.
    pub(super) fn follow_forks(&mut self) -> Result<(), NotDone> {
        let open = self.bank()?;
        let main = self.main.take().unwrap_or(open);
        let bank = match self.forks.current() {
            None => main,
            Some(fork) => {
                let fork = main.of_fork(fork).map_err(|error| WORDS.failed(&error));
                self.main = Some(main);
                fork?
            }
        };
        if let Some(known) = bank.currency_once_known() {
            self.show_balances_in(known);
        }
        self.replace_bank(Some(bank));
        Ok(())
    }

    /// Ends all forks, and goes back to the bank itself.
    pub(super) async fn leave_forks(&mut self) {
        self.forks.end_all().await;
        if let Some(main) = self.main.take() {
            self.replace_bank(Some(main));
        }
    }
}
