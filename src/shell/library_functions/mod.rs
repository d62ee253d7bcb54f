//! The library's functions at the prompt, for a program each: [`WriteFunctions`] has `LibraryWriteService.add_book`,
//! …, and [`ReadFunctions`] has `LibraryReadService.get_inventory`, …

mod arguments;
mod read;
mod replies;
mod table;
mod write;

pub use self::read::ReadFunctions;
pub use self::write::WriteFunctions;
