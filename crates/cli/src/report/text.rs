//! Results for people.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use pixtwin_catalogue::IMPORTED;
use pixtwin_engine::{
    Absent, Counts, Group, HEAD_ROWS, Match, Member, PairCount, Proof, Rung, RungCount, Sets, Unread,
};
use pixtwin_planning::nearness;

use crate::{
    age::days_ago,
    args::Common,
    names::{shown, shown_at, shown_text},
    output::{Mark, Palette, note},
    report::{Found, Totals, folders::Folders, unread},
    size::{self, counted},
};

/// A group of twins: a heading with what they are, then a line a file.
pub(crate) fn group(
    out: &mut dyn Write,
    group: &Group,
    is_first: bool,
    palette: Palette,
    sets: Option<&Sets>,
) -> io::Result<()> {
    if !is_first {
        writeln!(out)?;
    }
    let sides = group.size.map_or(String::new(), |(width, height)| format!(", {width} x {height}"));
    let files = counted(group.files.len() as u64, "file");
    let heading = format!("{files}{sides}, {} can be freed", size::shown(group.freed_bytes()));
    writeln!(out, "{}", palette.paint(Mark::Strong, &heading))?;
    let width = group.files.iter().map(|file| size::shown(file.bytes).len()).max().unwrap_or(0);
    let set_of = |file: &Member| sets.zip(file.set).map(|(sets, set)| shown(Path::new(sets.name(set))));
    let set_width = group.files.iter().filter_map(set_of).map(|set| set.chars().count()).max();
    let first_format = group.files.first().map(|file| &*file.format);
    for (at, file) in group.files.iter().enumerate() {
        let evidence =
            if at == 0 { file.format.clone().into_owned() } else { evidence(file, first_format, group.size) };
        let bytes = size::shown(file.bytes);
        let place = shown_at(&file.path, file.host.as_deref());
        let set = set_width.map(|width| format!("{:width$}  ", set_of(file).unwrap_or_default())).unwrap_or_default();
        writeln!(out, "  {bytes:>width$}  {set}{place}  {}", palette.paint(Mark::Faint, &evidence))?;
        other_paths(out, &file.other_paths, file.host.as_deref(), width + 4)?;
    }
    Ok(())
}

/// What ties a file to the first of its group, and how their metadata differ.
fn evidence(file: &Member, first_format: Option<&str>, first_size: Option<(u32, u32)>) -> String {
    let size = match file.near.as_ref().and_then(|near| near.nearness) {
        Some(_) => size_of(file, first_size),
        None => String::new(),
    };
    let mut text = format!("{}{size}, {}", file.format, nearness::ties(file, first_format));
    if file.is_repeated() {
        text.push_str("; also in another group");
    }
    if !file.differs.is_empty() {
        text.push_str("; ");
        text.push_str(&file.differs.join(", "));
    }
    shown_text(&text).into_owned()
}

/// Width and height of a picture, where they are others than those of the first.
fn size_of(file: &Member, first: Option<(u32, u32)>) -> String {
    match file.near.as_ref().and_then(|near| near.size).filter(|size| Some(*size) != first) {
        Some((width, height)) => format!(" {width} x {height}"),
        None => String::new(),
    }
}

/// A picture asked about, above its twins.
pub(crate) fn query(out: &mut dyn Write, query: &Path, palette: Palette) -> io::Result<()> {
    writeln!(out, "{}", palette.paint(Mark::Strong, &shown(query)))
}

/// A picture asked about has no twin.
pub(crate) fn no_match(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  no twin")
}

/// A twin of a picture asked about.
pub(crate) fn found(out: &mut dyn Write, found: &Match, palette: Palette) -> io::Result<()> {
    let proof = match (found.proof, found.near.as_ref().and_then(|near| near.nearness)) {
        (_, Some(nearness)) => nearness::words(nearness, "the picture asked about"),
        (Proof::Bytes, _) => "same bytes".to_owned(),
        (Proof::Payload, _) => "same payload".to_owned(),
        _ => "same pixels".to_owned(),
    };
    let mut evidence = format!("{}, {proof}", shown_text(&found.format));
    if let Some(Absent { volume, host, seen_s }) = &found.absent {
        let place = match volume.starts_with(IMPORTED) {
            true => format!("; on another machine: imported from {host} {}", days_ago(*seen_s)),
            false => format!("; not mounted: {volume}, last seen on {host} {}", days_ago(*seen_s)),
        };
        evidence.push_str(&shown_text(&place));
    }
    let place = shown_at(&found.path, found.host.as_deref());
    writeln!(out, "  {place}  {}", palette.paint(Mark::Faint, &evidence))?;
    other_paths(out, &found.other_paths, found.host.as_deref(), 4)
}

fn other_paths(out: &mut dyn Write, paths: &[PathBuf], host: Option<&str>, indent: usize) -> io::Result<()> {
    paths.iter().try_for_each(|path| writeln!(out, "{:indent$}= {}", "", shown_at(path, host)))
}

/// What ends a run, on standard error: files that were not compared, how the result came about, and the totals.
pub(crate) fn close(
    common: &Common,
    unread: &[Unread],
    counts: &Counts,
    totals: &Totals<'_>,
    folders: Option<&Folders<'_>>,
) {
    if common.quiet {
        return;
    }
    for file in unread {
        note(&format!("not compared: {}", unread::line(file)));
    }
    if common.verbose {
        note(&rungs(counts));
    }
    folders.and_then(Folders::text).iter().for_each(|text| note(text));
    note(&summary(counts, totals));
}

