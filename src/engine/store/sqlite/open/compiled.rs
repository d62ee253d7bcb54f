//! How the bundled SQLite was compiled.

/// Whether SQLite was compiled with the flags in this repository's `.cargo/config.toml`. Cargo reads that file only for
/// builds inside a checkout.
const HAS_FLAGS: bool = option_env!("LIBSQLITE3_FLAGS").is_some();

/// Tells users of a slower SQLite how to get the faster one.
pub(in crate::engine::store::sqlite) fn log_missing_flags() {
    if !HAS_FLAGS {
        tracing::info!(
            "SQLite was compiled without LIBSQLITE3_FLAGS=\"-DHAVE_FDATASYNC=1 -DSQLITE_DEFAULT_MEMSTATUS=0\": \
             commits sync more than they need to"
        );
    }
}
