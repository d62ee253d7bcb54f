//! PINs are kept with a secret from the environment, or with a key file that is made at first use and that
//! nobody else can read.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::{Finished, bank, run_command};

/// The head is a hash over what is stored, so that it tells verifiers apart, which nothing shows.
const WITH_PIN: &str = "Bank.open; Bank.create 1, \"Josh\", 1234; Bank.withdraw 1, 5, 1234; Bank.head";

fn without_secret(statements: &str) -> Command {
    let mut command = bank(&["--quiet", "--seed", "1", "-c", statements]);
    command.env_remove("BANK_PIN_SECRET").env_remove("XDG_STATE_HOME").env_remove("HOME");
    command
}

fn with_state(state: &Path, statements: &str) -> Finished {
    let mut command = without_secret(statements);
    command.env("XDG_STATE_HOME", state);
    run_command(command, "")
}

fn key_file(state: &TempDir) -> PathBuf {
    state.path().join("cqrs-bank/pin-secret")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A state directory with a key file of this content and mode.
fn with_key(content: &str, mode: u32) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    fs::create_dir(state.path().join("cqrs-bank")).unwrap();
    fs::write(key_file(&state), content).unwrap();
    fs::set_permissions(key_file(&state), fs::Permissions::from_mode(mode)).unwrap();
    state
}

/// The reply to the command that has a PIN, and what the log says.
fn refused(finished: &Finished) -> (&str, &str) {
    (finished.stdout.lines().nth(1).unwrap(), finished.stderr.lines().next().unwrap())
}

#[test]
fn a_key_is_made_at_first_use_and_only_once() {
    let state = tempfile::tempdir().unwrap();
    with_state(state.path(), "Bank.open; Bank.create 1; Bank.withdraw 1, 5");
    assert!(!state.path().join("cqrs-bank").exists(), "no PIN was used");

    let first = with_state(state.path(), WITH_PIN);
    assert_eq!(first.stdout.lines().nth(2), Some(":ok"));
    let key = fs::read_to_string(key_file(&state)).unwrap();
    assert!(key.len() == 65 && key.trim_end().bytes().all(|digit| digit.is_ascii_hexdigit()), "{key}");
    assert_eq!((mode(&key_file(&state)), mode(&state.path().join("cqrs-bank"))), (0o600, 0o700));
    assert_eq!(fs::read_dir(state.path().join("cqrs-bank")).unwrap().count(), 1, "nothing is left over");

    assert_eq!(with_state(state.path(), WITH_PIN), first, "the same key makes the same verifier");
    assert_eq!(fs::read_to_string(key_file(&state)).unwrap(), key);
    let other = tempfile::tempdir().unwrap();
    assert_ne!(with_state(other.path(), WITH_PIN).stdout, first.stdout, "another key makes another");
}

#[test]
fn with_another_key_no_pin_is_checked_and_none_counts_as_wrong() {
    let state = tempfile::tempdir().unwrap();
    let place = tempfile::tempdir().unwrap();
    let statements = |rest: &str| format!("Bank.open {:?}; {rest}", place.path().join("bank.db").display().to_string());
    with_state(state.path(), &statements("Bank.create 1, \"Josh\", 1234; Bank.deposit 1, 50"));
    let withdraw = statements("Bank.withdraw 1, 5, 1234; Bank.withdraw 1, 5, 1234; Bank.withdraw 1, 5, 1234");
    let other = tempfile::tempdir().unwrap();
    with_state(other.path(), WITH_PIN);
    let finished = with_state(other.path(), &withdraw);
    let replies: Vec<_> = finished.stdout.lines().skip(1).collect();
    assert_eq!(replies, ["{:error, :wrong_pin_secret}"; 3], "{finished:?}");
    assert!(finished.stderr.contains("the PIN was stored with another secret"), "{finished:?}");
    let finished = with_state(state.path(), &statements("Bank.withdraw 1, 5, 1234; Bank.check_balance 1"));
    assert_eq!(
        finished.stdout.lines().skip(1).collect::<Vec<_>>(),
        [":ok", "45"],
        "the account is not locked: {finished:?}"
    );
}

