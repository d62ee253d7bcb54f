//! The library's two services on a cluster, each with a replica of its own: questions know what commands were answered.

use std::path::Path;

use cqrs_bank::engine::store::ClusterOptions;
use cqrs_bank::library::{
    Author, BookCommand, Isbn, LibraryStore, Quantity, ReadOptions, ReadService, Title, UserId, WriteOptions,
    WriteService,
};

use crate::case::Case;
use crate::programs::url;

const BOOK: &str = "978-1593275846";

fn on_a_machine_of_its_own(directory: &Path) -> ClusterOptions {
    ClusterOptions { create: true, directory: Some(directory.to_owned()), ..ClusterOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn each_goes_on_without_the_other() {
    let (cluster, one, other) = (Case::with_others(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let library: LibraryStore = url(&cluster, &cluster.stream_name()).parse().unwrap();
    let write = async || {
        let options = WriteOptions { cluster: on_a_machine_of_its_own(one.path()), ..WriteOptions::default() };
        WriteService::open_with(&library, options).await.unwrap()
    };
    let read = async || {
        let options = ReadOptions { cluster: on_a_machine_of_its_own(other.path()), ..ReadOptions::default() };
        ReadService::open_with(&library, options).await.unwrap()
    };
    let (isbn, ann) = (Isbn::new(BOOK).unwrap(), UserId::new("Ann").unwrap());
    let (title, author) = (Title::new("Elixir in Action").unwrap(), Author::new("Sasa Juric").unwrap());
    let copies = async |reader: &ReadService| {
        let book = reader.get_book(isbn, None).await.unwrap().unwrap();
        (book.copies_in, book.copies_out)
    };

    let (writer, reader) = (write().await, read().await);
    writer.handle(BookCommand::AddBook { isbn, title, author, quantity: Quantity::new(3).unwrap() }).await.unwrap();
    assert_eq!(copies(&reader).await, (3, 0));
    reader.close().await;
    writer.handle(BookCommand::BorrowBook { isbn, user_id: ann.clone() }).await.unwrap();
    writer.close().await;
    let reader = read().await;
    assert_eq!(copies(&reader).await, (2, 1));
    let writer = write().await;
    writer.handle(BookCommand::ReturnBook { isbn, user_id: ann }).await.unwrap();
    assert_eq!(copies(&reader).await, (3, 0));
    assert_eq!(reader.cluster().await.unwrap().unwrap().len(), 3);
    assert_eq!(reader.head().await.unwrap(), writer.head().await.unwrap());
    writer.close().await;
    reader.close().await;
}
