//! How similar a word that somebody wrote is to one that is known.

/// No known word is longer, and comparing takes quadratic time.
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

/// From 0 to 1, where 1 is the same.
pub(super) fn similarity(written: &str, known: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(written, known)
}

/// By how many slips a word was mistyped: a character too many, too few or wrong, or two that were swapped.
pub(super) fn slips(written: &str, known: &str) -> usize {
    strsim::osa_distance(written, known)
}
