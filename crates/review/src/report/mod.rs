//! The report of a scan as one page: thumbnails inside, no script, and nothing that is fetched from anywhere.
//!
//! It is written as the groups come, so that its memory does not grow with them.

mod escape;

mod tiles;

use std::{
    ffi::OsStr,
    fmt::{self, Display, Formatter},
    io::{self, Write},
    num::NonZeroUsize,
    path::Path,
};

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use pixtwin_engine::{Group, Member, Proof, Sets, Tier, Unread};
use pixtwin_planning::{
    nearness::ties,
    size::{counted, shown},
};

use crate::picture::Pictures;
use escape::{Escaped, PathOf};
use tiles::{Tile, Tiles};

/// How many thumbnails a report has at most, unless it is said otherwise.
pub const DEFAULT_THUMBNAILS: usize = 2000;

const STYLE: &str = include_str!("report.css");

/// SHA-256 of the style in base64: no other style is obeyed.
const STYLE_HASH: &str = "IeKj0J/uzS2dzPN3VtCEoc4tTLnG6DlxsNMhhc1ChZM=";

/// What a report is about.
#[derive(Clone, Debug)]
pub struct ReportAbout<'a> {
    /// How much had to be equal.
    pub tier: Tier,
    /// The sets that were held against each other, if there are any.
    pub sets: Option<&'a Sets>,
    /// The host that writes the report, where files have hosts.
    pub host: Option<String>,
    /// How many thumbnails it has at most.
    pub thumbnails: usize,
    /// How many of them are made at once.
    pub threads: NonZeroUsize,
}

/// How a report ends.
pub struct ReportEnd<'a> {
    /// What a run says at its end: some lines.
    pub summary: &'a str,
    /// Why the result is not complete, if it is not.
    pub cut: Option<&'a str>,
    /// The files that were not compared.
    pub unread: &'a [Unread],
    /// With sets, how many files of each folder have a twin in another set.
    pub folders: &'a [FolderCount<'a>],
}

/// A folder, and how many of its files have a twin in another set.
#[derive(Clone, Copy, Debug)]
pub struct FolderCount<'a> {
    /// The folder.
    pub path: &'a Path,
    /// The host it lies on, if the run has several.
    pub host: Option<&'a str>,
    /// The name of the set.
    pub set: &'a OsStr,
    /// How many.
    pub files: u64,
}

/// Writes a report as a page, part by part: [`HtmlReport::begin`], the groups in their order, [`HtmlReport::end`].
pub struct HtmlReport<'a> {
    sets: Option<&'a Sets>,
    thumbnails: usize,
    tiles: Tiles,
    groups: u64,
}

