//! Rows of a file for accounts that are frozen or closed are refused, and those beyond an overdraft limit declined.

use cqrs_bank::bank::{
    Bank, LoadOptions, Loaded, NewAccount, NotBooked, NotTransferred, Opening, OverdraftLimit, Refusal, StoreUrl,
    WhyNotBooked,
};

use crate::accounts::{account, money};

const ROWS: &str = "date,account,amount,to
2024-01-01,Closed,5,
2024-01-02,Frozen,-1,
2024-01-03,Frozen,7,
2024-01-04,Frozen,-1,Limited
2024-01-05,Limited,-50,
2024-01-06,Limited,-1,
2024-01-07,Limited,-1,Closed
2024-01-08,Limited,50,
2024-01-09,Limited,-2,Closed
2024-01-10,Limited,-3,Frozen
";

async fn load(bank: &Bank, dry_run: bool) -> Loaded {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ROWS).unwrap();
    let options = LoadOptions { dry_run, create: true, ..LoadOptions::default() };
    bank.load(file.path(), options, |_, _, _| {}).await.unwrap()
}

#[tokio::test]
async fn each_row_is_listed_with_the_reason_and_a_dry_run_says_the_same() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let opening =
        Opening { deposit: Some(money(10)), overdraft_limit: OverdraftLimit::new(40).unwrap(), ..Opening::default() };
    bank.create_account(NewAccount { opening, ..NewAccount::from(&account("Limited")) }).await.unwrap();
    for name in ["Closed", "Frozen"] {
        bank.create(&account(name)).await.unwrap();
    }
    bank.close_account(&account("Closed"), None, None).await.unwrap();
    bank.freeze(&account("Frozen"), None).await.unwrap();

    for dry_run in [true, false] {
        let loaded = load(&bank, dry_run).await;
        let listed = |line, name, why| NotBooked { line, account: account(name), why };
        let (overdrawn, no_payee) = (loaded.listed[3].why.clone(), NotTransferred::NoPayee);
        assert!(matches!(overdrawn, WhyNotBooked::Overdrawn { balance } if balance.minor_units() == -40), "{loaded:?}");
        let expected = [
            listed(2, "Closed", WhyNotBooked::Refused(Refusal::AccountClosed)),
            listed(3, "Frozen", WhyNotBooked::Refused(Refusal::AccountFrozen)),
            listed(5, "Frozen", WhyNotBooked::Refused(Refusal::AccountFrozen)),
            listed(7, "Limited", overdrawn.clone()),
            listed(8, "Limited", overdrawn),
            listed(10, "Limited", WhyNotBooked::NotTransferred(no_payee)),
        ];
        assert_eq!(loaded.listed, expected);
        assert_eq!((loaded.rows, loaded.new, loaded.declined, loaded.refused, loaded.created), (10, 4, 2, 4, 0));
    }
    assert_eq!(bank.check_balance(&account("Limited")).await.unwrap().minor_units(), 7);
    bank.unfreeze(&account("Frozen")).await.unwrap();
    let again = load(&bank, false).await;
    assert_eq!(
        (again.new, again.known, again.declined_before, again.refused),
        (2, 4, 2, 2),
        "what a frozen account refused is tried again: {again:?}"
    );
    bank.verify(|_, _| ()).await.unwrap();
}
