//! An account, to be judged by itself. A transfer is two deeds, one for each of its accounts: the bank does not promise
//! that both are done at once, but that each of them is done between the question and the answer.

use super::Thing;

#[derive(Clone, Debug)]
pub(crate) struct Account;

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Create,
    In(u64),
    Out(u64),
    /// It was said that there is an account.
    Exists,
    /// It was said that there is none.
    Absent,
    Declined {
        balance: u64,
        asked: u64,
    },
    Balance(u64),
}

impl Thing for Account {
    /// The balance, of an account that there is.
    type State = Option<u64>;
    type Deed = Deed;

    fn beginning() -> Option<u64> {
        None
    }

    fn after(state: &Option<u64>, deed: &Deed) -> Option<Option<u64>> {
        match (*state, deed) {
            (None, Deed::Create) => Some(Some(0)),
            (None, Deed::Absent) => Some(None),
            (Some(balance), Deed::In(amount)) => Some(Some(balance + amount)),
            (Some(balance), Deed::Out(amount)) => Some(Some(balance.checked_sub(*amount)?)),
            (Some(_), Deed::Exists) => Some(*state),
            (Some(balance), Deed::Declined { balance: told, asked }) => {
                (balance == *told && told < asked).then_some(*state)
            }
            (Some(balance), Deed::Balance(told)) => (balance == *told).then_some(*state),
            _ => None,
        }
    }

    fn is_question(deed: &Deed) -> bool {
        !matches!(deed, Deed::Create | Deed::In(_) | Deed::Out(_))
    }
}
