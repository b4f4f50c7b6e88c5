//! An object of types that JSON and MessagePack write in different ways.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ComplexObject {
    string: String,
    int_array: Vec<i32>,
    byte_array: ByteArray,
    guid: String,
    date_time: DateTime,
}

impl ComplexObject {
    pub fn sample() -> Self {
        Self {
            string: "hello world".to_owned(),
            int_array: vec![1, 2, 3],
            byte_array: ByteArray(Bytes::from_static(&[1, 2, 3])),
            guid: "00010203-0405-0607-0706-050403020100".to_owned(),
            date_time: DateTime("2000-01-01T00:00:00Z".parse().expect("a time")),
        }
    }
}

/// Base64 in JSON, bytes in MessagePack.
struct ByteArray(Bytes);

impl Serialize for ByteArray {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&STANDARD.encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for ByteArray {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Bytes::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

/// Text in JSON, the timestamp extension in MessagePack.
struct DateTime(Timestamp);

/// The timestamp extension of MessagePack.
const TIMESTAMP: i8 = -1;

#[derive(Serialize, Deserialize)]
#[serde(rename = "_ExtStruct")]
struct Extension((i8, Bytes));

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(&self.0);
        }
        let nanoseconds = u64::try_from(self.0.subsec_nanosecond()).unwrap_or(0);
        let seconds = u64::try_from(self.0.as_second()).unwrap_or(0);
        let packed = nanoseconds << 34 | seconds;
        let bytes = Bytes::copy_from_slice(&packed.to_be_bytes());
        Extension((TIMESTAMP, bytes)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_str(TimeText).map(Self);
        }
        let Extension((kind, bytes)) = Extension::deserialize(deserializer)?;
        if kind != TIMESTAMP {
            return Err(de::Error::custom("not a timestamp"));
        }
        let (seconds, nanoseconds) =
            unpack(&bytes).ok_or_else(|| de::Error::custom("a wrong timestamp"))?;
        Timestamp::new(seconds, nanoseconds)
            .map(Self)
            .map_err(de::Error::custom)
    }
}

fn unpack(bytes: &[u8]) -> Option<(i64, i32)> {
    match *bytes {
        [a, b, c, d] => Some((u32::from_be_bytes([a, b, c, d]).into(), 0)),
        [_, _, _, _, _, _, _, _] => {
            let packed = u64::from_be_bytes(bytes.try_into().ok()?);
            let seconds = packed & 0x3_ffff_ffff;
            Some((seconds.cast_signed(), i32::try_from(packed >> 34).ok()?))
        }
        [a, b, c, d, ref seconds @ ..] => {
            let nanoseconds = i32::from_be_bytes([a, b, c, d]);
            Some((i64::from_be_bytes(seconds.try_into().ok()?), nanoseconds))
        }
        _ => None,
    }
}

struct TimeText;

impl Visitor<'_> for TimeText {
    type Value = Timestamp;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time such as 2000-01-01T00:00:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}
