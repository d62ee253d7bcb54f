//! The bank at a prompt.

fn main() {}
