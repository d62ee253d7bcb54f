//! A file and an export of before accounts could be closed, frozen, changed and overdrawn are read and verified, and go on
//! with all of that.

use std::fs;
use std::path::{Path, PathBuf};

use cqrs_bank::bank::{
    AccountFilter, Bank, EmailAddress, HolderName, Options, OverdraftLimit, Pin, PinCost, PinOptions, PinSecret,
    StoreUrl, Verification, Verified, Withdrawal,
};
use sha2::{Digest as _, Sha256};

use crate::accounts::{account, money};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/written_by_version_2").join(name)
}

async fn open(path: &Path) -> Bank {
    let secret = PinSecret::new("a secret for tests and nothing else").unwrap().into();
    let pins = PinOptions { secret, cost: PinCost::CHEAPEST };
    Bank::open(Options { store: StoreUrl::Sqlite(path.to_owned()), pins, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn a_file_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    fs::write(&path, fs::read(kept("bank.db")).unwrap()).unwrap();
    let bank = open(&path).await;
    assert_eq!(verified(&bank).await, Verified { events: 292, streams: 7, snapshots: 1 });
    goes_on(bank, &path).await;
}

#[tokio::test]
async fn an_export_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(&path).await;
    bank.import(&kept("events.jsonl"), |_, _, _| ()).await.unwrap();
    assert_eq!(verified(&bank).await.events, 292);
    let exported = directory.path().join("again.jsonl");
    bank.export(&exported, |_, _| ()).await.unwrap();
    assert!(fs::read(&exported).unwrap() == fs::read(kept("events.jsonl")).unwrap(), "the events keep their bytes");
    goes_on(bank, &path).await;
}

async fn goes_on(bank: Bank, path: &Path) {
    let (one, wolfman, dracula) = (account("1"), account("Wolfman"), account("Dracula"));
    let pin = |digits| Some(Pin::new(digits).unwrap());
    assert_eq!(bank.check_balance(&wolfman).await, Ok(money(5_933).into()));
    bank.change_pin(&one, pin("1234"), Pin::new("5678").unwrap()).await.unwrap();
    bank.change_email(&one, EmailAddress::new("luke@example.org").unwrap(), pin("5678")).await.unwrap();
    bank.change_holder(&wolfman, HolderName::new("Josh").unwrap(), None).await.unwrap();
    bank.set_overdraft_limit(&wolfman, OverdraftLimit::new(67).unwrap()).await.unwrap();
    bank.transfer(&wolfman, &one, money(6_000), None).await.unwrap();
    bank.freeze(&one, None).await.unwrap();
    bank.withdraw(&dracula, money(25)).await.unwrap();
    bank.close_account(&dracula, None, None).await.unwrap();
    bank.close().await;

    let bank = open(path).await;
    assert_eq!(bank.check_balance(&wolfman).await.unwrap().minor_units(), -67);
    let declined = bank.withdraw(&wolfman, money(1)).await.unwrap();
    assert!(matches!(declined, Withdrawal::Declined { .. }), "{declined:?}");
    bank.unfreeze(&one).await.unwrap();
    let paid = bank.withdraw_with_pin(&one, money(6_187), Pin::new("5678").unwrap()).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
    let of_josh = AccountFilter { holder: Some("Josh".to_owned()), closed: true };
    assert_eq!(bank.filtered_accounts(&of_josh, None).await.unwrap().len(), 2);
    assert_eq!(bank.accounts(None).await.unwrap().len(), 6);
    assert_eq!(verified(&bank).await.streams, 7);
    bank.close().await;
}

async fn verified(bank: &Bank) -> Verified {
    match bank.verify(|_, _| ()).await.unwrap() {
        Verification::Whole(verified) => verified,
        broken => panic!("{broken:?}"),
    }
}

#[test]
fn what_is_kept_is_what_was_written_then() {
    let digest = |name| {
        let digest = Sha256::digest(fs::read(kept(name)).unwrap());
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(["bank.db", "events.jsonl"].map(digest), KEPT, "these files are never written again");
}

const KEPT: [&str; 2] = [
    "9632800b815e48d499d695645887e372f42785ee3e25782b745093b877a2ec0b",
    "f1a96ae18d7a5d8d2483811f686aea3f8ed3987e52d2f07d621bfca219d164fa",
];
