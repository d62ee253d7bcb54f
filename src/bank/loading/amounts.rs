//! Amounts as other programs write them, with thousands marks.

use std::borrow::Cow;

use super::options::DecimalMark;

/// The amount with a `.` before its decimals and without thousands marks. `None` if it is not written like an amount: a
/// mark stands before three digits each, so that no decimals are taken for thousands.
pub(super) fn plain(written: &str, decimal: DecimalMark) -> Option<Cow<'_, str>> {
    let written = written.trim();
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'-' || (byte == b'.' && decimal == DecimalMark::Point);
    if written.bytes().all(is_plain) {
        return Some(Cow::Borrowed(written));
    }
    let (sign, digits) = match written.strip_prefix(['-', '\u{2212}']) {
        Some(digits) => ("-", digits),
        None => ("", written.strip_prefix('+').unwrap_or(written)),
    };
    let (mark, thousands) = match decimal {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let (whole, decimals) = digits.split_once(mark).map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let is_thousands =
        |character: char| character == thousands || matches!(character, '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}');
    let whole = match whole.chars().find(|character| is_thousands(*character)) {
        Some(mark) => {
            let groups: Vec<_> = whole.split(mark).collect();
            let are_thousands = groups.first().is_some_and(|first| (1..=3).contains(&first.len()))
                && groups[1..].iter().all(|group| group.len() == 3);
            Cow::Owned(are_thousands.then(|| groups.concat())?)
        }
        None => Cow::Borrowed(whole),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match decimals {
        _ if !are_digits(&whole) => None,
        None => Some(format!("{sign}{whole}").into()),
        Some(decimals) => are_digits(decimals).then(|| format!("{sign}{whole}.{decimals}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_marks_are_left_out() {
        for (written, expected) in [
            ("1234.5", "1234.5"),
            ("-1,234.50", "-1234.50"),
            ("1,234,567", "1234567"),
            ("+12", "12"),
            ("1'234.5", "1234.5"),
            ("\u{2212}1\u{a0}234.50", "-1234.50"),
            (" 7 ", "7"),
        ] {
            assert_eq!(plain(written, DecimalMark::Point).as_deref(), Some(expected), "{written}");
        }
        for (written, expected) in [("1.234,50", "1234.50"), ("-1.234", "-1234"), ("0,5", "0.5"), ("1 234,5", "1234.5")]
        {
            assert_eq!(plain(written, DecimalMark::Comma).as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn decimals_are_not_taken_for_thousands() {
        for written in ["1,5", "1,50", "1234,567", ",123", "1,2345", "1,23,456", "10 EUR", "1.000,50", "a"] {
            assert_eq!(plain(written, DecimalMark::Point), None, "{written}");
        }
        for written in ["1.5", "1.50", "1,000.50", "1,2,3"] {
            assert_eq!(plain(written, DecimalMark::Comma), None, "{written}");
        }
    }
}
