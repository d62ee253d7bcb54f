//! Transactions of a bank, as a file of each dialect and as a sum of balances, without any code of the crate.

pub(crate) mod loading;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(crate) const ACCOUNTS: [&str; 5] = ["Wolfman", "Dracula", "Zoë", "O'Wolf, \"W\"", "5"];

#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    /// Since 2023-01-01.
    pub(crate) day: u32,
    pub(crate) account: &'static str,
    /// In cents, negative for what goes out.
    pub(crate) amount: i64,
    pub(crate) to: Option<&'static str>,
    pub(crate) memo: String,
}

/// As many transactions, by date. Some are equal to others, and some are more than the account holds.
pub(crate) fn transactions(count: u32) -> Vec<Transaction> {
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let transactions = (0..count).map(|number| {
        let account = ACCOUNTS[random(5) as usize];
        let day = number * 300 / count;
        match random(10) {
            0 => {
                let to = ACCOUNTS[random(5) as usize];
                let to = if to == account { ACCOUNTS[(random(4) as usize + 1 + place(account)) % 5] } else { to };
                let amount = -(random(90_000) as i64 + 1);
                Transaction { day, account, amount, to: (to != account).then_some(to), memo: "Übertrag".to_owned() }
            }
            1..=3 => {
                let amount = -(random(400_000) as i64 + 1);
                Transaction { day, account, amount, to: None, memo: format!("Number {number}") }
            }
            4 => Transaction { day, account, amount: 500, to: None, memo: String::new() },
            _ => {
                let amount = random(200_000) as i64 + 1;
                Transaction { day, account, amount, to: None, memo: "Geld; \"viel\", oder?".to_owned() }
            }
        }
    });
    transactions.collect()
}

fn place(account: &str) -> usize {
    ACCOUNTS.iter().position(|known| *known == account).unwrap()
}

/// The balances after the transactions, and how many were declined.
pub(crate) fn balances<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> (BTreeMap<String, u64>, u64) {
    let (mut balances, mut declined) = (BTreeMap::new(), 0);
    for Transaction { account, amount, to, .. } in transactions {
        let balance: &mut i64 = balances.entry((*account).to_owned()).or_default();
        if *balance + amount < 0 {
            declined += 1;
            if let Some(to) = to {
                balances.entry((*to).to_owned()).or_default();
            }
            continue;
        }
        *balance += amount;
        if let Some(to) = to {
            *balances.entry((*to).to_owned()).or_default() -= amount;
        }
    }
    (balances.into_iter().map(|(account, balance)| (account, balance as u64)).collect(), declined)
}

/// With commas, in UTF-8, and a signed amount.
pub(crate) fn with_commas<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> Vec<u8> {
    let mut text = "date,account,amount,to,memo\n".to_owned();
    for Transaction { day, account, amount, to, memo } in transactions {
        let (year, month, day) = date(*day);
        let (account, to, memo) = (quoted(account), quoted(to.unwrap_or("")), quoted(memo));
        writeln!(text, "{year}-{month:02}-{day:02},{account},{},{to},{memo}", cents(*amount, ".", "")).unwrap();
    }
    text.into()
}

/// With semicolons, a byte order mark and carriage returns, and thousands marks; other columns in other places.
pub(crate) fn with_semicolons<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> Vec<u8> {
    let mut text = "\u{feff}Saldo;Betrag;Buchungstag;Konto;Empfänger;Zweck\r\n".to_owned();
    for Transaction { day, account, amount, to, memo } in transactions {
        let (year, month, day) = date(*day);
        let (account, to, memo) = (quoted(account), quoted(to.unwrap_or("")), quoted(memo));
        let amount = cents(*amount, ",", ".");
        write!(text, "0,00;{amount};{day:02}.{month:02}.{year};{account};{to};{memo}\r\n").unwrap();
    }
    text.into()
}

/// With tabs, in Latin-1, and two columns of amounts.
pub(crate) fn with_tabs<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> Vec<u8> {
    let mut text = "date\taccount\tdeposit\twithdrawal\tto\tmemo\n".to_owned();
    for Transaction { day, account, amount, to, memo } in transactions {
        let (year, month, day) = date(*day);
        let (account, to, memo) = (quoted(account), quoted(to.unwrap_or("")), quoted(memo));
        let (deposit, withdrawal) = match *amount {
            amount if amount < 0 => ("0.00".to_owned(), cents(-amount, ".", "'")),
            amount => (cents(amount, ".", "'"), String::new()),
        };
        writeln!(text, "{day}/{month}/{year}\t{account}\t{deposit}\t{withdrawal}\t{to}\t{memo}").unwrap();
    }
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

/// Of a year with months of 30 days each.
fn date(day: u32) -> (u32, u32, u32) {
    (2023, day / 28 + 1, day % 28 + 1)
}

fn quoted(text: &str) -> String {
    match text.contains(['"', ',', ';']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn cents(amount: i64, decimal: &str, thousands: &str) -> String {
    let (sign, amount) = (if amount < 0 { "-" } else { "" }, amount.abs());
    let whole = match amount / 100 {
        whole if whole >= 1_000 => format!("{}{thousands}{:03}", whole / 1_000, whole % 1_000),
        whole => whole.to_string(),
    };
    format!("{sign}{whole}{decimal}{:02}", amount % 100)
}