/// What a run looked at and found, in a few lines.
pub(crate) fn summary(counts: &Counts, totals: &Totals<'_>) -> String {
    let looked_at = format!("{}, {}", counted(totals.files, "file"), counted(totals.pictures, "picture"));
    let across = if totals.crossing.is_some() { " across sets" } else { "" };
    let found = match totals.found {
        Found::Matches(twins) => counted(twins, "twin"),
        Found::Groups { groups: 0, .. } if totals.cut.is_some() => format!("no twins{across} reported"),
        Found::Groups { groups: 0, .. } => format!("no twins{across}"),
        Found::Groups { groups, twins, freed_bytes } => format!(
            "{} of twins{across} with {}, {} can be freed",
            counted(groups, "group"),
            counted(twins, "file"),
            size::shown(freed_bytes)
        ),
        Found::Digests => "digests computed".to_owned(),
    };
    let mut text = format!("{looked_at}: {found}");
    let passed_over = [
        (counts.hidden, "hidden entry", "hidden entries", " (--hidden)"),
        (counts.links, "symbolic link", "symbolic links", " (--follow)"),
        (counts.small, "file that is too small", "files that are too small", ""),
    ];
    let passed_over: Vec<String> = passed_over
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many, flag)| {
            format!("{} {}{flag}", size::count(*number), if *number == 1 { one } else { many })
        })
        .collect();
    if !passed_over.is_empty() {
        text.push_str(&format!("\npassed over: {}", passed_over.join(", ")));
    }
    if totals.unread > 0 {
        let was = if totals.unread == 1 { "was" } else { "were" };
        text.push_str(&format!("\n{} {was} not compared", counted(totals.unread, "file")));
    }
    let flat = [(totals.flat.pictures, ""), (totals.flat.queries, " asked about")];
    flat.into_iter().for_each(|(number, which)| text.push_str(&flat_line(number.unwrap_or_default(), which)));
    text.push_str(&dismissed_line(totals));
    if totals.cut.is_some_and(|cut| cut.is_of_one_rank) {
        text = format!("until then, in the share of rank 0: {text}");
    }
    text
}

/// What is said of pictures without a code: their groups and twins are not all that they would be with one.
fn flat_line(number: u64, which: &str) -> String {
    let (has, them) = if number == 1 { ("has", "it") } else { ("have", "them") };
    match number {
        0 => String::new(),
        _ => format!(
            "\n{}{which} {has} too little detail to be compared; only equal pixels are found of {them}",
            counted(number, "picture")
        ),
    }
}

/// What is said of pairs that were left out.
fn dismissed_line(totals: &Totals<'_>) -> String {
    let of_find = matches!(totals.found, Found::Matches(_));
    let what = match (of_find, totals.dismissed) {
        (_, 0) => return String::new(),
        (true, files) => format!("{} that people said to show another picture", counted(files, "file")),
        (false, pairs) => format!("{} of pictures that people said to differ", counted(pairs, "pair")),
    };
    let (are, them) = if totals.dismissed == 1 { ("is", "it") } else { ("are", "them") };
    format!("\n{what} {are} left out (--dismissed shows {them})")
}

/// A table of the rungs: why a run is fast.
fn rungs(counts: &Counts) -> String {
    let mut text =
        format!("{:<22}{:>12}{:>12}{:>12}{:>12}{:>12}", "rung", "in play", "looked at", "alone", "joined", "read");
    let first_look = counts.bytes_read - counts.rungs.iter().map(|rung| rung.bytes).sum::<u64>();
    let row = |name: &str, cells: [String; 5]| {
        let [a, b, c, d, e] = cells;
        format!("\n{name:<22}{a:>12}{b:>12}{c:>12}{d:>12}{e:>12}")
    };
    let dash = || "-".to_owned();
    let (read, looked) = (size::shown(first_look), counts.files.saturating_sub(counts.recalled));
    text.push_str(&row("first look", [size::count(counts.files), size::count(looked), dash(), dash(), read]));
    // There are many of the first rows; most have nothing to say.
    let is_idle = |rung: &&RungCount| matches!(rung.rung, Rung::Head(2..)) && rung.looked == 0 && rung.settled == 0;
    for rung in counts.rungs.iter().filter(|rung| !is_idle(rung)) {
        let cells = [rung.asked, rung.looked, rung.settled, rung.joined].map(size::count);
        let [asked, looked, settled, joined] = cells;
        text.push_str(&row(&rung_name(rung.rung), [asked, looked, settled, joined, size::shown(rung.bytes)]));
    }
    text + &pairs(counts.pairs)
}

/// How many pairs were looked at, of pictures that are nearly the same.
fn pairs(PairCount { codes, met, stayed, near, dismissed: _ }: PairCount) -> String {
    let near = format!("{} of pictures {} near", counted(near, "pair"), if near == 1 { "is" } else { "are" });
    match (codes, met) {
        (0, 0) => String::new(),
        (0, met) => format!("\n{} measured: {near}", counted(met, "pair")),
        (codes, met) => {
            let (codes, met) = (counted(codes, "code"), counted(met, "meeting"));
            format!("\n{codes} compared: {met}, {} after a second look; {near}", size::count(stayed))
        }
    }
}

fn rung_name(rung: Rung) -> String {
    match rung {
        Rung::Header => "width and height".to_owned(),
        Rung::HeldPayload => "payload of tiny files".to_owned(),
        Rung::Head(depth) => format!("first {} rows", HEAD_ROWS.get(depth).copied().unwrap_or_default()),
        Rung::Payload => "payload".to_owned(),
        Rung::Whole => "every pixel".to_owned(),
        Rung::Length => "length".to_owned(),
        Rung::Start => "first bytes".to_owned(),
        Rung::Bytes => "every byte".to_owned(),
        Rung::OrderFree => "pixels in any order".to_owned(),
    }
}
