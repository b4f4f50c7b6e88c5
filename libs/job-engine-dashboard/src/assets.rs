use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A file that pages refer to. Its name changes with its content, so it is kept for ever.
pub(crate) struct Asset {
    name: String,
    media_type: &'static str,
    content: &'static str,
}

/// Files as one, in this order: what comes later counts more.
macro_rules! joined {
    ($folder:literal: $($file:literal),+ $(,)?) => {
        concat!($(include_str!(concat!("../assets/", $folder, "/", $file)), "\n"),+)
    };
}

const ALL_STYLES: &str = joined!(
    "styles":
    "colours.css",
    "ground.css",
    "frame.css",
    "controls.css",
    "pages.css",
    "tables.css",
    "job.css",
    "dialog.css",
    "narrow.css",
);

/// One module: its files share their names.
const WHOLE_SCRIPT: &str = joined!(
    "script":
    "page.js",
    "times.js",
    "refreshing.js",
    "live.js",
    "copying.js",
    "ticks.js",
    "colours.js",
    "keys.js",
    "start.js",
);

pub(crate) static STYLES: LazyLock<Asset> =
    LazyLock::new(|| Asset::hashed("dashboard", "css", "text/css; charset=utf-8", ALL_STYLES));

pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::hashed(
        "dashboard",
        "js",
        "text/javascript; charset=utf-8",
        WHOLE_SCRIPT,
    )
});

pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::hashed(
        "icon",
        "svg",
        "image/svg+xml",
        include_str!("../assets/icon.svg"),
    )
});

impl Asset {
    fn hashed(
        stem: &str,
        extension: &str,
        media_type: &'static str,
        content: &'static str,
    ) -> Self {
        let hash = Sha256::digest(content.as_bytes());
        let [a, b, c, d, ..] = hash.0;
        Self {
            name: format!("{stem}-{a:02x}{b:02x}{c:02x}{d:02x}.{extension}"),
            media_type,
            content,
        }
    }

    /// The path below the mount.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    file: String,
}

pub(crate) async fn send(Path(Named { file }): Path<Named>) -> Response {
    let assets = [&*STYLES, &*SCRIPT, &*ICON];
    let Some(asset) = assets.into_iter().find(|asset| asset.name == file) else {
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    };

    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable",
        ),
    ];
    (headers, asset.content).into_response()
}
