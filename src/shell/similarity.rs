//! How similar a word that somebody wrote is to one that is known.

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
