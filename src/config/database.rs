//! The URL of a database, taken apart by hand: drivers repeat what they don't understand, and that may be
//! a password. No sentence here repeats anything but a setting's name.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::source::database::{Address, Host, Password, Server, Tls, TlsMode};

use super::codes;
use super::text::Wrong;

const EXAMPLES: &str = "write \"sqlite:desk.db\", \"postgres://reader@db.example/desk\" or \
                        \"mysql://reader@db.example/desk\"";
const POSTGRES_PORT: u16 = 5432;
const MYSQL_PORT: u16 = 3306;

/// A database. Files are relative to `feeds.toml`.
pub(super) fn database(value: &str) -> Result<Address, Wrong> {
    let Some((scheme, rest)) = value.trim().split_once(':') else {
        return Err(wrong("isn't the URL of a database", EXAMPLES));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "sqlite" | "sqlite3" => file(rest).map(Address::Sqlite),
        "postgres" | "postgresql" => server(rest, Engine::Postgres).map(Address::Postgres),
        "mysql" | "mariadb" => server(rest, Engine::Mysql).map(Address::Mysql),
        _ => Err(wrong("is a database of an unknown kind", EXAMPLES)),
    }
}

fn wrong(what: &str, help: &str) -> Wrong {
    Wrong::new(codes::DATABASE, what, help)
}

fn file(rest: &str) -> Result<PathBuf, Wrong> {
    let help = "write \"sqlite:desk.db\", relative to this file";
    let file = rest.strip_prefix("//").unwrap_or(rest);
    if file.contains(['?', '#']) {
        return Err(wrong("has a `?` or a `#`, and settings there aren't read", help));
    }
    if file.is_empty() || file.starts_with(':') || file.contains('\0') {
        return Err(wrong("names no file", help));
    }
    Ok(PathBuf::from(file))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    Postgres,
    Mysql,
}

fn server(rest: &str, engine: Engine) -> Result<Server, Wrong> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Err(wrong("lacks the `//` before its host", EXAMPLES));
    };
    let (rest, settings) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let user = decoded(user)?;
    if user.is_empty() {
        let help = "put the user before the host: \"postgres://reader@db.example/desk\"";
        return Err(wrong("names no user", help));
    }
    if database.contains('/') {
        let help = "a `/` in a user's name or password is written `%2F`, an `@` `%40`";
        return Err(wrong("has more than one `/` after its host", help));
    }
    let settings = Settings::read(settings, engine)?;
    let (name, port) = host(place)?;
    let usual = if engine == Engine::Postgres { POSTGRES_PORT } else { MYSQL_PORT };
    let host = match settings.socket {
        Some(socket) => Host::Socket(socket),
        None if name.is_empty() => {
            let help = match engine {
                Engine::Postgres => {
                    "write the host, or the socket's folder: `?host=/run/postgresql`"
                }
                Engine::Mysql => "write the host, or the socket: `?socket=/run/mysqld/mysqld.sock`",
            };
            return Err(wrong("names no host", help));
        }
        None => Host::Name(name),
    };
    Ok(Server {
        host,
        port: port.unwrap_or(usual),
        user,
        password: match password {
            Some(password) => Password::Text(decoded(password)?),
            None => Password::None,
        },
        database: Some(decoded(database)?).filter(|name| !name.is_empty()),
        tls: Tls { mode: settings.tls, ca: None },
    })
}

/// A host's name or address, and the port.
fn host(place: &str) -> Result<(String, Option<u16>), Wrong> {
    let (name, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, rest)) => (address, Some(rest.strip_prefix(':').unwrap_or("x"))),
        None => match place.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        None => None,
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
            let help = "a port is a number from 1 to 65535; a `/` in a password is written `%2F`, an \
                        `@` `%40`";
            wrong("has no number as its port", help)
        })?),
    };
    let name = decoded(name)?;
    let sound = name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:%".contains(c));
    if !sound {
        return Err(wrong("has a host that can't be one", EXAMPLES));
    }
    Ok((name, port))
}

struct Settings {
    socket: Option<PathBuf>,
    tls: TlsMode,
}

const MODES: [(&str, TlsMode); 10] = [
    ("disable", TlsMode::Disable),
    ("disabled", TlsMode::Disable),
    ("prefer", TlsMode::Prefer),
    ("preferred", TlsMode::Prefer),
    ("require", TlsMode::Require),
    ("required", TlsMode::Require),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify_ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyFull),
    ("verify_identity", TlsMode::VerifyFull),
];

