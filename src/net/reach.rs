//! Which hosts and addresses may be talked to. Pure; who connects asks.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;

use super::address::is_public;

/// Which addresses are connected to. Asked of each address that a name leads to and of those that stand
/// in URLs, for each redirect anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Any: an operator named the URL.
    Any,
    /// Only those of the open internet, and those that an operator allows beside them: the URL came from
    /// outside, and must not lead into the machine's own network.
    Public(Arc<[Allowed]>),
}

impl Reach {
    /// Whether an address may be talked to, to which a host's name led.
    pub(super) fn allows(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Reach::Any => true,
            Reach::Public(allowed) => {
                is_public(address) || allowed.iter().any(|a| a.allows(host, address))
            }
        }
    }
}

/// What an operator lets through beside the open internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// A host, by its name in URLs, wherever that leads.
    Host(String),
    /// Addresses, however they are reached.
    Range(IpNet),
}

/// It is neither a host nor addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("isn't a host, an address or a range of addresses")]
pub struct NotAllowed;

impl Allowed {
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Allowed::Host(name) => name.eq_ignore_ascii_case(host.trim_end_matches('.')),
            Allowed::Range(range) => range.contains(&address.to_canonical()),
        }
    }
}

impl FromStr for Allowed {
    type Err = NotAllowed;

    /// `media.gazette.internal`, `10.1.2.3`, `10.20.0.0/16`, `fd00::/8`.
    fn from_str(written: &str) -> Result<Allowed, NotAllowed> {
        if let Ok(range) = written.parse() {
            return Ok(Allowed::Range(range));
        }
        if let Ok(address) = written.parse::<IpAddr>() {
            return Ok(Allowed::Range(address.to_canonical().into()));
        }
        let is_part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let digits =
            written.rsplit('.').next().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
        if written.len() <= 253 && !digits && written.split('.').all(is_part) {
            return Ok(Allowed::Host(written.to_ascii_lowercase()));
        }
        Err(NotAllowed)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowed::Host(name) => f.write_str(name),
            Allowed::Range(range) => range.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_the_open_internet_only_what_is_named_is_reached() {
        let read = |list: &str| -> Reach {
            Reach::Public(list.split_whitespace().map(|one| one.parse().unwrap()).collect())
        };
        let some = read("127.0.0.1 10.20.0.0/16 fd00::/8 Media.Internal");
        for (host, address, allowed) in [
            ("a.example", "1.1.1.1", true),
            ("a.example", "127.0.0.1", true),
            ("a.example", "::ffff:127.0.0.1", true),
            ("a.example", "127.0.0.2", false),
            ("a.example", "10.20.255.1", true),
            ("a.example", "10.21.0.1", false),
            ("a.example", "fd12::1", true),
            ("a.example", "169.254.169.254", false),
            ("media.internal", "192.168.7.7", true),
            ("media.internal.", "192.168.7.7", true),
            ("notmedia.internal", "192.168.7.7", false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(some.allows(host, address), allowed, "{host} {address}");
            assert!(Reach::Any.allows(host, address));
        }
        assert!(!read("").allows("localhost", "127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for wrong in
            ["", " ", "http://a.example/", "a.example:80", "10.0.0.0/33", "1.2.3", "*.a", "a..b"]
        {
            assert_eq!(wrong.parse::<Allowed>(), Err(NotAllowed), "{wrong}");
        }
    }
}
