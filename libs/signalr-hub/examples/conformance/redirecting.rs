//! The hub that only sends clients on to the test hub.

use std::sync::atomic::{AtomicU32, Ordering};

use http::Uri;
use signalr_hub::{ConnectionOptions, Elsewhere, Redirect};

/// The address it sends clients to counts how often that was done.
pub fn to_test_hub(options: ConnectionOptions) -> ConnectionOptions {
    let redirects = AtomicU32::new(0);
    let redirect = Redirect::by(move |_, uri| {
        let number = redirects.fetch_add(1, Ordering::Relaxed) + 1;
        let base = base_url(uri);
        Some(Elsewhere::at(format!(
            "{base}/testHub?numRedirects={number}"
        )))
    });
    ConnectionOptions {
        redirect: Some(redirect),
        ..options
    }
}

fn base_url(uri: &Uri) -> String {
    let mut pairs = uri.query().unwrap_or("").split('&');
    let base = pairs.find_map(|pair| pair.strip_prefix("baseUrl="));
    let base = base.unwrap_or("");
    base.replace("%3A", ":").replace("%2F", "/")
}
