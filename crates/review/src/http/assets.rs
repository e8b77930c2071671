//! The page itself: files that are part of the program.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// A file of the page: its name, its type, and what is in it.
type Asset = (&'static str, &'static str, &'static [u8]);

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        ($name, $kind, include_bytes!(concat!("../../assets/", $name)))
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const PAGE: Asset = asset!("index.html", HTML);

/// What belongs to it.
const ASSETS: [Asset; 35] = [
    asset!("act.js", SCRIPT),
    asset!("api.js", SCRIPT),
    asset!("decide.js", SCRIPT),
    asset!("dialog.js", SCRIPT),
    asset!("dismissed.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("events.js", SCRIPT),
    asset!("files.js", SCRIPT),
    asset!("filters.js", SCRIPT),
    asset!("gestures.js", SCRIPT),
    asset!("group.js", SCRIPT),
    asset!("help.js", SCRIPT),
    asset!("keys.js", SCRIPT),
    asset!("list.css", CSS),
    asset!("list.js", SCRIPT),
    asset!("main.js", SCRIPT),
    asset!("metadata.js", SCRIPT),
    asset!("notices.js", SCRIPT),
    asset!("pages.js", SCRIPT),
    asset!("pairs.js", SCRIPT),
    asset!("planlines.js", SCRIPT),
    asset!("progress.js", SCRIPT),
    asset!("row.js", SCRIPT),
    asset!("rules.js", SCRIPT),
    asset!("runs.js", SCRIPT),
    asset!("scan.js", SCRIPT),
    asset!("sheet.js", SCRIPT),
    asset!("store.js", SCRIPT),
    asset!("style.css", CSS),
    asset!("thumbs.js", SCRIPT),
    asset!("unread.js", SCRIPT),
    asset!("viewer.js", SCRIPT),
    asset!("views.css", CSS),
    asset!("virtual.js", SCRIPT),
    asset!("words.js", SCRIPT),
];

/// The page.
pub(super) async fn page() -> Response {
    answer(&PAGE)
}

/// A file of the page.
pub(super) async fn asset(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some(asset) => answer(asset),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer((_, kind, bytes): &Asset) -> Response {
    ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "no-cache")], *bytes).into_response()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served_and_no_other() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        let there = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let served: BTreeSet<String> = ASSETS.iter().chain([&PAGE]).map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(served, there.collect::<BTreeSet<_>>());
    }
}
