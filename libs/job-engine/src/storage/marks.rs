//! Which of many jobs may have a value at a path of their arguments, told by 128 bits of each: every value
//! at its path sets four of them (a Bloom filter). Jobs whose bits lack one need not be read.

use std::fmt;
use std::ops::BitOrAssign;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{ArgumentTest, Condition, JobQuery, Test};

/// The bits of one value or of many, in two halves as databases have no larger numbers. A storage may keep
/// those of a job's arguments beside it, so that a search reads only the jobs that have all bits of what is
/// looked for. They stay as they are in all versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// The first 64 bits.
    pub low: i64,
    /// The other 64 bits.
    pub high: i64,
}

impl Marks {
    /// Of all values that a job's arguments hold. `None` where they cannot be read as JSON, so any search may find
    /// them.
    pub fn of(arguments: &str) -> Option<Self> {
        let mut marks = Self::default();
        let mut json = serde_json::Deserializer::from_str(arguments);
        let values = Values {
            path: Hash::EMPTY,
            marks: &mut marks,
        };
        values.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(marks)
    }

    /// What a job must have to be found. `None` when marks do not help.
    pub fn needed(query: &JobQuery) -> Option<Self> {
        let of_condition = |condition: &Condition| match &condition.test {
            Test::Argument(test) if !condition.negated => of_test(test),
            _ => None,
        };
        let all = query.conditions.iter().filter_map(of_condition);
        all.reduce(|mut some, more| {
            some |= more;
            some
        })
    }
}

impl BitOrAssign for Marks {
    fn bitor_assign(&mut self, other: Self) {
        self.low |= other.low;
        self.high |= other.high;
    }
}

fn of_test(test: &ArgumentTest) -> Option<Marks> {
    // Only single values are marked, and a database may count positions from the end as well.
    let is_large = test.value.starts_with(['{', '[']);
    let is_odd = |step: &String| {
        step.parse::<i64>()
            .is_ok_and(|n| n.to_string() != *step || n < 0)
    };
    if is_large || test.path.iter().any(is_odd) {
        return None;
    }
    let path = test
        .path
        .iter()
        .fold(Hash::EMPTY, |path, step| path.step(step));
    Some(path.with_text(&test.value))
}

/// FNV-1a: the same in every program and in every year, for it is stored.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// A byte that no text has ends each step.
    fn step(self, name: &str) -> Self {
        self.with(name.as_bytes()).with(&[0xff])
    }

    fn with(self, bytes: &[u8]) -> Self {
        let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, add))
    }

    /// A number however it is written, in quotation marks or not.
    fn with_text(self, text: &str) -> Marks {
        match text.parse() {
            Ok(number) => self.with_number(number),
            Err(_) => self.with(text.as_bytes()).marks(),
        }
    }

    fn with_number(self, number: f64) -> Marks {
        // 0 is -0.
        self.with(&(number + 0.0).to_bits().to_be_bytes()).marks()
    }

    /// Two bits of each half, by 24 bits that depend on all others.
    fn marks(self) -> Marks {
        let mixed = self.0 ^ (self.0 >> 32);
        let bit = |from: u32| 1_i64 << (mixed >> from & 63);
        Marks {
            low: bit(0) | bit(6),
            high: bit(12) | bit(18),
        }
    }
}

/// Marks what lies below the path.
struct Values<'a> {
    path: Hash,
    marks: &'a mut Marks,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.visit_str(if value { "true" } else { "false" })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the text that is looked for loses as much"
    )]
    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the text that is looked for loses as much"
    )]
    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        *self.marks |= self.path.with_number(value);
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        *self.marks |= self.path.with_text(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut position = 0_usize;
        let mut item = || {
            let path = self.path.step(&position.to_string());
            position += 1;
            path
        };
        while let Some(()) = items.next_element_seed(Values {
            path: item(),
            marks: &mut *self.marks,
        })? {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(path) = fields.next_key_seed(Name(self.path))? {
            fields.next_value_seed(Values {
                path,
                marks: &mut *self.marks,
            })?;
        }
        Ok(())
    }
}

/// Reads the name of a field, without a copy where it can be read as it stands.
struct Name(Hash);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Hash;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Hash, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Hash;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Hash, E> {
        Ok(self.0.step(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a job with the arguments is read when the value is looked for.
    fn may_have(arguments: &str, path: &str, value: &str) -> bool {
        let test = ArgumentTest {
            path: path.split(' ').map(str::to_owned).collect(),
            value: value.to_owned(),
        };
        let query = JobQuery {
            conditions: vec![Test::Argument(test).holds()],
            ..JobQuery::default()
        };
        match (Marks::of(arguments), Marks::needed(&query)) {
            (Some(mut marks), Some(needed)) => {
                let before = marks;
                marks |= needed;
                marks == before
            }
            _ => true,
        }
    }

    #[test]
    fn what_arguments_hold_is_never_missed() {
        let arguments = r#"{"user":{"id":123,"na\u006de":"Zo\u00eb"},"tags":["a",["b"]],"vip":true,
            "size":1.50,"zip":"0123","large":9007199254740993,"odd":1e2,"minus":-0.0,"":"nameless"}"#;
        for (path, value) in [
            ("user id", "123"),
            ("user name", "Zoë"),
            ("tags 0", "a"),
            ("tags 1 0", "b"),
            ("vip", "true"),
            ("size", "1.50"),
            ("size", "1.5"),
            ("zip", "0123"),
            ("large", "9007199254740993"),
            ("odd", "100"),
            ("minus", "0"),
            ("", "nameless"),
        ] {
            assert!(may_have(arguments, path, value), "{path}: {value}");
        }
    }

    #[test]
    fn most_others_are_not_read() {
        let read = (0..1000).filter(|id| {
            let arguments = format!(r#"{{"user":{{"id":{id},"name":"user {id}"}},"locale":"de"}}"#);
            may_have(&arguments, "user id", "4711")
        });
        assert!(read.count() < 5);
    }

    #[test]
    fn what_only_a_database_can_compare_is_read() {
        let arguments = r#"{"items":[{"a":1},2]}"#;
        for (path, value) in [
            ("items", r#"[{"a": 1}, 2]"#),
            ("items 0", r#"{"a": 1}"#),
            ("items -1", "2"),
            ("items +1", "2"),
            ("items 01", "2"),
        ] {
            assert!(may_have(arguments, path, value), "{path}: {value}");
        }
    }

    #[test]
    fn arguments_that_are_no_json_are_read() {
        for odd in ["", "{", "{} {}", "1e999", "{'a':1}"] {
            assert_eq!(Marks::of(odd), None, "{odd}");
        }
        assert_eq!(Marks::of("{}"), Some(Marks::default()));
    }
}
