//! Answers in JSON.

use axum::{
    body::Bytes,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use pixtwin_planning::names::shown_text;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

/// What went wrong, for the page to say.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    words: String,
    /// A word that the page goes by.
    kind: Option<&'static str>,
}

impl Fault {
    pub(super) fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into(), kind: None }
    }

    /// Why there is no picture: an answer like another, for browsers note each of another status as an error of the page.
    pub(super) fn no_picture(kind: &'static str, words: impl Into<String>) -> Self {
        Self { kind: Some(kind), ..Self::new(StatusCode::OK, words) }
    }

    /// What was asked for makes no sense.
    pub(super) fn bad(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    /// There is no such thing.
    pub(super) fn missing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such thing here")
    }

    /// The result that was asked about is no longer the one that is shown.
    pub(super) fn is_over() -> Self {
        Self::new(StatusCode::GONE, "this result is no longer there")
    }

    /// Something else is in the way.
    pub(super) fn busy(words: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, words)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = match self.kind {
            Some(kind) => json!({ "error": self.words, "kind": kind }),
            None => json!({ "error": self.words }),
        };
        (self.status, json_of(&body)).into_response()
    }
}

/// An answer, or what went wrong.
pub(super) type Answer = Result<Response, Fault>;

/// The answer of this value.
#[expect(clippy::unnecessary_wraps, reason = "every handler ends with it")]
pub(super) fn answer(value: &impl Serialize) -> Answer {
    Ok(json_of(value))
}

fn json_of(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What was sent.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Fault> {
    serde_json::from_slice(body)
        .map_err(|cause| Fault::bad(format!("that is not what is asked for here: {}", shown_text(&cause.to_string()))))
}

/// Does something that takes a while away from those who wait for connections.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let failed = |_| Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong in pixtwin itself");
    tokio::task::spawn_blocking(work).await.map_err(failed)
}
