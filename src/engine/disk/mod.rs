//! Files on disk: private, created whole or not at all, and synced together with their names.

mod directory;
mod file;
mod new_file;
mod own_file;
mod replace;

pub use self::directory::{create_private_directory, directory_of, sync_name};
pub use self::file::{FileId, create_private, is_unsupported, with_suffix};
pub use self::new_file::{NO_SYNC_OF_DIRECTORIES, NewFile, Placed};
pub use self::own_file::{Trusted, create_anew, open_own, open_regular, rename_anew};
pub use self::replace::replace_file;
