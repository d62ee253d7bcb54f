//! The ports of the nodes: the same as last time, or else NATS's usual ones, as far as they are free.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use super::NODES;

/// The ports of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodePorts {
    /// For programs.
    pub(super) client: u16,
    /// For the other nodes.
    pub(super) route: u16,
    /// For questions about how it is, over HTTP.
    pub(super) monitor: u16,
}

/// What NATS usually listens on, and the numbers after these.
const USUAL: [NodePorts; NODES] = [
    NodePorts { client: 4222, route: 6222, monitor: 8222 },
    NodePorts { client: 4223, route: 6223, monitor: 8223 },
    NodePorts { client: 4224, route: 6224, monitor: 8224 },
];

/// Chooses free ports: each that was used before, so that programs find the cluster where it was, or another in place of
/// one that is taken by now.
///
/// # Errors
///
/// The system gives no port.
pub(super) fn choose(before: Option<[NodePorts; NODES]>) -> io::Result<[NodePorts; NODES]> {
    let mut ports = before.unwrap_or(USUAL);
    // All of them are held until the last is found: no two are the same.
    let mut held = Vec::with_capacity(3 * NODES);
    for NodePorts { client, route, monitor } in &mut ports {
        for port in [client, route, monitor] {
            let any = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).or_else(|_| any())?;
            *port = listener.local_addr()?.port();
            held.push(listener);
        }
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_port_that_is_taken_is_replaced_and_the_others_stay() {
        let free = choose(None).unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut before = free;
        before[1].client = taken.local_addr().unwrap().port();
        let chosen = choose(Some(before)).unwrap();
        assert_ne!(chosen[1].client, before[1].client);
        let numbers: BTreeSet<_> = chosen.iter().flat_map(|node| [node.client, node.route, node.monitor]).collect();
        assert_eq!(numbers.len(), 3 * NODES);
    }
}
