//! Pictures for the page, all of them encoded by this program.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use pixtwin_engine::{Nearness, Turn};
use pixtwin_planning::FoundFile;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{self, Answer, Fault, aside},
    routes::{Here, Shared},
};
use crate::{
    desk::table::{FileId, GroupId, Table},
    picture::{Encoded, Named, ShowError},
};

/// Width and height of the whole picture, as shown.
const SIZE_HEADER: HeaderName = HeaderName::from_static("x-pixtwin-size");

/// How many pixels differ, and by how much each channel does at most.
const PIXELS_HEADER: HeaderName = HeaderName::from_static("x-pixtwin-pixels");
const LARGEST_HEADER: HeaderName = HeaderName::from_static("x-pixtwin-largest");

/// The sides that are sent at most, and where nothing is said, in pixels.
const LONGEST_SIDE: u32 = 16384;
const USUAL_SIDE: u32 = 2048;

/// A small picture of a file.
pub(super) async fn thumbnail(State(shared): Here, Path((result, file)): Path<(u64, FileId)>) -> Answer {
    // Browsers keep none: another result, or another run, has other files by these numbers.
    Ok(answer(decode(&shared, result, file, |shared, named| shared.desk.pictures.thumbnail(named)).await?))
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

/// How a difference is wanted.
#[derive(Deserialize)]
pub(super) struct Amplified {
    amplify: Option<u8>,
    side: Option<u32>,
}

/// The exact difference of the stored pixels of two files.
pub(super) async fn difference(
    State(shared): Here,
    Path((result, a, b)): Path<(u64, FileId, FileId)>,
    Query(Amplified { amplify, side }): Query<Amplified>,
) -> Answer {
    let table = shared.table(result)?;
    let turn = turn_between(table.file(a).ok_or_else(Fault::missing)?, table.file(b).ok_or_else(Fault::missing)?);
    let how = (side.unwrap_or(USUAL_SIDE).clamp(1, LONGEST_SIDE), amplify.unwrap_or(1).max(1));
    let second = here(&table, b)?.path().to_owned();
    let bytes = here(&table, b)?.bytes;
    let (encoded, found) = decode(&shared, result, a, move |shared, first| {
        shared.desk.pictures.difference((first, Named { path: &second, bytes }), turn, how)
    })
    .await?;
    let mut response = answer(encoded);
    // As people count, of 255; what is less than one is not nothing.
    let largest = found.largest.map(|largest| largest.div_ceil(257).to_string()).join(",");
    for (name, value) in [(PIXELS_HEADER, found.pixels.to_string()), (LARGEST_HEADER, largest)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// The turn that makes the second file the first, where both are turned copies of the first of their group.
fn turn_between(a: &FoundFile, b: &FoundFile) -> Turn {
    let to_first = |file: &FoundFile| match file.nearness {
        Some(Nearness::Turned { turn, .. }) => Turn::from_exif(turn.into()).unwrap_or_default(),
        _ => Turn::None,
    };
    to_first(b).then(to_first(a).inverse())
}

/// As many files are told of at once.
const MOST_TOLD: usize = 60;

/// What the files of a group hold beside their pixels, side by side: the first of them, if they are many.
pub(super) async fn metadata(State(shared): Here, Path((result, group)): Path<(u64, GroupId)>) -> Answer {
    let table = shared.table(result)?;
    let _turn = shared.decoding.acquire().await.map_err(|_| Fault::busy("pixtwin is ending"))?;
    let shared = Arc::clone(&shared);
    aside(move || {
        let (found, _) = table.remaining(&table.lock(), group).ok_or_else(Fault::missing)?;
        let files: Vec<Named<'_>> = found.files.iter().take(MOST_TOLD).map(named).collect();
        let (rows, errors) = shared.desk.pictures.beside(&files);
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|row| json!({ "name": row.name, "differs": row.differs, "values": row.values }))
            .collect();
        let errors = errors.iter().zip(&found.files).map(|(error, file)| match file.is_here {
            true => error.as_ref().map(ToString::to_string),
            false => Some("it lies on another host".to_owned()),
        });
        answer::answer(&json!({ "names": rows, "errors": errors.collect::<Vec<_>>() }))
    })
    .await?
}

/// A file, as far as it lies here; elsewhere there may be another of the name.
fn named(file: &FoundFile) -> Named<'_> {
    Named { path: if file.is_here { file.path() } else { std::path::Path::new("") }, bytes: file.bytes }
}

/// A file of a result that lies on this host.
fn here(table: &Table, file: FileId) -> Result<&FoundFile, Fault> {
    let found = table.file(file).ok_or_else(Fault::missing)?;
    if !found.is_here {
        let host = found.host.as_deref().unwrap_or("another host");
        return Err(Fault::no_picture("elsewhere", format!("it lies on {host}")));
    }
    Ok(found)
}

/// Decodes a file of a result, where it is its turn.
async fn decode<T: Send + 'static>(
    shared: &Arc<Shared>,
    result: u64,
    file: FileId,
    look: impl FnOnce(&Shared, Named<'_>) -> Result<T, ShowError> + Send + 'static,
) -> Result<T, Fault> {
    let table = shared.table(result)?;
    here(&table, file)?;
    // Who goes away while waiting is not decoded for.
    let _turn = shared.decoding.acquire().await.map_err(|_| Fault::busy("pixtwin is ending"))?;
    let shared = Arc::clone(shared);
    let looked = aside(move || {
        let Some(found) = table.file(file) else { return Err(ShowError::Gone("it is gone".to_owned())) };
        look(&shared, named(found))
    });
    looked.await?.map_err(|cause| fault(&cause))
}

fn fault(cause: &ShowError) -> Fault {
    Fault::no_picture(cause.kind(), cause.to_string())
}

fn answer(encoded: Encoded) -> Response {
    let size = format!("{}x{}", encoded.whole.0, encoded.whole.1);
    let mut response = ([(header::CONTENT_TYPE, encoded.media_type)], encoded.bytes).into_response();
    if let Ok(size) = HeaderValue::try_from(size) {
        response.headers_mut().insert(SIZE_HEADER, size);
    }
    response
}
