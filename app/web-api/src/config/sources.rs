use std::collections::BTreeMap;
use std::io::ErrorKind;

use super::settings::SETTINGS;
use super::{ConfigError, parse::Problem};

/// What was set, by name; the environment over the file.
pub struct Sources {
    values: BTreeMap<String, String>,
}

const PREFIX: &str = "DIQUIS_";
/// Variables of the test-suite, which the executable under test inherits.
const TEST_PREFIX: &str = "DIQUIS_TEST_";
const FILE_SETTING: &str = "DIQUIS_CONFIG";
const DEFAULT_FILE: &str = "./diquis.toml";

impl Sources {
    pub fn open(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let environment: BTreeMap<String, String> = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX))
            .collect();
        if let Some(name) = environment.keys().find(|name| !is_setting(name)) {
            return Err(ConfigError::Unknown(name.clone()));
        }

        let mut values = read_file(environment.get(FILE_SETTING))?;
        values.extend(environment);
        Ok(Self { values })
    }

    /// The setting's value, or what `default` means. An empty value is no value.
    pub fn value<T>(
        &self,
        name: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<T, ConfigError> {
        parse(self.text(name).unwrap_or(default)).map_err(|problem| wrong(name, problem))
    }

    pub fn optional<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<Option<T>, ConfigError> {
        self.text(name)
            .map(parse)
            .transpose()
            .map_err(|problem| wrong(name, problem))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }
}

fn is_setting(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == name)
}

fn wrong(setting: &str, problem: Problem) -> ConfigError {
    ConfigError::Wrong {
        setting: setting.to_owned(),
        problem: problem.0,
    }
}

fn read_file(named: Option<&String>) -> Result<BTreeMap<String, String>, ConfigError> {
    let path = named.map_or(DEFAULT_FILE, String::as_str);
    let failed = |problem: String| ConfigError::File {
        path: path.to_owned(),
        problem,
    };

    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
            return Ok(BTreeMap::new());
        }
        Err(error) => return Err(failed(error.to_string())),
    };
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| failed(one_line(error.message())))?;

    table
        .into_iter()
        .map(|(key, value)| {
            let name = format!("{PREFIX}{}", key.to_uppercase());
            if key.to_lowercase() != key || name == FILE_SETTING || !is_setting(&name) {
                return Err(failed(format!(
                    "`{key}` is no setting; `diquis help settings` lists them all"
                )));
            }
            let text = as_text(value)
                .ok_or_else(|| failed(format!("`{key}` must be a text, a number or a list")))?;
            Ok((name, text))
        })
        .collect()
}

/// Lists may be written as lists: `retry_delays = ["1s", "5s"]`.
fn as_text(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => items
            .into_iter()
            .map(as_text)
            .collect::<Option<Vec<_>>>()
            .map(|items| items.join(",")),
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
