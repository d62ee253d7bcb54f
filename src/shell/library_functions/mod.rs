//! The library's functions at the prompt, for a program each: [`WriteFunctions`] has `LibraryWriteService.add_book`,
//! …, and [`ReadFunctions`] has `LibraryReadService.get_inventory`, …

mod manual;
mod parameters;
mod read;
mod replies;
mod write;

pub use self::read::ReadFunctions;
pub use self::write::WriteFunctions;