impl<'a> HtmlReport<'a> {
    /// Writes the head of the page.
    ///
    /// # Errors
    /// What writing says.
    pub fn begin(out: &mut dyn Write, about: ReportAbout<'a>, pictures: Pictures) -> io::Result<Self> {
        let ReportAbout { tier, sets, host, thumbnails, threads } = about;
        let what = title(tier);
        write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
             style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{what} - pixtwin</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{what}</h1>\n\
             <p class=\"faint\">Written by pixtwin {}. The totals are in the <a href=\"#summary\">summary</a> at the end.</p>\n\
             <p class=\"warn open\">This file has no end: it was cut off, or is still being written.</p>\n\
             <p class=\"warn cut\">The run was not completed, and there may be more than this: see the \
             <a href=\"#summary\">summary</a>.</p>\n</header>\n<main>\n",
            env!("CARGO_PKG_VERSION"),
        )?;
        let tiles = Tiles { pictures, threads, host, left: thumbnails, beyond: 0 };
        Ok(Self { sets, thumbnails, tiles, groups: 0 })
    }

    /// Writes a group.
    ///
    /// # Errors
    /// What writing says; a picture that cannot be shown is none.
    ///
    /// # Cost
    /// Makes its thumbnails, as long as there are to be more.
    pub fn group(&mut self, out: &mut dyn Write, group: &Group) -> io::Result<()> {
        self.groups += 1;
        let number = self.groups;
        let sides = group.size.map_or(String::new(), |(width, height)| format!(", {width} × {height}"));
        let files = counted(group.files.len() as u64, "file");
        writeln!(out, "<article class=\"group\" id=\"g{number}\">\n<h2>Group {number}: {files}{sides}</h2>")?;
        write!(out, "<p>{}; {} can be freed.</p>\n{}", Escaped(&proof(group)), shown(group.freed_bytes()), Key(group))?;
        let tiles = self.tiles.of(group);
        let has_several = tiles.iter().filter(|tile| matches!(tile, Tile::Shown(_))).count() > 1;
        let kind = if has_several { "files" } else { "files plain" };
        writeln!(out, "<ol class=\"{kind}\">")?;
        for (at, (file, tile)) in group.files.iter().zip(&tiles).enumerate() {
            self.file(out, (group, at, file), tile)?;
        }
        writeln!(out, "</ol>\n</article>")
    }

    fn file(&self, out: &mut dyn Write, (group, at, file): (&Group, usize, &Member), tile: &Tile) -> io::Result<()> {
        write!(out, "<li>")?;
        match tile {
            Tile::Shown(encoded) => {
                let (width, height) = encoded.size;
                let data = Base64Display::new(&encoded.bytes, &STANDARD);
                write!(
                    out,
                    "<p class=\"tile\"><img loading=\"lazy\" width=\"{width}\" height=\"{height}\" alt=\"Picture {} of group {}\" \
                     src=\"data:{};base64,{data}\"></p>",
                    at + 1,
                    self.groups,
                    encoded.media_type,
                )?;
            }
            Tile::Hidden(why) => write!(out, "<p class=\"tile hidden\">No thumbnail: {}</p>", Escaped(why))?,
            Tile::AsAnother | Tile::Beyond => {}
        }
        let host = file.host.as_deref();
        write!(out, "<p>{}</p><p class=\"faint\">{}</p>", PathOf(&file.path, host), self.words(group, at, file))?;
        for other in &file.other_paths {
            write!(out, "<p class=\"faint\">the same file as {}</p>", PathOf(other, host))?;
        }
        if !file.differs.is_empty() {
            write!(out, "<ul class=\"differs\">")?;
            file.differs.iter().try_for_each(|differs| write!(out, "<li>{}</li>", Escaped(differs)))?;
            write!(out, "</ul>")?;
        }
        writeln!(out, "</li>")
    }

    /// Set, format, sides, size, and what ties it to the first.
    fn words(&self, group: &Group, at: usize, file: &Member) -> String {
        let mut words = Vec::new();
        if let Some(set) = self.sets.zip(file.set).map(|(sets, set)| sets.name(set)) {
            words.push(format!("set {}", pixtwin_planning::names::shown(Path::new(set))));
        }
        words.push(file.format.clone().into_owned());
        if let Some((width, height)) =
            file.near.as_ref().and_then(|near| near.size).filter(|size| Some(*size) != group.size)
        {
            words.push(format!("{width} × {height}"));
        }
        words.push(shown(file.bytes));
        if at > 0 {
            words.push(ties(file, group.files.first().map(|first| &*first.format)));
        }
        if file.is_repeated() {
            words.push("also in another group".to_owned());
        }
        Escaped(&words.join(", ")).to_string()
    }

    /// Writes what comes last: files that were not compared, folders, and the summary.
    ///
    /// # Errors
    /// What writing says.
    pub fn end(self, out: &mut dyn Write, end: &ReportEnd<'_>) -> io::Result<()> {
        let ReportEnd { summary, cut, unread, folders } = end;
        if self.groups == 0 {
            writeln!(out, "<p>There are none.</p>")?;
        }
        write_unread(out, unread)?;
        write_folders(out, folders)?;
        writeln!(out, "<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>")?;
        if let Some(why) = cut {
            writeln!(out, "<p id=\"cut\"><strong>Not complete:</strong> {}</p>", Escaped(why))?;
        }
        summary.lines().try_for_each(|line| writeln!(out, "<p>{}</p>", Escaped(line)))?;
        if self.tiles.beyond > 0 {
            let (pictures, most) = (counted(self.tiles.beyond, "picture"), self.thumbnails);
            writeln!(out, "<p>{pictures} more would have a thumbnail; there are {most} at most (--thumbnails).</p>")?;
        }
        writeln!(out, "</section>\n</main>\n</body>\n</html>")
    }
}

