//! Results as one page.

use std::{
    io::{self, Write},
    num::NonZeroUsize,
};

use pixtwin_engine::{Sets, Tier, Unread};
use pixtwin_review::{FolderCount, HtmlReport, Means, Pictures, ReportAbout, ReportEnd};

use crate::{
    args::{Common, Pixels},
    exit::Stop,
    report::{Totals, folders::Folders},
};

/// The head of the page. Thumbnails are made with the memory and on the threads of the search, which has ended by then.
pub(crate) fn begin<'a>(
    out: &mut dyn Write,
    common: &Common,
    tier: Tier,
    sets: Option<&'a Sets>,
    thumbnails: usize,
) -> io::Result<HtmlReport<'a>> {
    let settings = common.settings(tier, &Pixels::default());
    let threads = NonZeroUsize::new(settings.threads).unwrap_or(NonZeroUsize::MIN);
    let pictures = Pictures::new(Means::new(settings.memory_bytes, threads.get()));
    let host = Some(pixtwin_actions::plan::this_host());
    HtmlReport::begin(out, ReportAbout { tier, sets, host, thumbnails, threads }, pictures)
}

/// The end of the page.
pub(crate) fn end(
    out: &mut dyn Write,
    page: HtmlReport<'_>,
    summary: &str,
    totals: &Totals<'_>,
    (unread, folders): (&[Unread], Option<&Folders<'_>>),
) -> Result<(), Stop> {
    let cut = totals.cut.map(ToString::to_string);
    let folders: Vec<FolderCount<'_>> = folders
        .into_iter()
        .flat_map(Folders::iter)
        .map(|folder| FolderCount { path: folder.path, host: folder.host, set: folder.set, files: folder.crossing })
        .collect();
    Ok(page.end(out, &ReportEnd { summary, cut: cut.as_deref(), unread, folders: &folders })?)
}
