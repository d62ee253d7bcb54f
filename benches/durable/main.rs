//! How fast the durable store is, against a bare file on the same disk.

fn main() {}
