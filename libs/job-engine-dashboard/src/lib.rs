#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod access;
mod acting;
mod actions;
mod addresses;
mod assets;
mod cookies;
mod diagnosis;
mod filters;
mod flash;
mod form_token;
mod frame;
mod headers;
mod html;
mod lists;
mod live;
mod mount;
mod notice;
mod options;
mod page;
mod pages;
mod relatives;
mod search;
mod seen;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use job_engine::Storage;
use tower_http::csrf::CsrfLayer;

pub use access::{Access, DashboardAccess, Permission};
pub use diagnosis::{Finding, Gravity, findings};
pub use options::DashboardOptions;
pub use relatives::{Relative, Relatives};
pub use search::parse_search;

use access::Gatekeeper;
use form_token::FormTokens;
use live::Live;

/// The most that a form may send: 1000 ticked rows and some air.
const FORM_LIMIT_BYTES: usize = 256 * 1024;

/// The dashboard of `storage`, open to whom `access` lets in, with the default
/// [`DashboardOptions`].
///
/// Mount it with [`Router::nest`] under any path, or [`Router::merge`] it into the root.
pub fn dashboard(storage: Arc<dyn Storage>, access: impl DashboardAccess) -> Router {
    dashboard_with(storage, access, DashboardOptions::default())
}

/// The dashboard with options.
pub fn dashboard_with(
    storage: Arc<dyn Storage>,
    access: impl DashboardAccess,
    options: DashboardOptions,
) -> Router {
    let shared = Shared {
        form_tokens: FormTokens::new(options.form_key),
        live: Arc::new(Live::new(Arc::clone(&storage), &options)),
        access: Arc::new(access),
        options: Arc::new(options),
        storage,
    };

    // From the inside to the outside: nothing is refused for its origin or its path before its
    // sender was let in, and every answer gets the headers.
    with_pages(&shared)
        .merge(without_layout())
        .layer(CsrfLayer::new().with_rejection_response(page::cross_site))
        .layer(from_fn_with_state(shared.clone(), access::admit))
        .layer(from_fn(headers::secure))
        .with_state(shared)
}

/// Every URL with a page, and every action.
fn with_pages(shared: &Shared) -> Router<Shared> {
    Router::new()
        .route("/", get(pages::overview::show))
        .route("/jobs", get(pages::job_list::all))
        .route("/jobs/{list}", get(pages::job_list::in_state))
        .route("/retries", get(pages::job_list::retries))
        .route("/jobs/details/{job}", get(pages::job::show))
        .route("/jobs/details/{job}/copy", get(pages::copy::ask))
        .route("/jobs/copies/{job}", post(acting::copies::enqueue))
        .route("/errors", get(pages::errors::show))
        .route(
            "/operations",
            get(pages::operations::list).post(acting::many::begin),
        )
        .route("/operations/new", get(pages::operations::ask))
        .route("/operations/{operation}", get(pages::operations::one))
        .route("/operations/{operation}/stop", post(acting::many::stop))
        .route("/audit", get(pages::audit::show))
        .route("/audit/{file}", get(pages::audit::export))
        .route("/queues", get(pages::queues::show))
        .route("/queues/{queue}", get(pages::queues::one::show))
        .route("/queues/actions/{action}", post(acting::queues::on_queue))
        .route("/batches", get(pages::batches::list))
        .route("/batches/{batch}", get(pages::batches::one))
        .route("/kinds", get(pages::kinds::show))
        .route("/servers", get(pages::servers::show))
        .route(
            "/servers/actions/{action}",
            post(acting::servers::on_server),
        )
        .route("/recurring", get(pages::recurring::list))
        .route("/recurring/{id}", get(pages::recurring::one::show))
        .route(
            "/recurring/{action}/{id}",
            post(acting::recurring::on_recurring),
        )
        .route("/jobs/actions/{action}", post(acting::on_ticked))
        .route("/jobs/actions/{action}/{job}", post(acting::on_one))
        .route("/theme", post(acting::choose_theme))
        .fallback(page::no_such_page)
        .layer(DefaultBodyLimit::max(FORM_LIMIT_BYTES))
        .layer(from_fn_with_state(shared.clone(), frame::lay_out))
}

fn without_layout() -> Router<Shared> {
    Router::new()
        .route("/assets/{file}", get(assets::send))
        .route("/events", get(live::stream))
}

/// What every request can reach.
#[derive(Clone)]
struct Shared {
    storage: Arc<dyn Storage>,
    access: Arc<dyn Gatekeeper>,
    options: Arc<DashboardOptions>,
    form_tokens: FormTokens,
    live: Arc<Live>,
}
