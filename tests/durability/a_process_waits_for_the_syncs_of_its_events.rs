//! A transfer waits for the sync of each of its three events, and for no other: the progress of its process, which the log
//! could tell again, is synced with the events that follow.

use crate::power_cut::disk::Tree;
use crate::power_cut::omission::each_sync;
use crate::power_cut::record::Record;
use crate::power_cut::scenario::{self, FILE, Statement};

#[test]
#[ignore = "needs strace"]
fn a_transfer_syncs_three_times_and_a_deposit_once() {
    let record = Record::of(Tree::default(), 1, &scenario::one_program());
    let log = format!("{FILE}-wal");
    let syncs = each_sync(&record);
    // The first command of a bank, and one after an earlier close, also mark the file as in use.
    let statements = record.told[0].statements.iter().enumerate().skip(2).take(8);
    let (mut deposits, mut transfers) = (0, 0);
    for (number, statement) in statements {
        let of_log = syncs.iter().filter(|syncs| syncs.answered == number && syncs.of_file(&record, &log)).count();
        match statement {
            Statement::Deposit { .. } => {
                assert_eq!(of_log, 1, "{statement}");
                deposits += 1;
            }
            Statement::Transfer { .. } => {
                assert_eq!(of_log, 3, "{statement}");
                transfers += 1;
            }
            _ => {}
        }
    }
    assert_eq!((deposits, transfers), (3, 1));
}
