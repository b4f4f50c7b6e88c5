use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the one who needs it, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not tell where they differ.
    pub fn is(&self, other: &str) -> bool {
        let pairs = self.0.bytes().zip(other.bytes());
        let difference = pairs.fold(0, |difference, (ours, theirs)| difference | (ours ^ theirs));
        self.0.len() == other.len() && difference == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// How browsers reach the server: scheme, host and port, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// `scheme` is http or https, `authority` a host and, where it is not the usual one, a port.
    pub fn new(scheme: &str, authority: &str) -> Self {
        Self(format!("{scheme}://{authority}").to_lowercase())
    }

    pub fn of_address(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }

    /// For example `https://diquis.example.org`; no slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// So many per so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub count: NonZeroU32,
    pub per: Duration,
}

/// A range of addresses, `10.0.0.0/8`; a single address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: u128,
    prefix: u32,
}

impl Network {
    /// The addresses that begin with the first `prefix` bits of `first`; without a prefix, `first`
    /// alone. `None`: an address has fewer bits.
    pub fn new(first: IpAddr, prefix: Option<u32>) -> Option<Self> {
        let (bits, offset) = if first.is_ipv4() { (32, 96) } else { (128, 0) };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then(|| Self {
            first: as_number(first),
            prefix: offset + prefix,
        })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let mask = mask(self.prefix);
        as_number(address) & mask == self.first & mask
    }
}

/// IPv4 as the IPv6 addresses that stand for them.
fn as_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

fn mask(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(first: &str, prefix: u32) -> Network {
        Network::new(first.parse().expect("an address"), Some(prefix)).expect("a network")
    }

    fn contains(network: Network, address: &str) -> bool {
        network.contains(address.parse().expect("an address"))
    }

    #[test]
    fn a_network_contains_its_addresses_alone() {
        let tens = network("10.0.0.0", 8);
        assert!(contains(tens, "10.200.3.4"));
        assert!(contains(tens, "::ffff:10.1.2.3"));
        assert!(!contains(tens, "11.0.0.1"));

        let documentation = network("2001:db8::", 32);
        assert!(contains(documentation, "2001:db8:1::1"));
        assert!(!contains(documentation, "2001:db9::1"));
    }

    #[test]
    fn the_network_of_all_addresses_contains_every_address() {
        assert!(contains(network("::", 0), "203.0.113.9"));
    }

    #[test]
    fn a_prefix_is_no_longer_than_an_address() {
        let first = "10.0.0.0".parse().expect("an address");

        assert!(Network::new(first, Some(33)).is_none());
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new("correct horse");

        assert_eq!(format!("{secret:?}"), "[secret]");
    }
}
