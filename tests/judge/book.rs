//! A book of the library, to be judged by itself.

use std::collections::BTreeSet;

use super::Thing;

#[derive(Clone, Debug)]
pub(crate) struct Book;

/// What is asked of a book.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Add(u32),
    Borrow(String),
    Return(String),
    Remove,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Done(Command),
    Refused(Command, String),
    /// The copies that are in and out, of a book that is there.
    Counts(Option<(u32, u32)>),
    /// Whether a user has it.
    HasIt(String, bool),
}

/// The copies, and who has one.
pub(crate) type Shelf = Option<(u32, BTreeSet<String>)>;

fn handle(shelf: &Shelf, command: &Command) -> Result<Shelf, &'static str> {
    let (copies, users) = match (shelf, command) {
        (_, Command::Add(added)) => {
            let (copies, users) = shelf.clone().unwrap_or_default();
            return Ok(Some((copies + added, users)));
        }
        (None, _) => return Err("no_book"),
        (Some((copies, users)), _) => (*copies, users),
    };
    let mut after = users.clone();
    match command {
        Command::Borrow(user) if users.contains(user) => return Err("already_borrowed"),
        Command::Borrow(_) if users.len() as u32 == copies => return Err("no_copy_left"),
        Command::Borrow(user) => drop(after.insert(user.clone())),
        Command::Return(user) if !users.contains(user) => return Err("not_borrowed"),
        Command::Return(user) => drop(after.remove(user)),
        Command::Remove if !users.is_empty() => return Err("book_is_out"),
        Command::Remove => return Ok(None),
        Command::Add(_) => {}
    }
    Ok(Some((copies, after)))
}

impl Thing for Book {
    type State = Shelf;
    type Deed = Deed;

    fn beginning() -> Shelf {
        None
    }

    fn after(shelf: &Shelf, deed: &Deed) -> Option<Shelf> {
        let same = || shelf.clone();
        match deed {
            Deed::Done(command) => handle(shelf, command).ok(),
            Deed::Refused(command, refusal) => (handle(shelf, command).err() == Some(refusal.as_str())).then(same),
            Deed::Counts(counts) => {
                let count =
                    |(copies, users): &(u32, BTreeSet<String>)| (copies - users.len() as u32, users.len() as u32);
                (shelf.as_ref().map(count) == *counts).then(same)
            }
            Deed::HasIt(user, has_it) => {
                (shelf.as_ref().is_some_and(|(_, users)| users.contains(user)) == *has_it).then(same)
            }
        }
    }

    fn is_question(deed: &Deed) -> bool {
        !matches!(deed, Deed::Done(_))
    }
}
