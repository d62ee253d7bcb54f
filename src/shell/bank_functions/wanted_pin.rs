//! The PINs that the prompt asks for, without showing them: only where nothing but the PIN is missing. What is closed,
//! frozen or locked is said first.

use super::BankFunctions;
use super::parameters::{self, PIN};
use crate::bank::{Account, Pin};
use crate::shell::functions::{Call, FindingSecret, Parameter, SecretForm, WantedSecret};
use crate::shell::term::Term;

impl BankFunctions {
    /// The PIN for what takes money out of an account, or closes it.
    pub(super) fn wanted_pin_to_pay<'a>(&self, call: Call<'a>, account: Parameter) -> FindingSecret<'a> {
        self.wanted(call, account, PIN, Account::wants_pin_to_pay, |account| format!("PIN of {account}: "), None)
    }

    /// The PIN for a change of an account.
    pub(super) fn wanted_pin_to_change<'a>(&self, call: Call<'a>, account: Parameter) -> FindingSecret<'a> {
        self.wanted(call, account, PIN, Account::wants_pin_to_change, |account| format!("PIN of {account}: "), None)
    }

    /// The PIN that an account has, and after that the one that it is to have.
    pub(super) fn wanted_pins<'a>(&self, call: Call<'a>, account: Parameter, new_pin: Parameter) -> FindingSecret<'a> {
        let old = self.wanted_pin_to_change(call, account);
        let (question, again): (Question, Question) =
            (|account| format!("New PIN of {account}: "), |account| format!("New PIN of {account} again: "));
        let new = self.wanted(call, account, new_pin, Account::wants_pin_to_change, question, Some(again));
        Box::pin(async move {
            let wanted = match old.await {
                Some(old) => Some(old),
                None => new.await,
            };
            wanted.map(|wanted| WantedSecret { form: Some(FORM), ..wanted })
        })
    }

    fn wanted<'a>(
        &self,
        call: Call<'a>,
        account: Parameter,
        pin: Parameter,
        is_wanted: fn(&Account) -> bool,
        question: Question,
        again: Option<Question>,
    ) -> FindingSecret<'a> {
        let bank = self.opened();
        Box::pin(async move {
            let parameter = call.left_out(pin)?;
            let id = parameters::account(&call, account).ok()?;
            let account = bank?.account(&id, None).await.ok()?;
            let name = Term::String(id.to_string());
            is_wanted(&account).then(|| WantedSecret {
                parameter,
                question: question(&name),
                again: again.map(|again| again(&name)),
                form: None,
            })
        })
    }
}

/// Several are asked for one after another, so that one which cannot be a PIN is refused at once.
const FORM: SecretForm = SecretForm { fits: |pin| Pin::new(pin).is_ok(), said: "a PIN has 4 to 12 digits" };

type Question = fn(&Term) -> String;
