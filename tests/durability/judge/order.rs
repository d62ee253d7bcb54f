//! Looks for an order that explains every answer: the search of Wing and Gong, which does not go twice where it has been
//! (Lowe, "Testing for linearizability").

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::{Entry, NEVER, Thing};

/// So often it is looked whether there is time left, in steps.
const LOOK_EVERY: u64 = 1_024;

/// What became of the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<S> {
    /// There is such an order, and this is how things stand after it.
    Explained(S),
    /// There is none.
    Inexplicable,
    /// It took too long.
    Unknown,
}

/// Looks for an order. What was not answered may be in it or not.
pub(crate) fn explain<T: Thing>(
    beginning: &T::State,
    entries: &[Entry<T::Deed>],
    patience: Duration,
) -> Verdict<T::State> {
    let begun = Instant::now();
    let mut line = Line::of::<T>(entries);
    let mut state = beginning.clone();
    let mut done = Done::none_of(entries.len());
    let mut been = HashSet::new();
    // What is in the order so far, each with how things stood before.
    let mut order: Vec<(usize, T::State)> = Vec::new();
    let mut place = line.first();
    let mut steps = 0_u64;
    loop {
        steps += 1;
        if steps.is_multiple_of(LOOK_EVERY) && begun.elapsed() > patience {
            return Verdict::Unknown;
        }
        match line.at(place) {
            // No answer is left to be explained.
            Moment::End => return Verdict::Explained(state),
            Moment::Called(entry) => {
                let next = T::after(&state, &entries[entry].deed).filter(|after| {
                    let with = done.with(entry);
                    been.insert((with, after.clone()))
                });
                if let Some(after) = next {
                    order.push((entry, std::mem::replace(&mut state, after)));
                    done = done.with(entry);
                    line.take_out(entry);
                    place = line.first();
                } else {
                    place = line.after(place);
                }
            }
            // It was answered before whatever else could come next: what came last in the order was wrong there.
            Moment::Answered => {
                let Some((entry, before)) = order.pop() else { return Verdict::Inexplicable };
                state = before;
                done = done.without(entry);
                place = line.put_back(entry);
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    Called(usize),
    Answered,
    End,
}

/// When what is not in the order yet was called and answered, in the order of time.
struct Line {
    moments: Vec<Moment>,
    /// The neighbours of each place. The last place is before the first and after the last moment.
    before: Vec<usize>,
    after: Vec<usize>,
    /// Where each entry was called, and answered if it was.
    places: Vec<(usize, Option<usize>)>,
}

impl Line {
    fn of<T: Thing>(entries: &[Entry<T::Deed>]) -> Self {
        let called = entries.iter().enumerate().map(|(entry, Entry { called, .. })| (*called, false, entry));
        let answered = entries.iter().enumerate().map(|(entry, Entry { returned, .. })| (*returned, true, entry));
        let mut times: Vec<_> = called.chain(answered.filter(|(returned, ..)| *returned != NEVER)).collect();
        times.sort_unstable();
        let mut places = vec![(0, None); entries.len()];
        let mut moments = Vec::new();
        for (place, (_, is_answer, entry)) in times.into_iter().enumerate() {
            if is_answer {
                places[entry].1 = Some(place);
                moments.push(Moment::Answered);
            } else {
                places[entry].0 = place;
                moments.push(Moment::Called(entry));
            }
        }
        moments.push(Moment::End);
        let count = moments.len();
        let before = (0..count).map(|place| (place + count - 1) % count).collect();
        let after = (0..count).map(|place| (place + 1) % count).collect();
        Self { moments, before, after, places }
    }

    fn first(&self) -> usize {
        self.after[self.moments.len() - 1]
    }

    fn at(&self, place: usize) -> Moment {
        self.moments[place]
    }

    fn after(&self, place: usize) -> usize {
        self.after[place]
    }

    fn take_out(&mut self, entry: usize) {
        let (called, answered) = self.places[entry];
        for place in [Some(called), answered].into_iter().flatten() {
            let (before, after) = (self.before[place], self.after[place]);
            self.after[before] = after;
            self.before[after] = before;
        }
    }

    /// Puts back what was taken out last. Answers the place behind the one where it was called.
    fn put_back(&mut self, entry: usize) -> usize {
        let (called, answered) = self.places[entry];
        for place in [answered, Some(called)].into_iter().flatten() {
            let (before, after) = (self.before[place], self.after[place]);
            self.after[before] = place;
            self.before[after] = place;
        }
        self.after[called]
    }
}

/// Which entries are in the order, a bit for each.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Done(Box<[u64]>);

impl Done {
    fn none_of(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)].into())
    }

    fn with(&self, entry: usize) -> Self {
        let mut done = self.clone();
        done.0[entry / 64] |= 1 << (entry % 64);
        done
    }

    fn without(&self, entry: usize) -> Self {
        let mut done = self.clone();
        done.0[entry / 64] &= !(1 << (entry % 64));
        done
    }
}
