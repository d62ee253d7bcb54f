//! Names for completion.

use std::sync::{Arc, PoisonError, RwLock};

use crate::bank::{AccountEvent, AccountId, Bank, Currency};
use crate::shell::application_functions::{Forks, ParkedNumbers, handler_names};
use crate::shell::functions::{Names, Parameter, ParameterKind};

/// The parameter for the holder of an account.
const HOLDER: &str = "holder";
/// The parameter for the currency of a bank, which has names before a bank is open.
const CURRENCY: &str = "currency";

/// The names of existing accounts, of their holders, of handlers and of forks, and the numbers of parked events, for
/// completion on the editor's thread.
pub(super) struct AccountNames {
    pub(super) open: Arc<RwLock<Option<Bank>>>,
    pub(super) forks: Forks<AccountEvent>,
    pub(super) parked: ParkedNumbers,
}

impl Names for AccountNames {
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
        if parameter.name == CURRENCY {
            let prefix = prefix.to_uppercase();
            let begun = Currency::codes().into_iter().filter(|code| code.starts_with(&prefix));
            return begun.take(limit).map(str::to_owned).collect();
        }
        let bank = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(bank) = bank else {
            return Vec::new();
        };
        if let Some(forks) = self.forks.beginning_with(parameter, prefix, limit) {
            return forks;
        }
        if parameter.name == HOLDER {
            return bank.account_list().read(|accounts| accounts.holders_beginning_with(prefix, limit));
        }
        if let Some(names) = handler_names(&bank, parameter, prefix) {
            return names;
        }
        if !matches!(parameter.kind, ParameterKind::Named | ParameterKind::PositionOrName) {
            return self.parked.beginning_with(&bank, parameter, prefix).unwrap_or_default();
        }
        let names = bank.balances().read(|balances| balances.names_beginning_with(prefix, limit));
        names.iter().map(AccountId::to_string).collect()
    }
}
