//! Pictures for the page, all of them encoded by this program.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pixtwin_engine::Turn;
use serde::Deserialize;

use super::{
    answer::{Answer, Fault, aside},
    routes::{Here, Shared},
};
use crate::{
    desk::table::FileId,
    picture::{Encoded, Named, ShowError},
};

/// Width and height of the whole picture, as shown.
const SIZE_HEADER: HeaderName = HeaderName::from_static("x-pixtwin-size");

/// The sides that are sent at most, and where nothing is said, in pixels.
const LONGEST_SIDE: u32 = 16384;
const USUAL_SIDE: u32 = 2048;

/// A small picture of a file.
pub(super) async fn thumbnail(State(shared): Here, Path((result, file)): Path<(u64, FileId)>) -> Answer {
    let encoded = decode(&shared, result, file, |shared, named| shared.desk.pictures.thumbnail(named)).await?;
    let mut response = answer(encoded);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    Ok(response)
}

/// How a picture is wanted.
#[derive(Deserialize)]
pub(super) struct Wanted {
    side: Option<u32>,
    /// The EXIF number of a turn of the stored picture; else it is turned as viewers turn it.
    turn: Option<u32>,
}

/// A picture of a file, large enough to look at.
pub(super) async fn picture(
    State(shared): Here,
    Path((result, file)): Path<(u64, FileId)>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let side = wanted.side.unwrap_or(USUAL_SIDE).clamp(1, LONGEST_SIDE);
    let turn = wanted.turn.map(|turn| Turn::from_exif(turn).ok_or_else(|| Fault::bad("there is no such turn")));
    let turn = turn.transpose()?;
    Ok(answer(
        decode(&shared, result, file, move |shared, named| shared.desk.pictures.picture(named, side, turn)).await?,
    ))
}

/// Decodes a file of a result, where it is its turn.
async fn decode<T: Send + 'static>(
    shared: &Arc<Shared>,
    result: u64,
    file: FileId,
    look: impl FnOnce(&Shared, Named<'_>) -> Result<T, ShowError> + Send + 'static,
) -> Result<T, Fault> {
    let table = shared.table(result)?;
    let found = table.file(file).ok_or_else(Fault::missing)?;
    if !found.is_here {
        let host = found.host.as_deref().unwrap_or("another host");
        return Err(Fault::new(StatusCode::NOT_FOUND, format!("it lies on {host}")).of_kind("elsewhere"));
    }
    // Who goes away while waiting is not decoded for.
    let _turn = shared.decoding.acquire().await.map_err(|_| Fault::busy("pixtwin is ending"))?;
    let shared = Arc::clone(shared);
    let looked = aside(move || {
        let Some(found) = table.file(file) else { return Err(ShowError::Gone("it is gone".to_owned())) };
        look(&shared, Named { path: found.path(), bytes: found.bytes })
    });
    looked.await?.map_err(|cause| fault(&cause))
}

fn fault(cause: &ShowError) -> Fault {
    let status = match cause.kind() {
        "gone" => StatusCode::NOT_FOUND,
        "slow" => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    };
    Fault::new(status, cause.to_string()).of_kind(cause.kind())
}

fn answer(encoded: Encoded) -> Response {
    let size = format!("{}x{}", encoded.whole.0, encoded.whole.1);
    let mut response = ([(header::CONTENT_TYPE, encoded.media_type)], encoded.bytes).into_response();
    if let Ok(size) = HeaderValue::try_from(size) {
        response.headers_mut().insert(SIZE_HEADER, size);
    }
    response
}
