//! What a booking may carry besides its amount: a memo, and the date it is booked on.

mod date;
mod details;
mod memo;
mod stored;

pub use self::date::{BookingDate, InvalidDate};
pub use self::details::{BookingDetails, FutureDate};
pub use self::memo::{InvalidMemo, Memo};
pub(super) use self::stored::{deserialize, only_adds};
