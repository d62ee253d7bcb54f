//! A file is read to its end before anything is booked. A mistake is told with its line and column, and what other programs
//! leave in a file is none.

use std::path::Path;

use cqrs_bank::bank::{Encoding, LoadError, LoadOptions, Mistake, StoreUrl};

use crate::accounts::{account, balance};
use crate::rest::log;
use crate::transactions::loading::{Folder, creating, euro_bank, load};

#[tokio::test]
async fn nothing_is_booked_of_a_file_with_a_mistake() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    bank.create(&account("A")).await.unwrap();
    let header = "date,account,amount,to,memo";
    let row = "2024-01-17,A,5,,";
    let tomorrow = (jiff::Zoned::now() + jiff::Span::new().days(2)).date();
    for (text, line, column, problem) in [
        (String::new(), 1, None, "the file has no header"),
        ("date,account\n".to_owned(), 1, None, "the header has no column amount, but date, account;"),
        ("account,amount\n".to_owned(), 1, None, "the header has no column date"),
        ("date,account,amount,amount\n".to_owned(), 1, None, "two columns are the column amount"),
        ("date,account,amount,deposit\n".to_owned(), 1, None, "the header has the column amount, and deposit"),
        (format!("{header}\n{row}\n{row},\n"), 3, None, "the row has 6 fields, and the header has 5"),
        (format!("{header}\n{row}\n2024-01-17,A,5\n"), 3, None, "the row has 3 fields, and the header has 5"),
        (format!("{header}\n{row}\n2024-01-17,A,5,,\"x"), 3, Some("memo"), "a quote is not closed"),
        (format!("{header}\n{row}\n2024-01-17,A,5,,\"x\n{row}\n"), 3, Some("memo"), "a quote is not closed"),
        (
            format!("{header}\n{row}\n2024-01-17,\"A\"x,5,,\n"),
            3,
            Some("account"),
            "text stands behind the closing quote",
        ),
        (
            format!("{header}\n2024-01-17,A,5,,\"x\n{row}\n2024-01-17,\"A\",5,,\n"),
            2,
            Some("memo"),
            "text stands behind",
        ),
        (format!("{header}\n{row}\n2024-01-17, \"A\",5,,\n"), 3, Some("account"), "a blank stands before the quote"),
        (format!("date,\"account\"s,amount\n{row}\n"), 1, None, "field 2: text stands behind the closing quote"),
        (format!("date,account,\"amount\n{row}\n"), 1, None, "field 3: a quote is not closed"),
        (format!("{header}\n{row}\n2024-01-17,A\0,5,,\n"), 3, Some("account"), "a name cannot hold control"),
        (format!("{header}\n{row}\n2024-01-17,A,5\0,,\n"), 3, Some("amount"), "\"5\\0\" is no amount"),
        (format!("{header}\n{row}\n2024-01-17,A\r,5,,\n"), 3, None, "the row has 2 fields, and the header has 5"),
        (format!("{header}\r{row}\r2024-01-17,A,five,,\r"), 3, Some("amount"), "\"five\" is no amount"),
        (format!("{header}\r{row}\r2024-01-17,A,5,,\"a\rb\"\r2024-01-17,A,five,,\r"), 3, Some("memo"), "hidden"),
        (
            format!("{header}\n\n{row}\n\n2024-02-30,A,5,,\n"),
            5,
            Some("date"),
            "\"2024-02-30\" is no date like 2024-01-17; dates:",
        ),
        (
            format!("{header}\r\n{row}\r\n\r\n{row}x\r\n17.01.2024,A,5,,\r\n"),
            5,
            Some("date"),
            "is no date like 2024-01-17",
        ),
        (format!("{header}\n2024-01-17T23:30:00-05:00,A,5,,\n"), 2, Some("date"), "reads times with a time zone"),
        (format!("{header}\n17.01.2024,A,5,,\n"), 2, Some("date"), "dates: \"%d.%m.%Y\""),
        (format!("{header}\n{tomorrow},A,5,,\n"), 2, Some("date"), "which is after"),
        (format!("{header}\n,A,5,,\n"), 2, Some("date"), "this is empty"),
        (format!("{header}\n2024-01-17,,5,,\n"), 2, Some("account"), "this is empty"),
        (format!("{header}\n2024-01-17,{},5,,\n", "x".repeat(65)), 2, Some("account"), "at most 64 characters"),
        (format!("{header}\n2024-01-17,A,,,\n"), 2, Some("amount"), "this is empty"),
        (
            format!("{header}\n2024-01-17,A,0,,\n"),
            2,
            Some("amount"),
            "the amount is zero, and there is nothing to book",
        ),
        (format!("{header}\n2024-01-17,A,0.00,,\n"), 2, Some("amount"), "the amount is zero"),
        (format!("{header}\n2024-01-17,A,10000000000000.01,,\n"), 2, Some("amount"), "at most"),
        (
            format!("{header}\n2024-01-17,A,5,B,\n"),
            2,
            Some("amount"),
            "so that its amount is negative; columns: \"amount=withdrawal\"",
        ),
        (format!("{header}\n2024-01-17,Zoe\u{308},5,,\n"), 2, Some("account"), "a name has composed letters"),
        (format!("{header}\n2024-01-17,A,-5,B\u{200b},\n"), 2, Some("to"), "cannot hold zero-width characters"),
        (format!("{header}\n2024-01-17,A,5,,a\u{200b}b\n"), 2, Some("memo"), "cannot hold zero-width characters"),
        (format!("sep=,\r\n{header}\r\n2024-01-17,A,five,,\r\n"), 3, Some("amount"), "\"five\" is no amount"),
        ("sep=;\ndate,account\n".to_owned(), 2, None, "the header has no column date"),
        (format!("{header}\n2024-01-17,A,1.005,,\n"), 2, Some("amount"), "an amount has 2 decimals at most"),
        (format!("{header}\n2024-01-17,A,\"1,5\",,\n"), 2, Some("amount"), "\"1,5\" is no amount; decimal:"),
        (format!("{header}\n2024-01-17,A,five,,\n"), 2, Some("amount"), "\"five\" is no amount"),
        (format!("{header}\n2024-01-17,A,5,A,\n"), 2, Some("to"), "an account cannot transfer money to itself"),
        (format!("{header}\n2024-01-17,A,5,,\"x\ny\"\n"), 2, Some("memo"), "none that are hidden when printed"),
        ("date,account,deposit,withdrawal\n2024-01-17,A,5,5\n".to_owned(), 2, Some("withdrawal"), "both"),
        ("date,account,deposit,withdrawal\n2024-01-17,A,,0\n".to_owned(), 2, Some("deposit"), "neither"),
        ("date,account,deposit,withdrawal\n2024-01-17,A,,-5\n".to_owned(), 2, Some("withdrawal"), "the sign"),
        ("date,account,deposit,to\n2024-01-17,A,5,B\n".to_owned(), 2, Some("to"), "a deposit goes to no other account"),
    ] {
        match bank.load(&folder.file(&text), creating(), |_, _, _| {}).await {
            Err(LoadError::Mistake { mistake: Mistake { line: at, column: of, problem: said }, .. }) => {
                assert_eq!((at, of.as_deref()), (line, column), "{text}: {said}");
                assert!(said.contains(problem), "{text}: {said}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let latin1 = folder.file(b"date,account,amount\n2024-01-17,Zo\xeb,5\n");
    match bank.load(&latin1, creating(), |_, _, _| {}).await {
        Err(LoadError::Mistake { mistake, .. }) => {
            assert!(mistake.problem.contains("encoding: \"latin1\""), "{mistake}")
        }
        other => panic!("{other:?}"),
    }
    let utf16: Vec<u8> = "\u{feff}date,account,amount\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (text, encoding, problem) in [
        (b"PK\x03\x04\x14".to_vec(), Encoding::Utf8, "the file is a workbook; save it as CSV"),
        (utf16, Encoding::Utf8, "the file is UTF-16; save it as UTF-8"),
        ("\u{feff}date,account,amount\n".into(), Encoding::Latin1, "the byte order mark of UTF-8: leave out encoding:"),
    ] {
        match bank.load(&folder.file(text), LoadOptions { encoding, ..creating() }, |_, _, _| {}).await {
            Err(LoadError::Mistake { mistake, .. }) => {
                assert_eq!((mistake.line, mistake.column), (1, None));
                assert!(mistake.problem.contains(problem), "{}", mistake.problem);
            }
            other => panic!("{other:?}"),
        }
    }
    let missing = bank.load(Path::new("none.csv"), creating(), |_, _, _| {}).await;
    assert!(matches!(missing, Err(LoadError::File { .. })));
    assert_eq!(log(&bank).await.len(), 2);
}

/// Rows without any text, and a last line without a line break, are no mistakes.
#[tokio::test]
async fn what_other_programs_leave_in_a_file_is_left_alone() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    let text = "\u{feff} date ;account;amount;Saldo\r\n\r\n2024-01-17; A ;5;7\r\n;;;\r\n2024-01-17;A;\"+1,000.5\" ;";
    let loaded = load(&bank, &folder.file(text), creating()).await;
    assert_eq!((loaded.rows, loaded.new), (2, 2));
    assert_eq!(bank.check_balance(&account("A")).await, Ok(balance(100_550)));
    let text = "sep=;\rdate;account;amount;memo\r2024-01-17;A;1;5\" pipe\r2024-01-18;\"A\";1;\"a \"\"b\"\"\"\r";
    let loaded = load(&bank, &folder.file(text), creating()).await;
    assert_eq!((loaded.rows, loaded.new), (2, 2));
    let memos = log(&bank)
        .await
        .into_iter()
        .rev()
        .take(2)
        .map(|event| event.data.details().unwrap().memo().unwrap().to_string());
    assert_eq!(memos.collect::<Vec<_>>(), ["a \"b\"", "5\" pipe"]);
}

/// Excel writes which delimiter it uses, and writes in Windows-1252.
#[tokio::test]
async fn what_excel_writes_is_read() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    let text = b"sep=;\r\ndate;account;amount;memo\r\n2024-01-17;Zo\xeb;5;\x80 \x96 \x84Geld\x93\r\n";
    for name in ["latin1", "windows-1252", "ISO-8859-1"] {
        let options = LoadOptions { encoding: name.parse().unwrap(), ..creating() };
        let loaded = load(&bank, &folder.file(text), options).await;
        assert_eq!((loaded.rows, loaded.refused), (1, 0), "{name}");
    }
    let log = log(&bank).await;
    let memo = log.last().unwrap().data.details().unwrap().memo().unwrap().to_string();
    assert_eq!((log.len(), memo.as_str()), (3, "€ – „Geld“"));
}
