//! The parameter for the file that a function reads or writes, and what it replies where none was written.

use std::path::Path;

use super::HasApplication;
use crate::engine::application::ExportError;
use crate::shell::common_errors::{FILE_EXISTS, FILE_FAILED, NO_FILE_NAME, RESERVED_NAME};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Call, NotDone, Parameter, ParameterKind};
use crate::shell::term::Term;

/// The path of the file.
pub(super) const FILE: Parameter = Parameter::needed("file", ParameterKind::File);

/// Why a new file was not written.
pub(super) const ERRORS: &[ErrorReason] = &[FILE_EXISTS, FILE_FAILED, RESERVED_NAME, NO_FILE_NAME];

pub(super) fn path<'a>(call: &Call<'a>) -> Result<&'a Path, Term> {
    match call.text(FILE) {
        "" => Err(Term::Error(NO_FILE_NAME)),
        name => Ok(Path::new(name)),
    }
}

/// The outcome when a new file was not written.
pub(super) fn not_written<D: HasApplication>(error: ExportError) -> NotDone {
    let reply = match &error {
        ExportError::Unavailable(unavailable) => return D::WORDS.failed(unavailable),
        ExportError::FileExists { .. } => Term::Error(FILE_EXISTS),
        ExportError::ReservedName { .. } => Term::Error(RESERVED_NAME),
        ExportError::File { .. } => Term::Error(FILE_FAILED),
    };
    NotDone::failed(reply, error.to_string()).changing_nothing()
}
