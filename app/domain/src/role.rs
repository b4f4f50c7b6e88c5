use std::fmt;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Creates tenants and watches over the jobs.
    SuperAdmin,
    /// Owns a tenant.
    TenantOwner,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::SuperAdmin => "SuperAdmin",
            Self::TenantOwner => "TenantOwner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
