//! What can be asked for. The table here is the whole of it.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::Semaphore, time::timeout};

use super::{
    answer::{Answer, Fault, answer, aside, read},
    assets, events,
    gate::{Gate, near_host_of},
    limits, pictures, work,
};
use crate::desk::{
    Desk,
    lists::{self, Asked},
    table::Table,
    view,
};

/// What every answer is made of.
pub(crate) struct Shared {
    pub(super) gate: Gate,
    pub(crate) desk: Desk,
    address: SocketAddr,
    /// Who decodes pictures at once.
    pub(super) decoding: Semaphore,
    /// Who looks at a pair.
    pub(super) looking: Semaphore,
    /// Who is told of progress.
    pub(super) listening: Arc<Semaphore>,
}

pub(super) type Here = State<Arc<Shared>>;

impl Shared {
    pub(super) fn new(gate: Gate, desk: Desk, address: SocketAddr) -> Self {
        let decoding = Semaphore::new(desk.setting.engine.threads.max(1));
        Self {
            gate,
            desk,
            address,
            decoding,
            looking: Semaphore::new(1),
            listening: Arc::new(Semaphore::new(limits::MOST_LISTENERS)),
        }
    }

    /// The tunnel by which another host reaches this one.
    pub(super) fn ssh_line(&self) -> String {
        let (port, host) = (self.address.port(), pixtwin_actions::plan::this_host());
        let far = near_host_of(self.address.ip());
        format!("ssh -N -L {port}:{far}:{port} {host}")
    }

    /// The result with this number.
    pub(super) fn table(&self, number: u64) -> Result<Arc<Table>, Fault> {
        self.desk.table().filter(|table| table.number == number).ok_or_else(Fault::is_over)
    }
}

/// All answers.
pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let results = Router::new()
        .route("/list", post(new_list))
        .route("/list/{list}", get(list))
        .route("/unread", get(unread))
        .route("/dismissed", get(work::dismissed))
        .route("/group/{group}", get(group))
        .route("/group/{group}/metadata", get(pictures::metadata))
        .route("/difference/{a}/{b}", get(pictures::difference))
        .route("/thumb/{file}", get(pictures::thumbnail))
        .route("/picture/{file}", get(pictures::picture))
        .route("/choose", post(work::choose))
        .route("/rules", post(work::rules))
        .route("/clear", post(work::clear))
        .route("/differ", post(work::differ))
        .route("/differ/undo", post(work::same_after_all))
        .route("/plan", post(work::make_plan))
        .route("/plan/{plan}", get(work::plan))
        .route("/pair", post(work::look_at_pair))
        .route("/apply", post(work::apply));
    let api = Router::new()
        .route("/session", get(session).post(begin_session))
        .route("/state", get(state))
        .route("/events", get(events::events))
        .route("/runs", get(work::runs))
        .route("/undo", post(work::undo))
        .route("/scan", post(work::scan))
        .route("/stop", post(work::stop))
        .route("/job/{job}", get(work::job))
        .nest("/r/{result}", results);
    Router::new()
        .route("/", get(assets::page))
        .route("/assets/{name}", get(assets::asset))
        .nest("/api", api)
        .fallback(async || Fault::missing())
        .with_state(Arc::clone(shared))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), guard))
}

/// Lets nobody through whom the gate does not know, reads what was sent, and marks every answer.
async fn guard(State(shared): Here, request: Request, next: Next) -> Response {
    let mut response = match shared.gate.judge(request.method(), request.uri(), request.headers()) {
        Ok(()) => match received(request).await {
            Ok(request) => in_json(next.run(request).await),
            Err(fault) => close(fault.into_response()),
        },
        // What was sent with it is not read.
        Err(refusal) => close(Fault::new(refusal.0, refusal.1).into_response()),
    };
    let headers = response.headers_mut();
    for (name, value) in MARKS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// What the table of routes refuses is said like everything else.
fn in_json(response: Response) -> Response {
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    match response.status().is_client_error() && !is_json {
        true => Fault::new(response.status(), "that cannot be asked for here").into_response(),
        false => response,
    }
}

/// What browsers may do with answers: run and show what is from here, and nothing else.
const MARKS: [(header::HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; \
         font-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

fn close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The request with all of its body, which is small and comes soon.
async fn received(request: Request) -> Result<Request, Fault> {
    if request.method() != Method::POST {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    match timeout(limits::BODY_WITHIN, to_bytes(body, limits::BODY_BYTES)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(_)) => Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "that is more than is asked for here")),
        Err(_) => Err(Fault::new(StatusCode::REQUEST_TIMEOUT, "what was sent did not arrive in time")),
    }
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

async fn begin_session(State(shared): Here, body: Bytes) -> Answer {
    let Token { token } = read(&body)?;
    if !shared.gate.token.is(&token) {
        return Err(Fault::new(StatusCode::UNAUTHORIZED, "open the address that pixtwin printed"));
    }
    let (name, secret) = (shared.gate.cookie(), shared.gate.session.text());
    let cookie = format!("{name}={secret}; HttpOnly; SameSite=Strict; Path=/");
    let mut response = session(State(shared)).await?;
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn session(State(shared): Here) -> Answer {
    answer(&json!({ "csrf": shared.gate.csrf.text(), "version": env!("CARGO_PKG_VERSION") }))
}

async fn state(State(shared): Here) -> Answer {
    aside(move || {
        let mut shown = shared.desk.state_shown();
        if let Some(object) = shown.as_object_mut() {
            object.insert("ssh".to_owned(), shared.ssh_line().into());
        }
        answer(&shown)
    })
    .await?
}

async fn new_list(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, asked) = (shared.table(result)?, read::<Asked>(&body)?);
    aside(move || answer(&lists::list(&table, &asked))).await?
}

/// A part of a list.
#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    pub(super) from: usize,
    #[serde(default = "most_rows")]
    count: usize,
}

/// As much of a list is sent at once.
const fn most_rows() -> usize {
    200
}

impl Part {
    pub(super) fn count(&self) -> usize {
        self.count.min(most_rows())
    }
}

async fn list(State(shared): Here, Path((result, list)): Path<(u64, u64)>, Query(part): Query<Part>) -> Answer {
    let table = shared.table(result)?;
    aside(move || {
        let state = table.lock();
        let groups = state.lists.get(list).ok_or_else(Fault::missing)?;
        let rows = groups.iter().skip(part.from).take(part.count());
        let rows: Vec<_> = rows.filter_map(|group| view::row(&table, &state, *group)).collect();
        answer(&json!({ "from": part.from, "groups": rows }))
    })
    .await?
}

async fn unread(State(shared): Here, Path(result): Path<u64>, Query(part): Query<Part>) -> Answer {
    answer(&view::unread_shown(&*shared.table(result)?, part.from, part.count()))
}

async fn group(State(shared): Here, Path((result, group)): Path<(u64, usize)>) -> Answer {
    let table = shared.table(result)?;
    aside(move || answer(&view::group(&table, group).ok_or_else(Fault::missing)?)).await?
}
