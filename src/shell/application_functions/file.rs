//! The parameter for the file that a function reads or writes.

use std::path::Path;

use crate::shell::functions::{Call, Parameter, ParameterKind};

/// The path of the file.
pub(super) const FILE: Parameter = Parameter::needed("file", ParameterKind::File);

pub(super) fn path<'a>(call: &Call<'a>) -> &'a Path {
    Path::new(call.text(FILE))
}
