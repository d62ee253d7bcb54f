//! Categories: the prefixes of stream names, which tell kinds of aggregate apart.

use super::StartError;

/// Refuses categories of which one, followed by `-`, is a prefix of another: their streams could have equal names.
pub(super) fn check_categories(categories: &[&'static str]) -> Result<(), StartError> {
    for (number, first) in categories.iter().enumerate() {
        for second in &categories[number + 1..] {
            let is_prefix = |one: &str, other: &str| {
                other == one || other.strip_prefix(one).is_some_and(|rest| rest.starts_with('-'))
            };
            if is_prefix(first, second) || is_prefix(second, first) {
                return Err(StartError::CategoriesClash { first, second });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_with_ambiguous_stream_names_are_refused() {
        assert_eq!(check_categories(&["lot", "ticket", "lots", "lo"]), Ok(()));
        for (first, second) in [("lot", "lot"), ("lot", "lot-a"), ("lot-a", "lot")] {
            let clash = check_categories(&["ticket", first, second]);
            assert_eq!(clash, Err(StartError::CategoriesClash { first, second }));
        }
    }
}
