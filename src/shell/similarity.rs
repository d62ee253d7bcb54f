//! How similar a word that somebody wrote is to one that is known.

use std::cmp::Ordering;

/// Longer words are not compared: that takes quadratic time, and no known word is longer.
pub(super) const LONGEST: usize = 64;

/// How similar words must be to be suggested, from 0 to 1.
pub(super) const CLOSE_ENOUGH: f64 = 0.7;

/// The known word that is close enough to be a suggestion.
pub(super) fn nearest_word<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let similarities = known.into_iter().map(|word| (similarity(written, word), word));
    let nearest = similarities.max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.filter(|(similarity, _)| *similarity >= CLOSE_ENOUGH).map(|(_, word)| word)
}

/// From 0 to 1, where 1 is the same; 0 too where the lengths alone are [not close enough](CLOSE_ENOUGH), as of most words.
pub(super) fn similarity(written: &str, known: &str) -> f64 {
    let lengths = [written, known].map(|word| word.chars().count());
    let [shorter, longer] = [lengths[0].min(lengths[1]), lengths[0].max(lengths[1])];
    if (shorter as f64) < CLOSE_ENOUGH * longer as f64 {
        return 0.0;
    }
    strsim::normalized_damerau_levenshtein(written, known)
}

/// The number of slips between two words, 0 or 1; `None` if there are more. A slip is a character too many, too few or
/// wrong, or two that were swapped.
pub(super) fn slips(written: &str, known: &str) -> Option<usize> {
    const MOST: usize = 1;
    let lengths = [written, known].map(|word| word.chars().count());
    let is_close = lengths[0].abs_diff(lengths[1]) <= MOST;
    is_close.then(|| strsim::osa_distance(written, known)).filter(|slips| *slips <= MOST)
}

/// Whether the one slip between two words is one that fingers make: two characters swapped; one too few, too many or
/// doubled; or the key beside the right one. The first character is mostly right, unless it is swapped. Two words that are
/// both words of a language mostly differ otherwise: crop and drop, trash and crash.
pub(super) fn is_slip_of_fingers(written: &str, known: &str) -> bool {
    let [written, known] = [written, known].map(|word| word.chars().collect::<Vec<_>>());
    if written.len() != known.len() {
        return written.first() == known.first();
    }
    let differing: Vec<_> = (0..written.len()).filter(|index| written[*index] != known[*index]).collect();
    match differing[..] {
        [0] => false,
        [index] => are_neighbours(written[index], known[index]),
        // Where there is one slip, two that differ are swapped.
        _ => true,
    }
}

/// Whether two letters have keys beside each other.
fn are_neighbours(one: char, other: char) -> bool {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let key = |letter| {
        let mut places = ROWS.iter().enumerate().filter_map(|(row, keys)| Some((row, keys.find(letter)?)));
        places.next()
    };
    let (Some((row, column)), Some((other_row, other_column))) = (key(one), key(other)) else { return false };
    match row.cmp(&other_row) {
        Ordering::Equal => column.abs_diff(other_column) == 1,
        // Each row is half a key further to the right than the one above it.
        Ordering::Less => row + 1 == other_row && (column == other_column || column == other_column + 1),
        Ordering::Greater => are_neighbours(other, one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingers_swap_miss_double_and_hit_the_key_beside() {
        for slip in ["clsoe", "lcose", "clos", "closse", "cloose", "ckose", "cliose", "close_"] {
            assert!(is_slip_of_fingers(slip, "close"), "{slip}");
        }
        for (other, word) in
            [("lose", "close"), ("crop", "drop"), ("trash", "crash"), ("clone", "close"), ("vlose", "close")]
        {
            assert!(!is_slip_of_fingers(other, word), "{other}");
        }
        for (letter, beside) in
            [('a', "qwsz"), ('s', "awedxz"), ('g', "ftyhvb"), ('p', "ol"), ('m', "njk"), ('q', "wa")]
        {
            let found: String = ('a'..='z').filter(|other| are_neighbours(letter, *other)).collect();
            let mut beside: Vec<_> = beside.chars().collect();
            beside.sort_unstable();
            assert_eq!(found, String::from_iter(beside), "{letter}");
        }
    }
}