#[test]
fn a_new_pin_that_no_secret_verifies_together_with_the_others_is_warned_of() {
    let (state, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = tempfile::tempdir().unwrap();
    let create = |state: &TempDir, account: u32| {
        let path = place.path().join("bank.db");
        with_state(state.path(), &format!("Bank.open {path:?}; Bank.create {account}, \"Josh\", 1234"))
    };
    with_state(other.path(), WITH_PIN);
    for account in [1, 2] {
        assert_eq!(create(&state, account).stderr, "");
    }
    let warned = create(&other, 3);
    assert!(warned.stdout.ends_with(":ok\n"), "{warned:?}");
    assert!(warned.stderr.contains("the PIN of account \"2\" was stored with another secret"), "{warned:?}");
}

#[test]
fn home_has_it_where_no_state_directory_is_named() {
    let home = tempfile::tempdir().unwrap();
    let mut command = without_secret(WITH_PIN);
    command.env("HOME", home.path());
    run_command(command, "");
    assert_eq!(mode(&home.path().join(".local/state/cqrs-bank/pin-secret")), 0o600);
}

#[test]
fn a_secret_in_the_environment_needs_no_file() {
    let state = tempfile::tempdir().unwrap();
    let run = |secret: &str| {
        let mut command = without_secret(WITH_PIN);
        command.env("XDG_STATE_HOME", state.path()).env("BANK_PIN_SECRET", secret);
        run_command(command, "")
    };
    let (one, two) = ("one secret for tests", "two secret for tests");
    assert_eq!(run(one), run(one));
    assert_ne!(run(one).stdout, run(two).stdout);
    assert!(!state.path().join("cqrs-bank").exists());
    run("");
    assert!(key_file(&state).exists(), "an empty secret is none");
}

#[test]
fn many_that_make_it_at_once_have_the_same() {
    let state = tempfile::tempdir().unwrap();
    let runs: Vec<_> = (0..6)
        .map(|_| {
            let state = state.path().to_owned();
            std::thread::spawn(move || with_state(&state, WITH_PIN))
        })
        .collect();
    let finished: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
    assert!(finished.iter().all(|one| *one == finished[0]), "{finished:?}");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let state = with_key(&format!("{}\n", "0".repeat(64)), 0o644);
    let finished = with_state(state.path(), WITH_PIN);
    let path = key_file(&state);
    let expected = format!(
        "00:00:00.000 [error] there is no secret for PINs: others than its owner may read the key file {} (mode 644); \
         chmod 600 it",
        path.display()
    );
    assert_eq!(refused(&finished), ("{:error, :no_pin_secret}", expected.as_str()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(with_state(state.path(), WITH_PIN).stdout.lines().nth(1), Some(":ok"));
}

#[test]
fn what_is_no_key_is_refused_and_stays_as_it_is() {
    for content in ["", "short\n", &"0".repeat(65), &"g".repeat(64), &format!("{}\n\n", "0".repeat(64))] {
        let state = with_key(content, 0o600);
        let finished = with_state(state.path(), WITH_PIN);
        let (reply, log) = refused(&finished);
        assert_eq!(reply, "{:error, :no_pin_secret}", "{content:?}");
        assert!(log.ends_with("does not hold a key of 64 hexadecimal digits"), "{log}");
        assert_eq!(fs::read_to_string(key_file(&state)).unwrap(), content);
    }
}

/// Such a secret could be guessed by whoever has the log.
#[test]
fn a_secret_that_is_too_short_is_refused_with_a_way_to_make_one() {
    let state = tempfile::tempdir().unwrap();
    for (secret, bytes) in [("x", 1), ("fifteen bytes ..", 16), ("fifteen bytes .", 15), ("äöüß", 8)] {
        let mut command = without_secret(WITH_PIN);
        command.env("XDG_STATE_HOME", state.path()).env("BANK_PIN_SECRET", secret);
        let finished = run_command(command, "");
        if bytes >= 16 {
            assert_eq!(finished.stdout.lines().nth(1), Some(":ok"));
            continue;
        }
        let expected = format!(
            "00:00:00.000 [error] there is no secret for PINs: BANK_PIN_SECRET is too short: a secret for PINs has at \
             least 16 bytes, and this one has {bytes}; `head -c 32 /dev/urandom | base64` makes a good one. Keep it: no \
             other secret verifies the PINs of a bank"
        );
        assert_eq!(refused(&finished), ("{:error, :no_pin_secret}", expected.as_str()));
    }
    assert!(!state.path().join("cqrs-bank").exists(), "no key was made in its place");
}

/// Reading from a pipe waits until somebody writes, and from a device it may never end.
#[test]
fn a_key_file_that_is_no_file_is_refused_at_once() {
    let state = tempfile::tempdir().unwrap();
    fs::create_dir(state.path().join("cqrs-bank")).unwrap();
    let path = key_file(&state);
    let expected = |problem: &str| {
        let path = path.display();
        format!(
            "00:00:00.000 [error] there is no secret for PINs: BANK_PIN_SECRET is not set, and the key file {path} cannot \
             be read: {problem}"
        )
    };
    let (not_regular, link) = (expected("it is not a regular file"), expected("it is a symbolic link"));
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
    assert_eq!(refused(&with_state(state.path(), WITH_PIN)), ("{:error, :no_pin_secret}", not_regular.as_str()));
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert_eq!(refused(&with_state(state.path(), WITH_PIN)), ("{:error, :no_pin_secret}", link.as_str()));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(refused(&with_state(state.path(), WITH_PIN)), ("{:error, :no_pin_secret}", not_regular.as_str()));
}

/// Its other names, and its owner, may be those of another user.
#[test]
fn a_key_file_of_another_user_is_refused() {
    let state = with_key(&format!("{}\n", "0".repeat(64)), 0o600);
    let (path, moved) = (key_file(&state), state.path().join("moved"));
    let is_refused = |problem: &str| {
        let finished = with_state(state.path(), WITH_PIN);
        let (reply, log) = refused(&finished);
        assert_eq!(reply, "{:error, :no_pin_secret}", "{problem}");
        assert!(log.ends_with(&format!("cannot be read: {problem}")), "{log}");
    };
    fs::rename(&path, &moved).unwrap();
    symlink(&moved, &path).unwrap();
    is_refused("it is a symbolic link");
    fs::remove_file(&path).unwrap();
    fs::hard_link(&moved, &path).unwrap();
    is_refused("it has another name, which may be somebody else's");
    fs::remove_file(&moved).unwrap();
    assert_eq!(with_state(state.path(), WITH_PIN).stdout.lines().nth(1), Some(":ok"));
    // Only root can give a file to another user.
    if rustix::process::geteuid().is_root() {
        chown(&path, Some(65_534), None).unwrap();
        is_refused("it belongs to another user (65534)");
    }
}

#[test]
fn a_key_that_is_gone_is_not_made_anew_for_a_bank_with_pins() {
    let state = tempfile::tempdir().unwrap();
    let place = tempfile::tempdir().unwrap();
    let statements = |rest: &str| format!("Bank.open {:?}; {rest}", place.path().join("bank.db").display().to_string());
    with_state(state.path(), &statements("Bank.create 1, \"Josh\", 1234; Bank.create 2; Bank.deposit 1, 50"));
    let (path, moved) = (key_file(&state), state.path().join("moved"));
    fs::rename(&path, &moved).unwrap();
    for statement in ["Bank.withdraw 1, 5, 1234", "Bank.withdraw 2, 5, 1234", "Bank.create 3, \"Eva\", 1234"] {
        let finished = with_state(state.path(), &statements(statement));
        let (reply, log) = refused(&finished);
        assert_eq!(reply, "{:error, :no_pin_secret}", "{statement}");
        assert!(log.contains("pin-secret is missing. The bank has PINs, which no other key verifies"), "{log}");
        assert!(!path.exists(), "{statement}");
    }
    fs::rename(&moved, &path).unwrap();
    let finished = with_state(state.path(), &statements("Bank.withdraw 1, 5, 1234"));
    assert_eq!(finished.stdout.lines().nth(1), Some(":ok"), "{finished:?}");
}

#[test]
fn where_there_is_no_place_for_it_that_is_said() {
    let nowhere = run_command(without_secret(WITH_PIN), "");
    let (reply, log) = refused(&nowhere);
    assert_eq!(reply, "{:error, :no_pin_secret}");
    assert!(
        log.ends_with("BANK_PIN_SECRET is not set, and neither XDG_STATE_HOME nor HOME says where to keep a key file")
    );

    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("cqrs-bank"), "").unwrap();
    let blocked = with_state(state.path(), WITH_PIN);
    let (reply, log) = refused(&blocked);
    assert_eq!(reply, "{:error, :no_pin_secret}");
    assert!(log.contains("BANK_PIN_SECRET is not set, and the key file") && log.contains("cannot be"), "{log}");
}
