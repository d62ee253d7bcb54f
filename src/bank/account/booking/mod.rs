//! What a booking may carry besides its amount: a memo, and the date it is booked on. What was declined carries them too.

mod date;
mod declined;
mod details;
mod memo;
mod stored;

pub use self::date::{BookingDate, InvalidDate};
pub use self::declined::DeclinedDetails;
pub use self::details::{BookingDetails, FutureDate};
pub use self::memo::{InvalidMemo, Memo};
pub(super) use self::stored::{deserialize, deserialize_overdrawn, deserialize_wrong_pin, only_adds};
