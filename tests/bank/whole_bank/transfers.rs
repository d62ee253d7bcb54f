//! Transfers, and reversals of all that was booked.

use super::{Account, Booked, LIMIT, ModelBank, Pin, Reply, Transfer, units};

impl ModelBank {
    pub(super) fn transfer(
        &mut self,
        payer: &'static str,
        payee: &'static str,
        amount: u64,
        pin: Pin,
        details: Option<String>,
    ) -> Result<(), Reply> {
        if payer == payee
            && let Some(account) = self.accounts.get(payer)
        {
            return Err(match (account.closed, account.frozen) {
                (true, _) => Reply::AccountClosed,
                (false, true) => Reply::AccountFrozen,
                (false, false) => Reply::SameAccount,
            });
        }
        let number = self.transfers.len();
        self.take_out(payer, amount, pin, details.clone(), "Money Reserved", Booked::Transfer(number))?;
        let (is_settled, is_reversal, is_reversed) = (false, false, false);
        self.transfers.push(Transfer { payer, payee, amount, is_settled, is_reversal, is_reversed });
        self.end_transfer(number, details)
    }

    /// Credits what is reserved, or gives it back.
    fn end_transfer(&mut self, number: usize, details: Option<String>) -> Result<(), Reply> {
        let Transfer { payer, payee, amount, .. } = self.transfers[number];
        let (amounts, booked) = (Some(amount), Booked::Transfer(number));
        let refused = match self.accounts.get_mut(payee) {
            None | Some(Account { closed: true, .. }) => Some(Reply::NoPayee),
            Some(account) if account.balance + units(amount) > units(LIMIT) => Some(Reply::BalanceLimit),
            Some(account) => {
                account.balance += units(amount);
                None
            }
        };
        if let Some(refused) = refused {
            if let Some(account) = self.accounts.get_mut(payer) {
                account.balance += units(amount);
            }
            self.record(payer, "Transfer Released", amounts, details, booked);
            return Err(refused);
        }
        self.record(payee, "Transfer Credited", amounts, details.clone(), booked);
        self.record(payer, "Transfer Settled", amounts, details, booked);
        self.transfers[number].is_settled = true;
        Ok(())
    }

    pub(super) fn reverse(&mut self, position: u64) -> Result<(), Reply> {
        let line = usize::try_from(position).ok().and_then(|position| position.checked_sub(1)).ok_or(Reply::NoEvent)?;
        let booked = *self.booked.get(line).ok_or(Reply::NoEvent)?;
        let &(name, _, amount, _) = &self.log[line];
        let is_in = match booked {
            Booked::Deposit => false,
            Booked::Withdrawal => true,
            Booked::Transfer(number) => return self.transfer_back(number),
            Booked::Reversal => return Err(Reply::IsReversal),
            Booked::Nothing => return Err(Reply::NothingToReverse),
        };
        let (moved, is_reversed) = (units(amount.unwrap()), self.reversed.contains(&line));
        let account = self.open(name)?;
        match is_in {
            false if account.frozen => return Err(Reply::AccountFrozen),
            _ if is_reversed => return Err(Reply::AlreadyReversed),
            true if account.balance + moved > units(LIMIT) => return Err(Reply::BalanceLimit),
            false if account.balance - moved < -account.limit => return Err(Reply::TooLittle),
            true => account.balance += moved,
            false => account.balance -= moved,
        }
        self.reversed.insert(line);
        let what = if is_in { "Withdrawal Reversed" } else { "Deposit Reversed" };
        self.record(name, what, amount, None, Booked::Reversal);
        Ok(())
    }

    fn transfer_back(&mut self, number: usize) -> Result<(), Reply> {
        let Transfer { payer, payee, amount, is_settled, is_reversal, is_reversed } = self.transfers[number];
        match () {
            () if !is_settled => return Err(Reply::NothingToReverse),
            () if is_reversal => return Err(Reply::IsReversal),
            () => {}
        }
        let account = self.open(payee)?;
        match () {
            () if account.frozen => return Err(Reply::AccountFrozen),
            () if is_reversed => return Err(Reply::AlreadyReversed),
            () if account.balance - units(amount) < -account.limit => return Err(Reply::TooLittle),
            () => {}
        }
        match &self.accounts[payer] {
            Account { closed: true, .. } => return Err(Reply::NoPayee),
            account if account.balance + units(amount) > units(LIMIT) => return Err(Reply::BalanceLimit),
            _ => self.open(payee)?.balance -= units(amount),
        }
        let (back, details) = (self.transfers.len(), Some("None None".to_owned()));
        self.record(payee, "Money Reserved", Some(amount), details.clone(), Booked::Transfer(back));
        let (payer, payee) = (payee, payer);
        let (is_settled, is_reversal, is_reversed) = (false, true, false);
        self.transfers.push(Transfer { payer, payee, amount, is_settled, is_reversal, is_reversed });
        self.end_transfer(back, details)?;
        self.transfers[number].is_reversed = true;
        Ok(())
    }
}
