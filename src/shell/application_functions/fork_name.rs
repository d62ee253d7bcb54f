//! The parameters of forks, and what their names may be.

use crate::printable::check_name;
use crate::shell::common_errors::INVALID_FORK_NAME;
use crate::shell::functions::{Call, NotDone, Parameter, ParameterKind};
use crate::shell::term::Term;

/// What the application is called that the forks come from.
pub(in crate::shell) const MAIN: &str = "main";

/// The name of a new fork.
pub const NAME: Parameter = Parameter::needed("name", ParameterKind::Named);

/// What `help` says about forks in any domain.
pub(super) const DETAILS: &str = "What is done in a fork is stored nowhere and ends with it. at: 3 goes on after the event at position 3, at: 0 before\n\
    the first one, and without at: after the last one. What process managers had under way there goes on in the fork\n\
    before the reply, and a note says where the fork then ends. The log is not copied, and otherwise read models are\n\
    folded when the fork is first asked for anything. What was parked before is handled by nobody in the fork, as a note\n\
    then says. From now on statements go to the fork, as the prompt shows; {module}.switch \"main\" goes back. No event\n\
    handler acts in a fork; a note says which are off. {module}.export writes it to a file.\n\
    Replies {:ok, #Fork<what if at 3>}, or {:error, %{position: 9, problem: \"…\"}} if the log ends before at:.";

/// The name of a fork that there is, or [`MAIN`].
pub(super) const FORK: Parameter = Parameter::needed("fork", ParameterKind::Named);

/// The name of a new fork, as it was given.
pub(super) fn new_name<'a>(call: &Call<'a>) -> Result<&'a str, NotDone> {
    let name = call.text(NAME);
    if name == MAIN {
        return Err(Term::Error(INVALID_FORK_NAME).into());
    }
    check_name(name).map(|()| name).map_err(|invalid| NotDone::malformed(INVALID_FORK_NAME, invalid.to_string()))
}
