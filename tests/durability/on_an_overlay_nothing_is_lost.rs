//! On an overlay, as in a container, a file becomes another one when it is opened for writing first. One program that
//! opens it twice knows it again, and no other program takes its log away.

use std::fs;

use crate::another_program::{Program, Role};
use crate::files::open;

/// Where nobody may mount an overlay, this says so and proves nothing.
#[tokio::test]
async fn a_file_from_the_lower_layer_is_opened_twice() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().canonicalize().unwrap();
    for name in ["made", "lower", "layers", "merged"] {
        fs::create_dir(place.join(name)).unwrap();
    }
    open(&place.join("made/bank.db")).append("a", 0, &[1]).await;
    // The lower layer lies on another device, so that the copy has another number.
    let mounted = format!(
        "cd {place:?} && mount -t tmpfs lower lower 2>&1 && cp made/bank.db lower/ && mkdir layers/upper layers/work \
         && mount -t overlay overlay -o lowerdir=lower,upperdir=layers/upper,workdir=layers/work merged 2>&1 \
         && touch merged/mounted && exec \"$0\" \"$@\""
    );
    let script = format!("exec unshare --mount --map-root-user bash -c '{mounted}' \"$0\" \"$@\"");
    let mut program = Program::start_by(&script, Role::OpenTwice, &place.join("merged/bank.db"));
    let said = program.hear();
    if !place.join("layers/upper/mounted").exists() {
        eprintln!("nothing was tried: no overlay can be mounted here");
        return;
    }
    assert_eq!(said.as_deref(), Some("[1, 2, 3]"));
    program.end();
}
