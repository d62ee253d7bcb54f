//! What metadata say once they are stored.

use super::*;

fn stored(text: &str) -> Metadata {
    Metadata::from_outside(Uuid::nil()).with_stored(Some(text))
}

#[test]
fn details_survive_storing() {
    let fingerprint = Fingerprint::of(&[&"turn", &100]);
    let said = Metadata::from_outside(Uuid::nil()).with_process("CEO bonus").with_fingerprint(fingerprint);
    let read = stored(said.stored().unwrap());
    assert_eq!((read.fingerprint(), read.process()), (Some(fingerprint), Some("CEO bonus")));
    assert_eq!(read, said);
    assert_eq!(Metadata::from_outside(Uuid::nil()).stored(), None, "ids alone take no more room");
}

#[test]
fn a_fingerprint_takes_the_place_of_another() {
    let (one, other) = (Fingerprint::of(&[&1]), Fingerprint::of(&[&2]));
    let plain = Metadata::from_outside(Uuid::nil()).with_user("Josh").with_process("tax").without_effects();
    let replaced = plain.clone().with_fingerprint(one).with_fingerprint(other);
    assert_eq!(replaced, plain.with_fingerprint(other));
    assert_eq!(stored(replaced.stored().unwrap()), replaced);
    // What only looks like it is text of a user.
    let text = format!(r#"{{"a":"\"fingerprint\":\"{one}\"","fingerprint":"{one}"}}"#);
    assert_eq!(
        stored(&text).with_fingerprint(other),
        stored(&text.replace(&format!("{one}\"}}"), &format!("{other}\"}}")))
    );
}

#[test]
fn process_and_fingerprint_tell_commands_apart() {
    let ids = || Metadata::from_outside(Uuid::nil());
    let content = |content: u32| ids().with_fingerprint(Fingerprint::of(&[&content]));
    let all = [ids().with_process("tax"), ids().with_process("toll"), content(1), content(2)];
    for (index, one) in all.iter().enumerate() {
        for (other_index, other) in all.iter().enumerate() {
            assert_eq!(one.may_be_same_command_as(other), index == other_index, "{one:?} {other:?}");
        }
        assert!(one.may_be_same_command_as(&ids()) && ids().may_be_same_command_as(one), "{one:?}");
    }
}

#[test]
fn an_event_names_one_snapshot() {
    let plain = Metadata::from_outside(Uuid::nil()).with_process("tax");
    assert!(!plain.names_snapshot("one"));
    let named = plain.with_snapshot("one");
    assert!(named.names_snapshot("one") && !named.names_snapshot("another"));
    assert_eq!((named.process(), stored(named.stored().unwrap())), (Some("tax"), named.clone()));
    let text = named.stored().unwrap().replace(',', ", ");
    assert_eq!(stored(&text).with_snapshot("one").stored(), Some(&*text), "what it says already is left as it is");
}

#[test]
fn fields_of_later_versions_are_preserved() {
    let text = r#"{"user": {"name": "Josh"}, "process": "tax", "fingerprint": 7}"#;
    let read = stored(text);
    assert_eq!((read.stored(), read.process(), read.fingerprint()), (Some(text), None, None));
    assert_eq!(stored(r#"{"user": {"name": "Josh"}, "process": "tax"}"#).process(), Some("tax"));
    let text = r#"{"device":"phone","process":"tax"}"#;
    assert_eq!(stored(text).process(), Some("tax"));
    let more = stored(text).with_process("toll");
    assert_eq!(more.stored(), Some(r#"{"device":"phone","process":"toll"}"#));
}

#[test]
fn a_user_is_stored_with_what_else_is_known() {
    let fingerprint = Fingerprint::of(&[&"turn", &100]);
    let said = Metadata::from_outside(Uuid::nil()).with_user("Josh \"J\" 🐺");
    assert_eq!(said.stored(), Some(r#"{"user":"Josh \"J\" 🐺"}"#));
    let said = said.with_fingerprint(fingerprint).with_snapshot("one");
    let read = stored(said.stored().unwrap());
    assert_eq!((read.user(), read.fingerprint()), (Some("Josh \"J\" 🐺"), Some(fingerprint)));
    assert_eq!(read, said);
    assert_eq!(stored(r#"{"user":{"name":"Josh"}}"#).user(), None, "a later version's form of it is not known");
}

#[test]
fn what_has_no_effects_says_so_for_good() {
    let plain = Metadata::from_outside(Uuid::nil());
    assert!(plain.has_effects() && plain.clone().with_user("Josh").has_effects());
    let silent = plain.without_effects();
    assert_eq!(silent.stored(), Some(r#"{"effects":"none"}"#));
    let more = silent.with_user("Josh").with_fingerprint(Fingerprint::of(&[&1]));
    assert!(!stored(more.stored().unwrap()).has_effects());
    assert!(stored(r#"{"effects":{"mail":true}}"#).has_effects(), "a later version's form of it is not known");
}

#[test]
fn whoever_sends_a_command_it_is_the_same() {
    let content = |content: u32| Metadata::from_outside(Uuid::nil()).with_fingerprint(Fingerprint::of(&[&content]));
    let by = |user: &str, number: u32| content(number).with_user(user);
    assert!(by("Josh", 1).may_be_same_command_as(&by("Zoë", 1)));
    assert!(by("Josh", 1).may_be_same_command_as(&content(1)));
    assert!(!by("Josh", 1).may_be_same_command_as(&by("Josh", 2)));
    let without_fingerprint = Metadata::from_outside(Uuid::nil()).with_user("Zoë");
    assert!(by("Josh", 1).may_be_same_command_as(&without_fingerprint), "a user alone tells no command apart");
}

#[test]
fn a_sender_is_named_once_and_shared() {
    let sender = Metadata::from_outside(Uuid::nil()).with_user("Josh");
    let ids = || Metadata::from_outside(Uuid::from_u128(7));
    let sent = ids().or_sent_by(&sender);
    assert_eq!((sent.command_id, sent.user()), (Uuid::from_u128(7), Some("Josh")));
    let (Some(one), Some(other)) = (&sent.details, &sender.details) else { panic!("{sent:?} {sender:?}") };
    assert!(Arc::ptr_eq(one, other), "no command makes its details anew");
    assert_eq!(ids().with_user("Zoë").or_sent_by(&sender).user(), Some("Zoë"));
    let more = ids().with_process("tax").or_sent_by(&sender);
    assert_eq!((more.user(), more.process()), (Some("Josh"), Some("tax")));
    assert_eq!(ids().or_sent_by(&ids()), ids());
}
