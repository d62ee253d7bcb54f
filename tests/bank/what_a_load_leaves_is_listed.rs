//! Rows that were not booked are listed as they stand in the file, and columns that were not read by their names.

use cqrs_bank::bank::{LoadOptions, StoreUrl};

use crate::transactions::loading::{Folder, creating, euro_bank, load};

#[tokio::test]
async fn rows_are_in_the_order_of_the_file_and_a_misspelt_column_is_named() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    let rows = (2..30).map(|line| format!("2024-01-{:02},A,-5,rent,\n", 31 - line));
    let path = folder.file(format!("date,account,amount,memmo,\n{}2024-02-01,A,1,,\n", rows.collect::<String>()));
    for dry_run in [true, false] {
        let loaded = load(&bank, &path, LoadOptions { dry_run, ..creating() }).await;
        let lines: Vec<_> = loaded.listed.iter().map(|row| row.line).collect();
        assert_eq!(lines, (2..22).collect::<Vec<_>>(), "the first twenty lines, not the first twenty days");
        assert_eq!((loaded.declined, loaded.unread), (28, vec!["memmo".to_owned()]));
    }
}