impl Settings {
    fn read(text: &str, engine: Engine) -> Result<Settings, Wrong> {
        let mut settings = Settings { socket: None, tls: TlsMode::default() };
        for setting in text.split('&').filter(|setting| !setting.is_empty()) {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            match (name, engine) {
                ("sslmode" | "ssl-mode" | "ssl_mode", _) => {
                    let mode = value.to_ascii_lowercase();
                    let mode = MODES.iter().find(|(spelt, _)| *spelt == mode);
                    settings.tls = mode.map(|(_, mode)| *mode).ok_or_else(|| {
                        let help =
                            "it is one of disable, prefer, require, verify-ca and verify-full";
                        wrong("has an unknown `sslmode`", help)
                    })?;
                }
                ("host", Engine::Postgres) | ("socket", Engine::Mysql) => {
                    settings.socket = Some(PathBuf::from(decoded(value)?));
                }
                _ => {
                    let help = match engine {
                        Engine::Postgres => "after the `?` may stand sslmode and host",
                        Engine::Mysql => "after the `?` may stand sslmode and socket",
                    };
                    // A name that no setting has may be the end of a password with a `?` in it.
                    return Err(wrong("has a setting that isn't known", help));
                }
            }
        }
        Ok(settings)
    }
}

fn decoded(text: &str) -> Result<String, Wrong> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| {
        wrong("has bytes that are no UTF-8", "write them in UTF-8, each byte as `%` and two digits")
    })?;
    if text.contains('\0') {
        return Err(wrong("holds a character that nothing there has", EXAMPLES));
    }
    Ok(text.into_owned())
}

/// A URL, or a line that holds one, with stars for the password. Each character stays where it was.
pub(super) fn without_password(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        told.push_str(before);
        // A password may hold what it shouldn't; a line's end or its string's ends it.
        let end = after.find(['"', '\'', '\n', ' ']).unwrap_or(after.len());
        let (url, later) = after.split_at(end);
        match (url.find(':'), url.rfind('@')) {
            (Some(colon), Some(at)) if colon < at => {
                told.push_str(&url[..=colon]);
                told.extend(url[colon + 1..at].chars().map(|_| '*'));
                told.push_str(&url[at..]);
            }
            _ => told.push_str(url),
        }
        rest = later;
    }
    told.push_str(rest);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(url: &str) -> Server {
        match database(url) {
            Ok(Address::Postgres(server) | Address::Mysql(server)) => server,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_one() {
        for (written, file) in [
            ("sqlite:desk.db", "desk.db"),
            ("sqlite:///srv/desk.db", "/srv/desk.db"),
            ("sqlite:/a b.db", "/a b.db"),
        ] {
            assert_eq!(database(written), Ok(Address::Sqlite(PathBuf::from(file))));
        }
    }

    #[test]
    fn a_url_says_where_and_who() {
        let plain = of("postgres://ann@db.example/desk");
        assert_eq!(plain.host, Host::Name("db.example".into()));
        assert_eq!((plain.port, plain.user.as_str()), (5432, "ann"));
        assert_eq!(plain.password, Password::None);
        assert_eq!(plain.database.as_deref(), Some("desk"));
        assert_eq!(plain.tls.mode, TlsMode::Prefer);
        let full = of("mysql://a%40b:p%3Aq%2F%40@[::1]:33/d%20b?sslmode=verify-full");
        assert_eq!(full.host, Host::Name("::1".into()));
        assert_eq!((full.port, full.user.as_str()), (33, "a@b"));
        assert_eq!(full.password, Password::Text("p:q/@".into()));
        assert_eq!(full.database.as_deref(), Some("d b"));
        assert_eq!(full.tls.mode, TlsMode::VerifyFull);
        assert_eq!(of("mariadb://ann:p@ss@db/d").password, Password::Text("p@ss".into()));
        assert_eq!(of("mariadb://ann@db").database, None);
        assert_eq!(of("postgres://ann@/d?host=/run/pg").host, Host::Socket("/run/pg".into()));
        assert_eq!(of("mysql://ann@localhost/d?socket=/a%20b").host, Host::Socket("/a b".into()));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for url in [
            "",
            "hunter2",
            "oracle://ann:hunter2@db/d",
            "postgres:ann:hunter2@db/d",
            "postgres://db/hunter2",
            "postgres://:hunter2@db/d",
            "postgres://ann:hunter2@/d",
            "postgres://ann:hunter2@db:x/d",
            "postgres://ann:hunter2@db:70000/d",
            "postgres://ann:hunter2@d b/d",
            "postgres://ann:hunter2/@db/d",
            "postgres://ann:hunter2?@db/d",
            "postgres://ann:hunter2@db/d?hunter2=1",
            "postgres://ann:hunter2@db/d?sslmode=hunter2",
            "postgres://ann:hunter2%ff@db/d",
            "mysql://ann:hunter2@db/d?host=/run",
        ] {
            let told = format!("{:?}", database(url).map_err(|w| (w.what, w.help)).unwrap_err());
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_password_is_starred() {
        for (written, told) in [
            ("postgres://ann:secret@db/d", "postgres://ann:******@db/d"),
            (
                "url = \"postgres://ann:se@t@db/d\" # x@y",
                "url = \"postgres://ann:****@db/d\" # x@y",
            ),
            ("mysql://ann@db:3306/d", "mysql://ann@db:3306/d"),
            ("https://gazette.example/", "https://gazette.example/"),
            ("${DESK_URL}", "${DESK_URL}"),
        ] {
            assert_eq!(without_password(written), told);
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(value in any::<String>(), rest in any::<String>()) {
            let _ = (database(&value), database(&format!("postgres://{rest}")), without_password(&value));
        }
    }
}
