use domain::{InvalidSlug, Slug};

use crate::App;
use crate::ports::CatalogError;

#[derive(Debug, thiserror::Error)]
pub enum CheckSlugError {
    #[error(transparent)]
    Invalid(#[from] InvalidSlug),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Whether a new tenant can have this slug. A reserved word is well-formed and not available.
pub async fn check_slug(app: &App, slug: &str) -> Result<bool, CheckSlugError> {
    let slug: Slug = match slug.parse() {
        Ok(slug) => slug,
        Err(InvalidSlug::Reserved) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let is_taken = app
        .catalog
        .read()
        .await?
        .tenants()
        .is_slug_taken(&slug)
        .await?;
    Ok(!is_taken)
}
