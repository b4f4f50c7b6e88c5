//! What is in a tenant's database, whichever database it is.

use application::ports::{DatabaseLocation, Setting, TenantHome, TenantOwner, TenantRole};
use domain::{Tenant, UserId};
use jiff::Timestamp;

use crate::database::{DatabaseError, Link, Migration, Schema, sql};

/// The tables of a tenant.
pub const TENANT: Schema = Schema {
    // "tenant" in ASCII.
    lock: 0x7465_6e61_6e74,
    migrations: &[Migration {
        postgres: include_str!("../../migrations/postgres/tenant/0001_tenant.sql"),
        sqlite: include_str!("../../migrations/sqlite/tenant/0001_tenant.sql"),
    }],
};

const OWNER: &str = "Owner";

const ROLES: [(&str, &str); 4] = [
    (OWNER, "Runs the organization and may do everything"),
    ("Administrator", "Invites people and changes settings"),
    ("Member", "Works with everything that is not restricted"),
    ("Guest", "Sees what was shared with them"),
];

/// What every tenant starts with. What is there already stays.
pub async fn seed(mut link: Link<'_>, tenant: &Tenant) -> Result<(), DatabaseError> {
    for (position, (name, description)) in (1_i64..).zip(ROLES) {
        sql(
            "INSERT INTO roles (name, description, position) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(description)
        .bind(position)
        .execute(link.reborrow())
        .await?;
    }

    let settings = [
        ("organization.name", tenant.name.as_str()),
        ("organization.slug", tenant.slug.as_str()),
        ("locale", "en"),
        ("time_zone", "UTC"),
        ("week_starts_on", "Monday"),
    ];
    for (key, value) in settings {
        sql("INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(key)
            .bind(value)
            .execute(link.reborrow())
            .await?;
    }
    Ok(())
}

pub async fn create_owner(
    link: Link<'_>,
    owner: &TenantOwner,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    sql(
        "INSERT INTO members (user_id, email, display_name, role, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(owner.user_id.0)
    .bind(owner.email.as_str())
    .bind(owner.display_name.as_str())
    .bind(OWNER)
    .bind(now)
    .execute(link)
    .await?;
    Ok(())
}

pub async fn read_home(
    mut link: Link<'_>,
    database: DatabaseLocation,
) -> Result<TenantHome, DatabaseError> {
    let owner = sql("SELECT * FROM members WHERE role = $1")
        .bind(OWNER)
        .only(link.reborrow())
        .await?;
    let roles = sql("SELECT name, description FROM roles ORDER BY position")
        .all(link.reborrow())
        .await?;
    let settings = sql("SELECT key, value FROM settings ORDER BY key")
        .all(link)
        .await?;

    Ok(TenantHome {
        owner: TenantOwner {
            user_id: UserId(owner.uuid("user_id")?),
            email: owner.parsed("email")?,
            display_name: owner.text("display_name")?,
        },
        roles: roles
            .iter()
            .map(|row| {
                Ok(TenantRole {
                    name: row.text("name")?,
                    description: row.text("description")?,
                })
            })
            .collect::<Result<_, DatabaseError>>()?,
        settings: settings
            .iter()
            .map(|row| {
                Ok(Setting {
                    key: row.text("key")?,
                    value: row.text("value")?,
                })
            })
            .collect::<Result<_, DatabaseError>>()?,
        database,
        created_at: owner.time("created_at")?,
    })
}
