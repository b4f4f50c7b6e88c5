use domain::{EmailAddress, Origin, Slug, Status, Steps, Tenant, TenantId, TenantName};
use job_engine::JobId;

use crate::{App, InvalidFields};

/// A tenant that someone asks for, whether from the inside or from the public page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRequest {
    pub name: TenantName,
    pub slug: Slug,
    pub admin_email: EmailAddress,
}

/// What the fields are called in the request.
pub struct FieldNames {
    pub name: &'static str,
    pub slug: &'static str,
    pub email: &'static str,
}

pub const REGISTER_FIELDS: FieldNames = FieldNames {
    name: "name",
    slug: "slug",
    email: "adminEmail",
};

pub const SIGN_UP_FIELDS: FieldNames = FieldNames {
    name: "organization",
    slug: "slug",
    email: "email",
};

impl TenantRequest {
    /// Parses every field, so that all that is wrong is said at once.
    pub fn parse(
        fields: &FieldNames,
        name: &str,
        slug: Option<&str>,
        email: &str,
    ) -> Result<Self, InvalidFields> {
        let mut invalid = InvalidFields::default();
        let name: Option<TenantName> = invalid.take(fields.name, name.parse());
        let email = invalid.take(fields.email, email.parse());
        let given = slug.map(str::trim).filter(|slug| !slug.is_empty());
        let slug = match (given, &name) {
            (Some(slug), _) => invalid.take(fields.slug, slug.parse()),
            (None, Some(name)) => invalid.take(fields.slug, Slug::from_name(name)),
            (None, None) => None,
        };

        match (name, slug, email) {
            (Some(name), Some(slug), Some(admin_email)) => Ok(Self {
                name,
                slug,
                admin_email,
            }),
            _ => Err(invalid),
        }
    }
}

/// The record of a tenant that waits for its job.
pub fn waiting_tenant(
    app: &App,
    id: TenantId,
    request: TenantRequest,
    origin: Origin,
    job: JobId,
) -> Tenant {
    let now = app.clock.now();
    Tenant {
        id,
        slug: request.slug,
        name: request.name,
        admin_email: request.admin_email,
        origin,
        status: Status::Pending,
        error: None,
        steps: Steps::default(),
        job_id: job.0,
        attempt: 0,
        max_attempts: app.settings.job_attempts,
        next_attempt_at: None,
        round: 0,
        version: 1,
        created_at: now,
        updated_at: now,
        activated_at: None,
    }
}
