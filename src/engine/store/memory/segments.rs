//! A list that only grows, in segments: growing moves nothing, and leaves at most one segment unused.

/// The number of values in a segment.
const SEGMENT: usize = 1_024;

/// All segments but the last are full. The first one grows, so that a short list stays small.
#[derive(Debug)]
pub(super) struct Segments<T>(Vec<Vec<T>>);

impl<T> Default for Segments<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Segments<T> {
    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * SEGMENT + last.len())
    }

    pub(super) fn at(&self, index: usize) -> &T {
        &self.0[index / SEGMENT][index % SEGMENT]
    }

    pub(super) fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < SEGMENT => last.push(value),
            Some(_) => {
                let mut next = Vec::with_capacity(SEGMENT);
                next.push(value);
                self.0.push(next);
            }
            None => self.0.push(vec![value]),
        }
    }

    /// Removes the last value.
    pub(super) fn pop(&mut self) -> Option<T> {
        let last = self.0.last_mut()?;
        let value = last.pop();
        if last.is_empty() {
            self.0.pop();
        }
        value
    }

    /// The number of values at the beginning for which `is_before` holds. It holds for none after the first one for which it
    /// does not.
    pub(super) fn partition_point(&self, mut is_before: impl FnMut(&T) -> bool) -> usize {
        let begun = self.0.partition_point(|segment| segment.first().is_some_and(&mut is_before));
        let Some(last) = begun.checked_sub(1) else { return 0 };
        last * SEGMENT + self.0[last].partition_point(is_before)
    }

    /// The memory of the list itself, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let values: usize = self.0.iter().map(Vec::capacity).sum();
        values * size_of::<T>() + self.0.capacity() * size_of::<Vec<T>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_on_both_sides_of_every_boundary() {
        let mut list = Segments::default();
        assert_eq!((list.len(), list.partition_point(|_| true)), (0, 0));
        let count = 3 * SEGMENT + 7;
        for value in 0..count {
            list.push(value);
            assert_eq!((list.len(), *list.at(value)), (value + 1, value));
        }
        for index in
            (0..=count).filter(|index| index % SEGMENT < 3 || index % SEGMENT > SEGMENT - 3 || *index > count - 3)
        {
            assert_eq!(list.partition_point(|value| *value < index), index);
        }
        assert_eq!(list.partition_point(|_| true), count);
    }
}
