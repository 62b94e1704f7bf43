//! Which addresses are of the open internet: those that anybody could reach from anywhere. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is neither this machine's, nor one of its network's, nor set aside (IANA's
/// registries of special-purpose addresses, RFC 6890). An address that wraps one of version 4 is as
/// public as that.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match wrapped(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let set_aside = match address.octets() {
        // This network; shared by a provider's customers; protocols; measuring; reserved.
        [0, ..] | [192, 0, 0, _] | [198, 18..=19, ..] | [240..=255, ..] => true,
        [100, b, ..] => (64..128).contains(&b),
        _ => false,
    };
    !(set_aside
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast())
}

/// An address of version 4 within one of version 6: mapped (`::ffff:0:0/96`), or behind NAT64
/// (`64:ff9b::/96`).
fn wrapped(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

/// Only `2000::/3` is given out; of that, not protocols and tunnels (`2001::/23`, `2002::/16`) and
/// documentation (`2001:db8::/32`, `3fff::/20`).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    match first {
        0x2001 => second >= 0x200 && second != 0xdb8,
        0x2002 => false,
        0x3fff => second >= 0x1000,
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_open_internet_are_public() {
        let all = |list: &str, expected: bool| {
            for address in list.split_whitespace() {
                assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
            }
        };
        all(
            "1.1.1.1 9.9.9.9 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1
             198.20.0.1 223.255.255.255 2606:4700::1111 2a00:1450::1 2001:200::1 2001:4860::8888
             ::ffff:1.1.1.1 64:ff9b::101:101 3fff:1000::1",
            true,
        );
        all(
            "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254
             169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.170 192.0.2.1 192.168.0.1 198.18.0.1
             198.51.100.7 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255",
            false,
        );
        all(
            ":: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
             64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 fc00::1 fd00:ec2::254
             fe80::1 fec0::1 ff02::1 ::127.0.0.1",
            false,
        );
    }
}
