//! What a cluster of NATS servers promises, and what is done to it: nodes that end, hang or lose their disk, and
//! connections that break or are slow.
//!
//! These tests need `nats-server`, which `NATS_SERVER` names, or else the path. They share a few [clusters](case), and each
//! has a stream of its own there.

mod a_bank_shows_its_cluster;
mod a_connection_is_as_it_is_told_to_be;
mod a_node_comes_and_goes;
mod a_node_whose_files_are_gone_has_them_again;
mod a_session_is_the_same_on_a_cluster;
mod case;
mod each_event_is_published_for_others;
mod library_services_share_a_cluster;
mod nodes;
mod programs;
mod round;
mod several_programs_on_one_cluster_answer_as_one;
mod what_one_program_holds_or_breaks_is_its_own;

// What several of them need.
#[path = "../support/nats_server.rs"]
mod nats_server;

#[path = "../durability/clients/mod.rs"]
mod clients;
#[path = "../durability/judge/mod.rs"]
mod judge;
#[path = "../support/program.rs"]
mod program;
#[path = "../durability/random.rs"]
mod random;
#[path = "../durability/speaker.rs"]
mod speaker;
#[path = "../support/transcript.rs"]
mod transcript;
