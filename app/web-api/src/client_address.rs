use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderMap};

use crate::api::SharedApi;
use crate::client_limits::Client;
use crate::config::Config;
use crate::listener::PeerAddress;

impl FromRequestParts<SharedApi> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Infallible> {
        let address = client_address(&api.config, &parts.extensions, &parts.headers);
        Ok(Self::at(address))
    }
}

/// The address of the client: the peer's, or, where the peer is a trusted proxy, the right-most in
/// `X-Forwarded-For` that is not one.
fn client_address(config: &Config, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions
        .get::<PeerAddress>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    if !config.trusts_proxy(peer) {
        return peer;
    }

    let hops = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','));
    let mut nearest_first: Vec<&str> = hops.map(str::trim).collect();
    nearest_first.reverse();

    let mut client = peer;
    for hop in nearest_first {
        let Ok(address) = hop.parse() else {
            break;
        };
        client = address;
        if !config.trusts_proxy(address) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn seen_from(peer: &str, forwarded_for: &'static str) -> String {
        let setting = ("DIQUIS_TRUSTED_PROXIES".to_owned(), "10.0.0.0/8".to_owned());
        let config = Config::read([setting]).expect("valid settings");
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddress(
            format!("{peer}:40000").parse().expect("an address"),
        ));
        let header = HeaderValue::from_static(forwarded_for);
        let headers = HeaderMap::from_iter([("x-forwarded-for".parse().expect("a name"), header)]);

        client_address(&config, &extensions, &headers).to_string()
    }

    #[test]
    fn a_stranger_cannot_say_who_they_are() {
        assert_eq!(seen_from("203.0.113.5", "198.51.100.1"), "203.0.113.5");
    }

    #[test]
    fn behind_proxies_the_last_address_that_is_none_of_them_counts() {
        let client = seen_from("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2");

        assert_eq!(client, "198.51.100.1");
    }

    #[test]
    fn nonsense_in_the_header_is_not_an_address() {
        assert_eq!(seen_from("10.0.0.1", "198.51.100.1, nonsense"), "10.0.0.1");
    }
}
