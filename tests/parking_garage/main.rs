//! The parking garage in the examples, tried as a domain of one's own would be. The tests stand beside it.

#![allow(unreachable_pub, clippy::enum_variant_names, dead_code, reason = "the program has a prompt besides")]

#[path = "../../examples/parking_garage/garage.rs"]
mod garage;
#[path = "../../examples/parking_garage/lot.rs"]
mod lot;
#[path = "../../examples/parking_garage/tests.rs"]
mod tests;
#[path = "../../examples/parking_garage/ticket.rs"]
mod ticket;
