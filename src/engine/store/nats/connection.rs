//! The connection to a cluster, and the names on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};

use crate::engine::store::cluster_url::ClusterUrl;
use crate::engine::store::open_cluster_error::OpenClusterError;

/// How often the servers are asked for a sign of life. Two missing ones end the connection, and the next server is tried.
const PING_EVERY: Duration = Duration::from_secs(1);

/// How long one server may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// How long to wait before the next server is tried, or the same one again.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// What the names of clusters for development begin with.
const DEVELOPMENT: &str = "development-";

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    url: ClusterUrl,
    cluster: String,
}

impl Connection {
    pub(super) async fn open(url: &ClusterUrl) -> Result<Self, OpenClusterError> {
        let unreachable = |reason: String| OpenClusterError::Unreachable { url: url.to_string(), reason };
        let servers = url.servers().into_iter().map(|server| server.parse::<ServerAddr>());
        let servers = servers.collect::<Result<Vec<_>, _>>().map_err(|error| unreachable(error.to_string()))?;
        let is_first = AtomicBool::new(true);
        let wait = move || if is_first.swap(false, Ordering::Relaxed) { Duration::ZERO } else { RETRY_AFTER };
        let mut options = ConnectOptions::new()
            .name("cqrs-bank")
            .require_tls(url.requires_tls())
            .ping_interval(PING_EVERY)
            .connection_timeout(CONNECT_WITHIN)
            .reconnect_delay_callback(move |_| wait());
        if let Some((user, password)) = url.credentials() {
            options = match password {
                Some(password) => options.user_and_password(user.to_owned(), password.to_owned()),
                None => options.token(user.to_owned()),
            };
        }
        let client = options.connect(servers).await.map_err(|error| unreachable(error.to_string()))?;
        client.flush().await.map_err(|error| unreachable(error.to_string()))?;
        let cluster = client.server_info().cluster.unwrap_or_else(|| "one server".to_owned());
        Ok(Self { client, url: url.clone(), cluster })
    }

    /// What the log is called, whichever server was asked for it.
    pub(super) fn log_name(&self) -> String {
        format!("nats:{}/{}", self.cluster, self.stream())
    }

    pub(super) fn stream(&self) -> &str {
        self.url.name()
    }

    /// The subject of the log's messages.
    pub(super) fn subject(&self) -> String {
        format!("{}.log", self.stream())
    }

    /// The subject on which programs ask each other for a turn.
    pub(super) fn turn_subject(&self) -> String {
        format!("{}.turn", self.stream())
    }

    pub(super) fn api(&self, request: &str) -> String {
        format!("$JS.API.{request}.{}", self.stream())
    }

    /// The stream of the handlers' records.
    pub(super) fn records_stream(&self) -> String {
        format!("KV_{}_handlers", self.stream())
    }

    /// The subject of a record.
    pub(super) fn record(&self, name: &str) -> String {
        format!("$KV.{}_handlers.{name}", self.stream())
    }

    pub(super) fn records_api(&self, request: &str) -> String {
        format!("$JS.API.{request}.{}", self.records_stream())
    }

    /// Whether the cluster is one for development, which makes what it lacks.
    pub(super) fn is_for_development(&self) -> bool {
        self.cluster.starts_with(DEVELOPMENT)
    }

    pub(super) fn max_payload(&self) -> usize {
        self.client.max_payload()
    }

    /// The name of the server that was connected to.
    pub(super) fn server_name(&self) -> String {
        self.client.server_info().server_name
    }

    /// The version of the server that was connected to.
    pub(super) fn server_version(&self) -> String {
        self.client.server_info().version
    }
}
