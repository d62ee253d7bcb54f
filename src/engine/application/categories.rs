//! The first parts of the names of streams, by which kinds of aggregate are told apart.

use super::StartError;

/// Whether the streams of all these categories can be told apart by their names.
pub(super) fn check_categories(categories: &[&'static str]) -> Result<(), StartError> {
    for (number, first) in categories.iter().enumerate() {
        for second in &categories[number + 1..] {
            let clash = |one: &str, other: &str| {
                other == one || other.strip_prefix(one).is_some_and(|rest| rest.starts_with('-'))
            };
            if clash(first, second) || clash(second, first) {
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
    fn categories_whose_streams_could_have_one_name_are_refused() {
        assert_eq!(check_categories(&["lot", "ticket", "lots", "lo"]), Ok(()));
        for (first, second) in [("lot", "lot"), ("lot", "lot-a"), ("lot-a", "lot")] {
            let clash = check_categories(&["ticket", first, second]);
            assert_eq!(clash, Err(StartError::CategoriesClash { first, second }));
        }
    }
}