fn write_unread(out: &mut dyn Write, unread: &[Unread]) -> io::Result<()> {
    if unread.is_empty() {
        return Ok(());
    }
    let files = counted(unread.len() as u64, "file");
    writeln!(out, "<section aria-labelledby=\"unread\">\n<h2 id=\"unread\">Not compared: {files}</h2>\n<ul>")?;
    for Unread { path, host, reason } in unread {
        writeln!(out, "<li>{}: {}</li>", PathOf(path, host.as_deref()), Escaped(reason))?;
    }
    writeln!(out, "</ul>\n</section>")
}

fn write_folders(out: &mut dyn Write, folders: &[FolderCount<'_>]) -> io::Result<()> {
    if folders.is_empty() {
        return Ok(());
    }
    write!(
        out,
        "<section aria-labelledby=\"folders\">\n<h2 id=\"folders\">Files with a twin in another set, by folder</h2>\n<table>\n\
         <thead><tr><th scope=\"col\">Files</th><th scope=\"col\">Set</th><th scope=\"col\">Folder</th></tr></thead>\n<tbody>\n"
    )?;
    for FolderCount { path, host, set, files } in folders {
        let set = pixtwin_planning::names::shown(Path::new(set));
        writeln!(out, "<tr><td>{files}</td><td>{}</td><td>{}</td></tr>", Escaped(&set), PathOf(path, *host))?;
    }
    writeln!(out, "</tbody>\n</table>\n</section>")
}

const fn title(tier: Tier) -> &'static str {
    match tier {
        Tier::Bytes => "Files that are equal",
        Tier::Pixels => "Pictures that exist more than once",
        Tier::Turned => "Pictures that are equal after a turn",
        Tier::Within(_) => "Pictures that are nearly equal",
        Tier::Similar(_) => "Pictures that are similar",
    }
}

/// What holds the group together, in a sentence without its end.
fn proof(group: &Group) -> String {
    let nearness = |file: &Member| file.near.as_ref().is_some_and(|near| near.nearness.is_some());
    if group.files.iter().any(nearness) {
        return "Each is near the first, as its line says".to_owned();
    }
    if group.blake3.is_some() {
        return "Same bytes".to_owned();
    }
    let mut formats: Vec<&str> = group.files.iter().map(|file| &*file.format).collect();
    formats.sort_unstable();
    formats.dedup();
    let is_payload =
        group.files.iter().skip(1).all(|file| matches!(file.proof_to_first, Proof::Bytes | Proof::Payload));
    match is_payload {
        true => format!("Same pixels: what they depend on is equal byte for byte, in {}", formats.join(" and ")),
        false => format!("Same pixels: decoded {}", formats.join(" and ")),
    }
}

/// The digest that the files share, or the hash of their bytes.
struct Key<'a>(&'a Group);

impl Display for Key<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        if let Some(digest) = self.0.digest {
            writeln!(to, "<p class=\"faint\">pixel digest <code>{digest}</code></p>")
        } else if let Some(hash) = self.0.blake3 {
            writeln!(to, "<p class=\"faint\">BLAKE3 <code>{}</code></p>", blake3::Hash::from_bytes(hash).to_hex())
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
