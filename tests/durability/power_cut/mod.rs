//! What a power cut leaves of a run: the run's system calls are recorded, what a disk may hold after a cut is rebuilt
//! from them, and the program is asked whether everything it had answered is still so.
//!
//! [`record`] runs the program under `strace`, whose lines [`strace`] reads; [`disk`] knows what of it is safe at any
//! moment; [`states`] chooses what a cut leaves of the rest; [`judge`] opens it and asks. A [`scenario`] is what the
//! programs are told.

pub(crate) mod campaign;
pub(crate) mod disk;
pub(crate) mod judge;
pub(crate) mod omission;
pub(crate) mod promises;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod scenario;
pub(crate) mod states;
pub(crate) mod strace;
