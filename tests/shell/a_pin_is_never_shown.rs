//! Whatever is done with a PIN, it stands in nothing that is printed, logged, stored or debugged.

use std::fmt::Write as _;

use cqrs_bank::bank::{
    AccountCommand, AccountId, Bank, HolderName, MalformedPin, Money, NewAccount, Options, Pin, PinCost, PinOptions,
    PinSecret,
};
use cqrs_bank::engine::log::Position;
use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::functions::{Call, Domain as _, check};
use cqrs_bank::shell::language::Statements;
use cqrs_bank::shell::trace::Trace;

use crate::program::{bank, run_command};

/// What is looked for.
const PIN: &str = "86420975";
const WRONG: &str = "97531086";
const SECRET: &str = "the secret canary";

fn nowhere_in(text: &str) {
    // Pieces of it would be too much, too.
    for secret in [&PIN[..6], &PIN[2..], &WRONG[..6], &WRONG[2..], SECRET] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

/// Right uses, wrong ones, and mistakes of many kinds.
fn script() -> String {
    let mut script = format!(
        "Bank.open\nBank.create 1, \"Josh\", {PIN}, email: \"josh@example.org\"\nBank.deposit 1, 100\n\
         Bank.withdraw 1, 5, {PIN}\nBank.withdraw 1, 500, \"{PIN}\"\nBank.withdraw 1, 5, 8642_0975\n\
         Bank.withdraw 1, 5, {WRONG}\nBank.withdraw 1, 5, {PIN}0000000\nBank.withdraw 1, 5, -{PIN}\n\
         Bank.withdraw 2, 5, {PIN}\nBank.create 1, \"Josh\", {WRONG}\nBank.create 2, \"Luke\"\n\
         Bank.withdraw 2, 5, {PIN}\n"
    );
    for mistake in [
        "Bank.withdraw 1, 5, PIN, 1",
        "Bank.withdraw 1, 5, PIN x",
        "Bank.withdraw 1, 5, PIN.5",
        "Bank.withdraw 1, 5, \"PIN",
        "Bank.withdraw 1, 5, 'PIN'",
        "Bank.withdraw 1, 5, pin: PIN",
        "Bank.withdraw 1, 5, pin: \"PIN\"",
        "Bank.withdraw 1 5 PIN",
        "Bank.withdraw(1, 5, PIN",
        "Bank.withdraw 1, \"5\", PIN",
        "Bank.wthdraw 1, 5, PIN",
        "Bank.withdraw_money 1, 5, PIN",
        "Bank.create 1, PIN",
        "Bank.create 1, Josh, PIN",
        "Bank.create 1, \"Josh\", PIN, emial: \"a@b\"",
        "Bank.create 1, 'Jo;sh', PIN",
        "Bank.create Jo;sh, Josh, PIN",
        "Bank.unlock 1, PIN",
        "Bank.check_balance 1, PIN",
        "withdraw 1, 5, PIN",
        "PIN",
        "\"PIN\"",
        "Bank.withdraw 1, 5, PIN; Bank.opne",
        "Bank.opne; Bank.withdraw 1, 5, PIN",
        "Bank.withdraw 1, 5, \"\\q\", PIN",
        "Bank.withdraw 1, 5, :none, PIN",
        "Bank.withdraw 1, \"PIN\"",
        "Bank.withdraw 1, \"PIN\", 5",
        "Bank.withdraw 1, 5, pn: PIN",
        "Bank.withdraw 1, 5, PIN, at: 3",
        "Bank.create 1, \"PIN\", :none",
        "Bank.transfer 1, 2, 5, PIN, 1",
        "Bank.withdraw \"a\nb\", 5, PIN; Bank.opne",
        "Bank.opne # PIN",
    ] {
        // An open string goes on in the next lines, so it gets a closing quote there.
        let closing = if mistake.matches('"').count() % 2 == 1 { "\"" } else { "" };
        let _ = writeln!(script, "{}\n{closing}", mistake.replace("PIN", PIN));
    }
    script.push_str("Bank.unlock 1\nBank.events\nBank.statement 1\nBank.get_account_list\nBank.get_total_deposits\n");
    script.push_str("help\nhelp Bank.create\nhelp Bank.withdraw\n");
    script
}

#[test]
fn in_no_output_of_the_program() {
    for flags in [&["--keep-going"][..], &["--keep-going", "--echo"], &["--keep-going", "--json", "--seed", "1"]] {
        let mut command = bank(flags);
        command.env("RUST_LOG", "trace").env("BANK_PIN_SECRET", SECRET);
        let finished = run_command(command, script());
        nowhere_in(&finished.stdout);
        nowhere_in(&finished.stderr);
        assert_eq!(finished.exit_code, Some(3));
        assert!(finished.stderr.matches("error: ").count() >= 20, "{}", finished.stderr);
        // The events that a PIN has led to are there all the same, without what it is verified with.
        assert!(finished.stdout.contains("pin_verifier") && finished.stdout.contains("invalid_pin"), "{flags:?}");
        assert!(!finished.stdout.contains("argon2") && !finished.stderr.contains("argon2"), "{flags:?}");
    }
}

/// Also in a statement with a wrong name, and in other digits.
#[test]
fn however_it_is_written() {
    for (written, pieces) in [
        ("8642", ["8642", "8642"]),
        ("86 42", ["86", "42"]),
        ("\"86 42\"", ["86", "42"]),
        ("\u{ff18}\u{ff16}\u{ff14}\u{ff12}", ["\u{ff18}", "\u{ff12}"]),
        ("\u{668}\u{666}\u{664}\u{662}", ["\u{668}", "\u{662}"]),
    ] {
        for statement in
            ["Bank.unlok 1, PIN", "Bank.withdraw 1, 5, PIN, 1", "Bank.withdraw 1 5 PIN", "PIN", "PIN.x PIN"]
        {
            for flags in [&["--echo"][..], &["--json"]] {
                let finished = run_command(bank(flags), format!("{}\n", statement.replace("PIN", written)));
                let all = format!("{}{}", finished.stdout, finished.stderr);
                assert!(!pieces.iter().any(|piece| all.contains(piece)), "{statement} with {written}: {all}");
                assert_eq!(finished.exit_code, Some(3));
            }
        }
    }
}

#[test]
fn in_no_debug_output_and_in_no_event() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let pins = PinOptions { secret: PinSecret::new(SECRET).unwrap().into(), cost: PinCost::CHEAPEST };
        let options = Options { pins, ..Options::default() };
        let pin = Pin::new(PIN).unwrap();
        let mut debugged = format!("{options:?} {pin:?} {:?} {:?}", PinSecret::new(SECRET), Pin::new("86420975x"));
        assert_eq!(Pin::new("86420975x").map(|_| ()), Err(MalformedPin));
        let bank = Bank::open(options).await.unwrap();
        let account_id = AccountId::new("1").unwrap();
        let account = NewAccount {
            account_id: account_id.clone(),
            holder: HolderName::new("Josh").unwrap(),
            email: None,
            pin: Some(pin.clone()),
            opening: Default::default(),
        };
        let _ = write!(debugged, "{account:?}");
        let command = bank.creation(account).await.unwrap();
        let _ = write!(debugged, "{command:?}");
        // Not even what is kept of it: it is part of what is logged of a command that panics.
        assert!(!debugged.contains("argon2"), "{debugged}");
        let receipt = bank.send(command, bank.start_conversation()).await.unwrap().outcome().await.unwrap();
        let _ = write!(debugged, "{receipt:?} {bank:?}");
        let amount = Money::new(5).unwrap();
        for digits in [PIN, WRONG] {
            let command = AccountCommand::withdrawal(account_id.clone(), amount);
            let pin = Pin::new(digits).unwrap();
            let pending = bank.send_with_pin(command, Some(pin), bank.start_conversation()).await.unwrap();
            let _ = write!(debugged, "{pending:?}");
            let _ = write!(debugged, "{:?}", pending.outcome().await);
        }
        for event in bank.events(Position::START, 100).await.unwrap() {
            let _ = write!(debugged, "{event:?} {}", serde_json::to_string(&event.data).unwrap());
        }
        nowhere_in(&debugged);
    });
}

#[test]
fn in_no_debug_output_of_a_call() {
    let domain = BankFunctions::new(Options::default(), Trace::default());
    let text = format!("Bank.withdraw 1, 5, {PIN}");
    let statement = Statements::new(&text).next().unwrap().unwrap();
    let row = BankFunctions::rows().iter().find(|row| row.function.name == "withdraw").unwrap();
    let arguments = check(&row.function, &statement, &text, domain.manual()).unwrap();
    assert_eq!(arguments.get(2), Some(PIN));
    let call = Call::new(&row.function, &arguments, false);
    nowhere_in(&format!("{arguments:?} {call:?} {domain:?}"));
}
