//! The URL of a log on a cluster.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use thiserror::Error;

/// What the URL of a cluster begins with.
pub(super) const SCHEME: &str = "nats://";

/// The port of a server that names none.
const PORT: &str = "4222";

/// The longest name of a log.
const MAX_NAME: usize = 64;

/// `nats://[user[:password]@]host[:port][,host[:port]…]/name[?tls=required]`: some servers of a cluster, and the name of a
/// log there. A user without a password is a token. Printed without the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterUrl {
    credentials: Option<(String, Option<String>)>,
    /// With ports.
    servers: Vec<String>,
    name: String,
    requires_tls: bool,
}

/// Why a text is not the URL of a log on a cluster.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidClusterUrl {
    /// It does not begin as one.
    #[error("the URL of a cluster begins with {SCHEME}")]
    Scheme,
    /// It names no server, or what follows the port is not a number.
    #[error("{SCHEME}host:port,host:port/name names the servers of the cluster")]
    Servers,
    /// It names no log, or with other characters.
    #[error("the name of a log on a cluster has 1 to {MAX_NAME} letters, digits, - or _, as in {SCHEME}127.0.0.1/bank")]
    Name,
    /// It has another option than `tls=required`.
    #[error("the only option of a cluster's URL is ?tls=required")]
    Option,
}

impl ClusterUrl {
    /// The URLs of the servers, without credentials.
    pub fn servers(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("{SCHEME}{server}")).collect()
    }

    /// The log's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether only encrypted connections are allowed.
    pub fn requires_tls(&self) -> bool {
        self.requires_tls
    }

    /// A user and a password, or a token.
    pub fn credentials(&self) -> Option<(&str, Option<&str>)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.as_deref()))
    }
}

impl FromStr for ClusterUrl {
    type Err = InvalidClusterUrl;

    fn from_str(url: &str) -> Result<Self, InvalidClusterUrl> {
        let rest = url.strip_prefix(SCHEME).ok_or(InvalidClusterUrl::Scheme)?;
        let (rest, option) = rest.split_once('?').map_or((rest, None), |(rest, option)| (rest, Some(option)));
        let requires_tls = match option {
            None => false,
            Some("tls=required") => true,
            Some(_) => return Err(InvalidClusterUrl::Option),
        };
        let (authority, name) = rest.rsplit_once('/').ok_or(InvalidClusterUrl::Name)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_plain) {
            return Err(InvalidClusterUrl::Name);
        }
        let (credentials, hosts) = match authority.rsplit_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, authority),
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = credentials.map(|credentials| match credentials.split_once(':') {
            Some((user, password)) => (decoded(user), Some(decoded(password))),
            None => (decoded(credentials), None),
        });
        let servers = hosts.split(',').map(with_port).collect::<Option<_>>().ok_or(InvalidClusterUrl::Servers)?;
        Ok(Self { credentials, servers, name: name.to_owned(), requires_tls })
    }
}

fn with_port(server: &str) -> Option<String> {
    // The colons of an IPv6 address are in brackets.
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (server, PORT),
    };
    let is_host = !host.is_empty() && !host.contains(['/', '@', ' ']) && (!host.contains(':') || host.starts_with('['));
    (is_host && port.parse::<u16>().is_ok()).then(|| format!("{host}:{port}"))
}

impl fmt::Display for ClusterUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.servers.join(","), self.name)
    }
}

/// Without the credentials, as it is printed.
impl fmt::Debug for ClusterUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_servers_a_log_and_credentials() {
        let url: ClusterUrl = "nats://127.0.0.1:4222,[::1]:4223,example.org/bank".parse().unwrap();
        assert_eq!(url.servers(), ["nats://127.0.0.1:4222", "nats://[::1]:4223", "nats://example.org:4222"]);
        assert_eq!((url.name(), url.credentials(), url.requires_tls()), ("bank", None, false));
        let url: ClusterUrl = "nats://clerk:a%40b:c@localhost/bank?tls=required".parse().unwrap();
        assert_eq!((url.credentials(), url.requires_tls()), (Some(("clerk", Some("a@b:c"))), true));
        let url: ClusterUrl = "nats://token@[::1]/bank".parse().unwrap();
        assert_eq!(url.credentials(), Some(("token", None)));
    }

    #[test]
    fn a_password_is_never_printed() {
        let url: ClusterUrl = "nats://clerk:secret@localhost:1/bank".parse().unwrap();
        assert_eq!(
            (url.to_string().as_str(), format!("{url:?}").contains("secret")),
            ("nats://localhost:1/bank", false)
        );
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said() {
        for (url, wrong) in [
            ("nats:bank", InvalidClusterUrl::Scheme),
            ("nats://localhost", InvalidClusterUrl::Name),
            ("nats://localhost/", InvalidClusterUrl::Name),
            ("nats://localhost/my.bank", InvalidClusterUrl::Name),
            ("nats:///bank", InvalidClusterUrl::Servers),
            ("nats://localhost:/bank", InvalidClusterUrl::Servers),
            ("nats://localhost:70000/bank", InvalidClusterUrl::Servers),
            ("nats://one,/bank", InvalidClusterUrl::Servers),
            ("nats://localhost/bank?tls=no", InvalidClusterUrl::Option),
        ] {
            assert_eq!(url.parse::<ClusterUrl>().map(drop), Err(wrong), "{url}");
        }
    }
}
