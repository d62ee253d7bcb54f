//! The server's side of TLS, with a certificate made for the test.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The variables that name the files of the server's certificate and key.
const CERTIFICATE: &str = "MAIL_SERVER_CERTIFICATE";
const KEY: &str = "MAIL_SERVER_KEY";
/// The variable for the start of TLS.
const BEGINS: &str = "MAIL_SERVER_TLS";

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    AtOnce,
    /// After STARTTLS.
    Later,
}

/// A self-signed certificate and its key.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Makes a certificate for a name, in files of this directory.
    pub(crate) fn of(name: &str, directory: &Path) -> Self {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let file = |ending: &str, content: String| {
            let path = directory.join(format!("{name}.{ending}"));
            fs::write(&path, content).unwrap();
            path
        };
        Self { certificate: file("crt", certificate.pem()), key: file("key", key.serialize_pem()) }
    }

    /// The server's environment variables.
    pub(super) fn variables(&self, begins: Begins) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [(CERTIFICATE, text(&self.certificate)), (KEY, text(&self.key)), (BEGINS, format!("{begins:?}"))]
    }
}

/// The server's settings from its environment.
pub(super) fn told() -> Option<(Arc<ServerConfig>, Begins)> {
    let begins = if env::var(BEGINS).ok()? == format!("{:?}", Begins::AtOnce) { Begins::AtOnce } else { Begins::Later };
    let certificate = CertificateDer::from_pem_file(env::var(CERTIFICATE).unwrap()).unwrap();
    let key = PrivateKeyDer::from_pem_file(env::var(KEY).unwrap()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    Some((Arc::new(config), begins))
}

/// The transport of a connection.
pub(super) enum Line {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Line {
    pub(super) fn encrypted(stream: TcpStream, config: &Arc<ServerConfig>) -> Self {
        let connection = ServerConnection::new(config.clone()).unwrap();
        Self::Encrypted(Box::new(StreamOwned::new(connection, stream)))
    }

    /// The same connection, encrypted from here on.
    pub(super) fn encrypt(&self, config: &Arc<ServerConfig>) -> io::Result<Self> {
        match self {
            Self::Plain(stream) => Ok(Self::encrypted(stream.try_clone()?, config)),
            Self::Encrypted(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Encrypted(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}
