//! Account names for completion.

use std::sync::{Arc, PoisonError, RwLock};

use crate::bank::{AccountId, Bank};
use crate::shell::functions::{Names, Parameter, ParameterKind};

/// The names of existing accounts, for completion on the editor's thread.
pub(super) struct AccountNames {
    pub(super) open: Arc<RwLock<Option<Bank>>>,
}

impl Names for AccountNames {
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
        if parameter.kind != ParameterKind::Named {
            return Vec::new();
        }
        let bank = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(bank) = bank else {
            return Vec::new();
        };
        let names = bank.balances().read(|balances| balances.names_beginning_with(prefix, limit));
        names.iter().map(AccountId::to_string).collect()
    }
}
