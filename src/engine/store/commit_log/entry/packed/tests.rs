//! What was written is read again, and what was not is refused.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Written {
    stream: String,
    version: u64,
    previous_position: u64,
    time: i64,
    event_type: String,
    schema_version: u16,
    metadata: Metadata,
    data: String,
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let id = (0..4_u128).prop_map(Uuid::from_u128);
    let details = prop_oneof![Just(None), Just(Some("{}")), Just(Some(r#"{"user":"Ada"}"#))];
    (id.clone(), id.clone(), id, details).prop_map(|(command, correlation, causation, text)| {
        Metadata::new(command, correlation, causation).with_stored(text)
    })
}

fn event() -> impl Strategy<Value = Written> {
    let time = prop_oneof![0..3_i64, any::<i64>()];
    let version = prop_oneof![1..300_u64, any::<u64>()];
    ("[abü]{0,2}", version, 0..11_u64, time, "[xy]{0,2}", any::<u16>(), metadata(), ".{0,200}").prop_map(
        |(stream, version, previous_position, time, event_type, schema_version, metadata, data)| Written {
            stream,
            version,
            previous_position,
            time,
            event_type,
            schema_version,
            metadata,
            data,
        },
    )
}

fn packed(events: &[Written]) -> Vec<u8> {
    let (mut packer, mut bytes) = (Packer::default(), Vec::new());
    for (event, position) in events.iter().zip(11..) {
        packer.add(&Content {
            position,
            stream: &event.stream,
            version: event.version,
            previous_position: event.previous_position,
            time: Timestamp::from_micros(event.time),
            event_type: &event.event_type,
            schema_version: event.schema_version,
            number_in_command: 1,
            metadata: &event.metadata,
            data: &event.data,
        });
    }
    packer.finish(&mut bytes);
    bytes
}

fn unpacked(bytes: &[u8]) -> Result<Vec<EntryEvent<'_>>, &'static str> {
    let mut unpacker = Unpacker::new(bytes, Position::new(10))?;
    let mut events = Vec::new();
    while let Some(event) = unpacker.next()? {
        events.push(event);
    }
    Ok(events)
}

proptest! {
    #[test]
    fn events_are_read_as_they_were_written(written in prop::collection::vec(event(), 0..20)) {
        let bytes = packed(&written);
        let read = unpacked(&bytes).unwrap();
        let expected: Vec<_> = written.into_iter().zip(11..).map(|(event, position)| EntryEvent {
            position: Position::new(position),
            stream: StreamId::named(&event.stream),
            version: Version::new(event.version),
            previous_position: Some(event.previous_position),
            r#type: event.event_type.into(),
            schema_version: event.schema_version,
            time: Timestamp::from_micros(event.time),
            metadata: event.metadata,
            data: event.data.into(),
        }).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..80)) {
        let _ = unpacked(&bytes);
    }

    #[test]
    fn changed_bytes_make_no_reader_panic(
        written in prop::collection::vec(event(), 1..5),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = packed(&written);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = unpacked(&bytes);
    }
}

#[test]
fn an_event_takes_as_many_bytes_as_it_has_to_say() {
    let event = |number: u128| Written {
        stream: "counter-The first one".to_owned(),
        version: 1 + number as u64,
        previous_position: 10 + number as u64,
        time: 1_700_000_000_000_000 + number as i64,
        event_type: "counted_by_somebody_who_can".to_owned(),
        schema_version: 1,
        metadata: Metadata::from_outside(Uuid::from_u128(number)),
        data: r#"{"counter":"The first","times":100}"#.to_owned(),
    };
    let count = |events: u128| packed(&(0..events).map(event).collect::<Vec<_>>()).len();
    // The flags, two names, three numbers, a time, an id, and the data with their length.
    assert_eq!(count(10) - count(9), 1 + 2 + 3 + 1 + 16 + 1 + 35);
}
