use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{StatusCode, header};

use crate::cookies::{self, Stay};
use crate::page::Page;
use crate::visit::Visit;
use crate::{Shared, flash, form_token, html};

/// Finds out what pages need to know, runs the handler, and puts the layout around its page.
pub(crate) async fn lay_out(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let counts = shared.storage.counts().await;
    let visit = Visit::of(&parts, &shared, counts.ok());
    parts.extensions.insert(visit.clone());

    let mut response = next.run(Request::from_parts(parts, body)).await;
    let page = response.extensions_mut().remove::<Page>();
    match page {
        Some(page) => with_layout(response, &visit, &page),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let words = "This address does not take requests of this kind. Nothing was changed.";
            let page = Page::explaining(response.status(), "Not allowed", words);
            with_layout(response, &visit, &page)
        }
        None => response,
    }
}

fn with_layout(response: Response, visit: &Visit, page: &Page) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/html; charset=utf-8"),
    );

    let path = visit.mount.cookie_path();
    if visit.session_is_new {
        let cookie = cookies::write(form_token::COOKIE, &visit.session, path, Stay::Session);
        head.headers.append(header::SET_COOKIE, cookie);
    }
    if visit.notice.is_some() {
        let cookie = cookies::write(flash::COOKIE, "", path, Stay::Gone);
        head.headers.append(header::SET_COOKIE, cookie);
    }

    let text = html::layout::page(visit, page).into_string();
    Response::from_parts(head, text.into())
}
