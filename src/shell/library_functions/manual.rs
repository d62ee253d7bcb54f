//! Notes about the library at the end of `help`.

pub(super) const NOTES: &str = "
  The integer 1 and the string \"1\" name the same user. An ISBN has 10 or 13 digits, with or without hyphens.";
