//! What the shell says of the library beside its functions.

pub(super) const NOTES: &str = "
  The integer 1 and the string \"1\" name the same user. An ISBN has 10 or 13 digits, with or without hyphens.

Replies
  Besides its own, a function that takes an ISBN replies {:error, :invalid_isbn} where digits are missing or
  mistyped, and one that takes a user {:error, :invalid_user} for what cannot be a name.";
