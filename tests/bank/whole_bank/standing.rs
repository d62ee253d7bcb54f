//! Freezing and closing, limits, and what the holder changes.

use super::{Account, Booked, ModelBank, Pin, Reply};

impl ModelBank {
    pub(super) fn freeze(&mut self, name: &'static str, frozen: bool) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.frozen == frozen {
            return Err(if frozen { Reply::AlreadyFrozen } else { Reply::NotFrozen });
        }
        account.frozen = frozen;
        self.record(name, if frozen { "Account Frozen" } else { "Account Unfrozen" }, None, None, Booked::Nothing);
        Ok(())
    }

    pub(super) fn close(&mut self, name: &'static str, pin: Pin) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.frozen {
            return Err(Reply::AccountFrozen);
        }
        if self.change(name, pin)?.balance != 0 {
            return Err(Reply::BalanceNotZero);
        }
        let account = self.open(name)?;
        account.closed = true;
        self.record(name, "Account Closed", None, None, Booked::Nothing);
        Ok(())
    }

    pub(super) fn set_limit(&mut self, name: &'static str, limit: i64) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.balance < -limit {
            return Err(Reply::OverdraftInUse);
        }
        if account.limit == limit {
            return Ok(());
        }
        account.limit = limit;
        self.record(name, "Overdraft Limit Set", None, None, Booked::Nothing);
        Ok(())
    }

    pub(super) fn change_holder(&mut self, name: &'static str, pin: Pin) -> Result<(), Reply> {
        let account = self.change(name, pin)?;
        (account.is_renamed, account.wrong_pins) = (true, 0);
        self.record(name, "Holder Changed", None, None, Booked::Nothing);
        Ok(())
    }

    pub(super) fn change_email(&mut self, name: &'static str, pin: Pin, has: bool) -> Result<(), Reply> {
        let account = self.change(name, pin)?;
        (account.email, account.wrong_pins) = (has, 0);
        self.record(name, "E-Mail Changed", None, None, Booked::Nothing);
        Ok(())
    }

    pub(super) fn change_pin(&mut self, name: &'static str, pin: Pin, new: &'static str) -> Result<(), Reply> {
        if self.open(name)?.pin.is_none() {
            return Err(Reply::NoPin);
        }
        let account = self.change(name, pin)?;
        (account.pin, account.wrong_pins) = (Some(new), 0);
        self.record(name, "PIN Changed", None, None, Booked::Nothing);
        Ok(())
    }

    /// The account, if its holder may change it.
    fn change(&mut self, name: &'static str, pin: Pin) -> Result<&mut Account, Reply> {
        match self.open(name)?.admit(pin) {
            Ok(()) => self.open(name),
            Err(refused) => {
                if refused == Reply::WrongPin {
                    self.record(name, "Request Declined", None, None, Booked::Nothing);
                }
                Err(refused)
            }
        }
    }
}
