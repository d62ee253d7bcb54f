//! How a store on a cluster is opened.

use std::path::PathBuf;

use super::url::StoreUrl;

/// How a store on a cluster is opened; see [`StoreUrl`]. Other stores have no use for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterOptions {
    /// Makes the log if the cluster has none of this name, and none was ever seen there.
    pub create: bool,
    /// Opens a log that may lose what it has acknowledged, such as one on a single server.
    pub unsafe_cluster: bool,
    /// Where the replica is from which all questions are answered: a file, or memory. Without one, it is a file in the
    /// directory below.
    pub replica: Option<StoreUrl>,
    /// Where to remember what was seen of each log, and to keep replicas. Without one, beside the replica.
    pub directory: Option<PathBuf>,
}
