use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Who may depend on whom. These tables are the documentation.
const ARROWS: [(&str, &[&str]); 10] = [
    ("job-engine", &[]),
    ("job-engine-postgres", &["job-engine"]),
    ("job-engine-sqlite", &["job-engine"]),
    ("job-engine-dashboard", &["job-engine"]),
    ("job-engine-proof", &["job-engine"]),
    ("signalr-hub", &[]),
    ("domain", &[]),
    ("application", &["domain", "job-engine"]),
    (
        "infrastructure",
        &[
            "application",
            "domain",
            "job-engine",
            "job-engine-postgres",
            "job-engine-sqlite",
        ],
    ),
    (
        "web-api",
        &[
            "application",
            "domain",
            "infrastructure",
            "job-engine",
            "job-engine-dashboard",
            "signalr-hub",
        ],
    ),
];

/// Where a crate of others may be used.
const HOMES: [(&str, &[&str]); 6] = [
    ("anyhow", &["web-api"]),
    ("axum", &["job-engine-dashboard", "signalr-hub", "web-api"]),
    (
        "sqlx",
        &[
            "infrastructure",
            "job-engine-postgres",
            "job-engine-sqlite",
            "signalr-hub",
        ],
    ),
    ("tokio-postgres", &["job-engine-postgres"]),
    ("lettre", &["infrastructure"]),
    ("jsonwebtoken", &["web-api"]),
];

#[test]
fn arrows_point_towards_the_domain() {
    for (name, manifest) in crates() {
        let (_, allowed) = ARROWS
            .iter()
            .find(|(arrow, _)| *arrow == name)
            .unwrap_or_else(|| panic!("{name} has no row in the table of arrows"));

        for dependency in dependencies(&manifest) {
            let is_ours = ARROWS.iter().any(|(ours, _)| *ours == dependency);
            assert!(
                !is_ours || allowed.contains(&dependency.as_str()),
                "{name} may not depend on {dependency}"
            );
        }
    }
}

#[test]
fn what_has_a_home_stays_there() {
    for (name, manifest) in crates() {
        let dependencies = dependencies(&manifest);
        for (guest, homes) in HOMES {
            assert!(
                !dependencies.contains(guest) || homes.contains(&name.as_str()),
                "{name} may not depend on {guest}"
            );
        }
    }
}

#[test]
fn the_tables_name_no_crate_that_is_gone() {
    let found: BTreeSet<String> = crates().into_iter().map(|(name, _)| name).collect();
    let named: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();

    assert_eq!(found, named);
}

/// Every crate's name and manifest.
fn crates() -> Vec<(String, toml::Table)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    ["libs", "app"]
        .iter()
        .flat_map(|group| fs::read_dir(root.join(group)).expect("a folder of crates"))
        .map(|entry| entry.expect("an entry").path().join("Cargo.toml"))
        .filter(|manifest| manifest.exists())
        .map(|manifest| read(&manifest))
        .collect()
}

fn read(manifest: &Path) -> (String, toml::Table) {
    let text = fs::read_to_string(manifest).expect("a manifest");
    let table: toml::Table = text.parse().expect("TOML");
    let name = table["package"]["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    (name, table)
}

/// What the crate itself needs; its tests may use more.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let tables = ["dependencies", "build-dependencies"];
    tables
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .flat_map(toml::Table::keys)
        .cloned()
        .collect()
}
