//! What stands on the disk: the file, its companions, and the locks on them.

pub(super) mod acknowledged_end;
pub(super) mod companions;
pub(super) mod disk_full;
pub(super) mod end_file;
pub(super) mod file_identities;
pub(super) mod foreign_lock;
pub(super) mod lock_holder;
pub(super) mod long_wait;
pub(super) mod no_journal;
pub(super) mod open_file;
pub(super) mod owner;
pub(super) mod sole_access;
