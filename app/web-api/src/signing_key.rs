use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::config::Secret;

const FILE: &str = "jwt-secret";
const SHORTEST_BYTES: usize = 32;

/// A key that nobody can guess.
pub fn random_key() -> Secret {
    let bytes: [u8; 48] = rand::random();
    Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The key in the data directory; made at the first start.
pub fn key_in(data_dir: &Path) -> anyhow::Result<Secret> {
    let path = data_dir.join(FILE);
    read(&path).with_context(|| format!("the signing key {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Secret> {
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            bail!("can be read by others; if it is still secret, chmod 600, else delete it");
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(error.into()),
    }

    let key = fs::read_to_string(path)?;
    let key = key.trim();
    if key.len() < SHORTEST_BYTES {
        bail!(
            "has {} bytes; at least {SHORTEST_BYTES} are needed",
            key.len()
        );
    }
    Ok(Secret::new(key))
}

/// Written aside and linked, so that another process that starts at the same time sees all of it or
/// nothing; whose link comes first, wins.
fn create(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().context("has no folder")?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;

    let draft = folder.join(format!(".{FILE}.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    writeln!(file, "{}", random_key().reveal())?;
    file.sync_all()?;

    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
