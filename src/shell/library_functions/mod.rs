//! The library's functions at the prompt, for two programs: [`WriteFunctions`] has `LibraryWriteService.add_book` and
//! other commands, [`ReadFunctions`] has `LibraryReadService.get_inventory` and other queries.

mod errors;
mod manual;
mod parameters;
mod read;
mod replies;
mod shown_event;
mod write;

pub use self::read::ReadFunctions;
pub use self::write::WriteFunctions;
