use jiff::Timestamp;
use uuid::Uuid;

/// A parameter of a statement.
#[derive(Debug, Clone)]
pub enum Value {
    Uuid(Option<Uuid>),
    Text(Option<String>),
    Integer(Option<i64>),
    Time(Option<Timestamp>),
    Flag(bool),
}

/// How SQLite keeps a time: text of one length, so that it sorts by time.
pub fn time_as_text(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// PostgreSQL's text holds every character but NUL. A text may quote anything, so it gets the
/// picture of one instead.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

macro_rules! value_from {
    ($($type:ty => $value:ident ($it:ident) $convert:expr),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from($it: $type) -> Self {
                Self::$value(Some($convert))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$value(value.map(|$it| $convert))
            }
        }
    )+};
}

value_from! {
    Uuid => Uuid(it) it,
    &str => Text(it) without_nul(it),
    String => Text(it) without_nul(&it),
    i64 => Integer(it) it,
    u32 => Integer(it) i64::from(it),
    Timestamp => Time(it) it,
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_text_sort_like_times() {
        let earlier = Timestamp::from_millisecond(1_000).expect("in range");
        let later = Timestamp::from_millisecond(1_500).expect("in range");

        assert_eq!(time_as_text(earlier), "1970-01-01T00:00:01.000000Z");
        assert!(time_as_text(earlier) < time_as_text(later));
    }
}
