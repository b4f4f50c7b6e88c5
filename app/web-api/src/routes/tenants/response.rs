use domain::{Origin, Status, StepProgress, Tenant};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tenant whose provisioning goes on in the background.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AcceptedTenant)]
pub struct AcceptedTenantResponse {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: TenantStatus,
    pub job_id: Uuid,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tenant)]
pub struct TenantResponse {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub admin_email: String,
    pub status: TenantStatus,
    /// Why the last attempt failed.
    #[schema(required)]
    pub error: Option<String>,
    pub steps: Vec<StepResponse>,
    pub job_id: Uuid,
    /// Which attempt was started last; 0 before the first.
    pub attempt: u32,
    pub max_attempts: u32,
    /// When it is tried again by itself.
    #[schema(required)]
    pub next_attempt_at: Option<Timestamp>,
    pub origin: TenantOrigin,
    /// Rises with each change.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[schema(required)]
    pub activated_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TenantStatus {
    Pending,
    Provisioning,
    Active,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TenantOrigin {
    Admin,
    SignUp,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantStep)]
pub struct StepResponse {
    /// For example `create_database`.
    pub key: String,
    /// For example `Create database`.
    pub title: String,
    pub state: StepState,
    #[schema(required)]
    pub started_at: Option<Timestamp>,
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TenantStepState)]
pub enum StepState {
    Waiting,
    Running,
    Done,
    Failed,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantPage)]
pub struct TenantPageResponse {
    pub items: Vec<TenantResponse>,
    pub page: u32,
    pub page_size: u32,
    /// Of all pages.
    pub total: u64,
}

impl From<Tenant> for AcceptedTenantResponse {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id.0,
            slug: tenant.slug.to_string(),
            name: tenant.name.to_string(),
            status: tenant.status.into(),
            job_id: tenant.job_id,
        }
    }
}

impl From<Tenant> for TenantResponse {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id.0,
            slug: tenant.slug.to_string(),
            name: tenant.name.to_string(),
            admin_email: tenant.admin_email.to_string(),
            status: tenant.status.into(),
            error: tenant.error,
            steps: tenant.steps.iter().map(Into::into).collect(),
            job_id: tenant.job_id,
            attempt: tenant.attempt,
            max_attempts: tenant.max_attempts,
            next_attempt_at: tenant.next_attempt_at,
            origin: match tenant.origin {
                Origin::Admin { .. } => TenantOrigin::Admin,
                Origin::SignUp => TenantOrigin::SignUp,
            },
            version: tenant.version,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
            activated_at: tenant.activated_at,
        }
    }
}

impl From<&StepProgress> for StepResponse {
    fn from(progress: &StepProgress) -> Self {
        Self {
            key: progress.step.key().to_owned(),
            title: progress.step.title().to_owned(),
            state: match progress.state {
                domain::StepState::Waiting => StepState::Waiting,
                domain::StepState::Running { .. } => StepState::Running,
                domain::StepState::Done { .. } => StepState::Done,
                domain::StepState::Failed { .. } => StepState::Failed,
            },
            started_at: progress.state.started_at(),
            finished_at: progress.state.finished_at(),
        }
    }
}

impl From<Status> for TenantStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Provisioning => Self::Provisioning,
            Status::Active => Self::Active,
            Status::Failed => Self::Failed,
        }
    }
}

impl From<TenantStatus> for Status {
    fn from(status: TenantStatus) -> Self {
        match status {
            TenantStatus::Pending => Self::Pending,
            TenantStatus::Provisioning => Self::Provisioning,
            TenantStatus::Active => Self::Active,
            TenantStatus::Failed => Self::Failed,
        }
    }
}
