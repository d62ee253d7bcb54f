//! The data of events in a narrow table: JSON in one line, with its ids shortened like those of the columns.

use super::distinct::short_id;

/// The length of a UUID as text.
const UUID: usize = 36;

/// The ids in the strings of a JSON text.
pub(super) fn ids_within(json: &str) -> Vec<&str> {
    json.split('"').filter(|part| is_uuid(part)).collect()
}

/// The JSON text with so many digits of each id.
pub(super) fn with_short_ids(json: &str, digits: usize) -> String {
    ids_within(json).into_iter().fold(json.to_owned(), |json, id| json.replace(id, &short_id(id, digits)))
}

/// The fields of a JSON object, each up to its comma; together they are the whole text.
pub(super) fn fields(json: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut start, mut is_within_string, mut is_escaped) = (0, false, false);
    for (place, character) in json.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_within_string = !is_within_string,
            ',' if !is_within_string => {
                fields.push(&json[start..=place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    fields.push(&json[start..]);
    fields
}

fn is_uuid(text: &str) -> bool {
    let is_right = |(place, byte): (usize, u8)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == UUID && text.bytes().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"memo":"a, \"b","transfer_id":"019b76da-c359-7001-9384-54127b096493","amount":25}"#;

    #[test]
    fn ids_are_short_and_all_else_is_as_it_was() {
        assert_eq!(with_short_ids(JSON, 4), JSON.replace("019b76da-c359-7001-9384-54127b09", ""));
        assert_eq!(with_short_ids(r#"{"amount":25}"#, 4), r#"{"amount":25}"#);
    }

    #[test]
    fn data_breaks_between_its_fields() {
        assert_eq!(fields(JSON).concat(), JSON);
        assert_eq!(fields(JSON).len(), 3);
        assert_eq!(fields(JSON)[2], r#""amount":25}"#);
    }
}
