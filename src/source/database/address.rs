//! Where a database is and who asks it: plain facts, which `config` takes out of a URL. A password stands
//! in here, and in nothing that is printed.

use std::fmt;
use std::path::{Path, PathBuf};

/// A database, by its engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Server),
    /// A MySQL or MariaDB server.
    Mysql(Server),
}

impl Address {
    /// The file of a database that is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Address::Sqlite(file) => Some(file),
            Address::Postgres(_) | Address::Mysql(_) => None,
        }
    }
}

/// A server, and how we come to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub host: Host,
    /// Its port; of a PostgreSQL socket, a part of the socket's name.
    pub port: u16,
    /// Who asks.
    pub user: String,
    /// That user's password.
    pub password: Password,
    /// The database; none is the server's choice.
    pub database: Option<String>,
    /// How the connection is kept from others.
    pub tls: Tls,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// On a machine, by its name or IP address.
    Name(String),
    /// On a Unix socket: MySQL's socket itself, the folder that PostgreSQL's is in.
    Socket(PathBuf),
}

/// A password, or where it stands. Its `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Password {
    /// The server asks for none.
    #[default]
    None,
    /// This one.
    Text(String),
    /// The first line of a file, read at each connection, so that a new one needs no restart.
    File(PathBuf),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Password::None => f.write_str("None"),
            Password::Text(_) => f.write_str("Text(…)"),
            Password::File(file) => f.debug_tuple("File").field(file).finish(),
        }
    }
}

impl Password {
    /// The password itself.
    pub(super) fn get(&self) -> std::io::Result<Option<String>> {
        match self {
            Password::None => Ok(None),
            Password::Text(text) => Ok(Some(text.clone())),
            Password::File(file) => {
                let text = std::fs::read_to_string(file)?;
                Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
            }
        }
    }
}

/// How a connection is kept from others. A Unix socket needs none of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// What is asked of the server.
    pub mode: TlsMode,
    /// PEM file of who may vouch for the server; without it, whom the machine trusts.
    pub ca: Option<PathBuf>,
}

/// What is asked of a server's TLS, as PostgreSQL's own clients spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// None.
    Disable,
    /// Encrypted where the server can; nobody vouches for it.
    #[default]
    Prefer,
    /// Encrypted. With `ca`, as `VerifyCa`.
    Require,
    /// Encrypted, and its certificate is vouched for.
    VerifyCa,
    /// That, and the certificate names the host.
    VerifyFull,
}
