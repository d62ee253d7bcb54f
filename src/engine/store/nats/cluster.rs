//! The nodes of the cluster, what is published there, and the log read once more.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::JetStreamLog;
use super::api::{PeerInfo, StreamInfo};
use super::connection::Connection;
use super::end;
use super::follower::Follower;
use super::received::Received;
use crate::engine::store::commit_log::{
    Cluster, ClusterNode, Entry, Later, LogError, LogReader, NodeState, NotPublished, Publication, Replicated,
};

/// How long a reader waits for the next entry. An election takes 4 to 9 s.
const NEXT_WITHIN: Duration = Duration::from_secs(15);

/// A follower that has heard nothing of the leader for so long is behind, whatever it had.
const SILENT_FOR: Duration = Duration::from_secs(5);

impl Cluster for JetStreamLog {
    fn nodes(&self) -> Later<'_, Result<Vec<ClusterNode>, LogError>> {
        let connection = self.connection.clone();
        self.run(async move { Ok(nodes(end::led_info(&connection).await?, &connection)) })
    }

    fn publish(&self, publication: Publication) -> Later<'_, Result<(), NotPublished>> {
        let connection = self.connection.clone();
        let publishing = self.runtime.spawn(async move { connection.publish(publication).await });
        let closed = || NotPublished::Unavailable("the store is closed".to_owned());
        Box::pin(async move { publishing.await.map_err(|_| closed())? })
    }

    fn reader(&self) -> Box<dyn LogReader> {
        let (connection, received) = (self.connection.clone(), Arc::new(Received::default()));
        Box::new(Reader { connection, received, runtime: self.runtime.clone(), follower: None })
    }
}

fn nodes(info: StreamInfo, connection: &Connection) -> Vec<ClusterNode> {
    let leading = |name| ClusterNode { name, state: NodeState::Leader, behind: 0, heard: None };
    let Some(cluster) = info.cluster else {
        return vec![leading(connection.server_name())];
    };
    let mut followers: Vec<_> = cluster.replicas.into_iter().map(follower).collect();
    followers.sort_by(|one, other| one.name.cmp(&other.name));
    cluster.leader.map(leading).into_iter().chain(followers).collect()
}

fn follower(peer: PeerInfo) -> ClusterNode {
    let heard = peer.heard();
    let state = match peer {
        PeerInfo { offline: true, .. } => NodeState::Offline,
        PeerInfo { current: true, .. } if heard < SILENT_FOR => NodeState::Current,
        _ => NodeState::Behind,
    };
    ClusterNode { name: peer.name, state, behind: peer.lag, heard: Some(heard) }
}

/// Reads the log with a consumer of its own.
struct Reader {
    connection: Arc<Connection>,
    received: Arc<Received>,
    runtime: Handle,
    /// Starts with the first question.
    follower: Option<Follower>,
}

impl LogReader for Reader {
    fn next(&mut self, read: Replicated) -> Later<'_, Result<Vec<Entry>, LogError>> {
        if self.follower.is_none() {
            self.received.begin_after(read);
            let (connection, received) = (self.connection.clone(), self.received.clone());
            let _client = self.runtime.enter();
            self.follower = Some(Follower::start(connection, received, read.sequence + 1));
        }
        self.received.note(read);
        let received = self.received.clone();
        let waiting = self.runtime.spawn(async move {
            match timeout(NEXT_WITHIN, received.reception(read.sequence)).await {
                Ok(()) => received.after(read.sequence),
                Err(_) => Err(LogError::Unavailable("the cluster does not send its log".to_owned())),
            }
        });
        Box::pin(async move { waiting.await.map_err(|_| LogError::Unavailable("the store is closed".to_owned()))? })
    }
}
