use std::fmt;

use domain::TenantId;

/// The name of a database, which no statement can take as a parameter. There is no way to make one
/// from what someone typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatabaseName(String);

const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl DatabaseName {
    /// The tenant's database: `t_` and its id in base32.
    pub fn of_tenant(tenant: TenantId) -> Self {
        Self(format!("t_{}", base32(tenant.0.as_u128())))
    }

    /// The database that those of the tenants are copied from.
    pub fn of_template(fingerprint: u128) -> Self {
        Self(format!("template_{}", base32(fingerprint)))
    }

    /// A template that is not finished.
    pub fn of_unfinished_template(fingerprint: u128) -> Self {
        Self(format!("unfinished_{}", base32(fingerprint)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As it stands in a statement: quoted.
impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// 26 characters for 128 bits.
fn base32(number: u128) -> String {
    (0..26)
        .rev()
        .map(|place| {
            let digit = (number >> (place * 5)) & 31;
            char::from(DIGITS[usize::try_from(digit).expect("below 32")])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_an_identifier_whatever_the_id(id: u128) {
            let name = DatabaseName::of_tenant(TenantId(Uuid::from_u128(id)));

            let text = name.as_str().strip_prefix("t_").expect("a prefix");
            prop_assert_eq!(text.len(), 26);
            let is_plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            prop_assert!(is_plain);
            prop_assert_eq!(name.to_string(), format!("\"{}\"", name.as_str()));
        }

        #[test]
        fn two_ids_have_two_names(one: u128, other: u128) {
            prop_assume!(one != other);
            let name = |id| DatabaseName::of_tenant(TenantId(Uuid::from_u128(id)));

            prop_assert_ne!(name(one), name(other));
        }
    }
}
