//! Core dumps, which would contain PINs.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Turns core dumps of this process off.
pub(super) fn disable() {
    // Lowering a limit does not fail.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // The limit does not apply to a dump that the system pipes into a program, such as systemd-coredump.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
