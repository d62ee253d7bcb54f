//! Properties of the scanner and the parser, for any text.

use proptest::prelude::*;

use super::*;

/// Any text, mostly pieces of statements.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = [
        "Bank.open",
        "f ",
        "A",
        "b",
        "_",
        "1",
        "0",
        "-",
        ".",
        ":",
        "\"",
        "\\",
        "u{41}",
        "'",
        "#",
        ";",
        "\n",
        " ",
        "\t",
        "\r",
        ",",
        "(",
        ")",
        "ß",
        "\u{2028}",
        "true",
        "k: ",
        "\"x\"",
        "\0",
    ];
    let pieces = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..16);
    prop_oneof![4 => pieces.prop_map(|pieces| pieces.concat()), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn the_tokens_of_a_text_are_the_text(text in any_text()) {
        let pieces: Vec<_> = Tokens::new(&text).map(|token| &text[token.span()]).collect();
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
        prop_assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn a_statement_is_open_however_the_text_is_cut(text in any_text(), cut in any::<prop::sample::Index>()) {
        let cuts: Vec<_> = (0..=text.len()).filter(|place| text.is_char_boundary(*place)).collect();
        let (first, second) = text.split_at(*cut.get(&cuts));
        let (mut open, mut whole) = (OpenStatement::default(), OpenStatement::default());
        open.follow(first);
        open.follow(second);
        whole.follow(&text);
        prop_assert_eq!(open, whole);
        let last = Tokens::new(&text).last().map(|token| token.kind);
        prop_assert_eq!(open.is_within_string(), last == Some(TokenKind::OpenString));
    }

    #[test]
    fn a_statement_goes_on_only_where_it_may_have_begun(text in any_text()) {
        let line = text.replace('\n', " ");
        let mut open = OpenStatement::default();
        open.follow(&line);
        open.follow("\n");
        prop_assert!(OpenStatement::may_begin_in(&line) || open == OpenStatement::default());
    }

    #[test]
    fn statements_follow_each_other_and_each_means_what_it_means_alone(text in any_text()) {
        let mut end = 0;
        for read in Statements::new(&text) {
            let (span, alone) = match &read {
                Ok(statement) => (statement.span.clone(), Some(statement)),
                Err(error) => (error.statement.clone(), None),
            };
            prop_assert!(span.start >= end && span.end <= text.len());
            end = span.end;
            if let Some(statement) = alone {
                let again = Statements::new(&text[span]).next().and_then(Result::ok).expect("it was read before");
                let values = |statement: &Statement<'_>| -> Vec<_> {
                    statement.arguments.iter().map(|argument| format!("{:?}", argument.keyword)).collect()
                };
                prop_assert_eq!(again.name.to_string(), statement.name.to_string());
                prop_assert_eq!(values(&again), values(statement));
            }
        }
    }
}
