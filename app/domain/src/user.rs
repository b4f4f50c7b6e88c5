use jiff::Timestamp;

use crate::email_address::EmailAddress;
use crate::ids::{TenantId, UserId};
use crate::role::Role;

/// Someone who can sign in, or will once they have set a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: EmailAddress,
    pub display_name: String,
    pub is_super_admin: bool,
    /// The tenant they own; of several, the first.
    pub tenant_id: Option<TenantId>,
    pub has_password: bool,
    pub created_at: Timestamp,
}

impl User {
    pub fn roles(&self) -> Vec<Role> {
        let admin = self.is_super_admin.then_some(Role::SuperAdmin);
        let owner = self.tenant_id.map(|_| Role::TenantOwner);
        admin.into_iter().chain(owner).collect()
    }

    pub fn has_role(&self, role: Role) -> bool {
        self.roles().contains(&role)
    }
}

/// A name to greet someone by of whom only the address is known: `ada.lovelace@…` is
/// `Ada Lovelace`.
pub fn display_name_from(email: &EmailAddress) -> String {
    email
        .local_part()
        .split(['.', '_', '-', '+'])
        .filter(|word| !word.is_empty())
        .map(capitalised)
        .collect::<Vec<_>>()
        .join(" ")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_made_from_the_address() {
        let name = |email: &str| display_name_from(&email.parse().expect("an address"));

        assert_eq!(name("ada.lovelace@example.org"), "Ada Lovelace");
        assert_eq!(name("ada@example.org"), "Ada");
    }
}
