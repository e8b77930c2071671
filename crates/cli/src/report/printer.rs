//! Prints a report as it comes, in the format that was asked for.

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use pixtwin_engine::{Counts, Group, Match, Report, Sets, Tier, Unread};

use pixtwin_review::HtmlReport;

use crate::{
    args::{Common, Format, Listing},
    exit::{Stop, unless_closed},
    output::Palette,
    progress_bar::Bar,
    report::{
        Compared, Cut, Found, Totals, csv, folders::Folders, html, json, null, refuse_html, text, unread::UnreadFile,
    },
};

/// What a report is about.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    /// The pictures asked about; none in a scan.
    pub(crate) queries: &'a [PathBuf],
    /// Whether those without a twin are named.
    pub(crate) names_all: bool,
    /// The sets that are held against each other, if there are any.
    pub(crate) sets: Option<&'a Sets>,
    /// What counts as a pixel.
    pub(crate) compared: Compared,
    /// How many thumbnails a page has at most.
    pub(crate) thumbnails: usize,
}

/// Takes the report of a scan or a find and prints it.
pub(crate) struct Printer<'a> {
    common: &'a Common,
    format: Format,
    tier: Tier,
    palette: Palette,
    /// The pictures asked about; none in a scan.
    queries: &'a [PathBuf],
    /// The sets that are held against each other, if there are any, and what was found of each folder.
    sets: Option<&'a Sets>,
    folders: Option<Folders<'a>>,
    compared: Compared,
    /// Those without a twin are named.
    names_all: bool,
    /// How many queries have their heading.
    headed: usize,
    /// Nothing stands below the last heading yet.
    is_heading_bare: bool,
    out: BufWriter<io::Stdout>,
    bar: &'a Bar,
    unread_file: UnreadFile,
    unread: Vec<Unread>,
    found: Found,
    stop: Option<Stop>,
    /// The page, if the report is one.
    html: Option<HtmlReport<'a>>,
}

impl<'a> Printer<'a> {
    /// A printer for a scan, or, if there are `queries`, for a find. Opens the file for the list of unread files. The bar
    /// ends before the first result.
    pub(crate) fn new(
        common: &'a Common,
        listing: &Listing,
        tier: Tier,
        about: About<'a>,
        bar: &'a Bar,
    ) -> Result<Self, Stop> {
        let About { queries, names_all, sets, compared, thumbnails } = about;
        let is_scan = queries.is_empty();
        if !is_scan {
            refuse_html(listing.format)?;
        }
        let mut printer = Self {
            common,
            format: listing.format,
            tier,
            palette: Palette::of(common),
            queries,
            names_all,
            sets,
            compared,
            folders: sets.map(Folders::new),
            headed: 0,
            is_heading_bare: false,
            out: BufWriter::with_capacity(64 << 10, io::stdout()),
            bar,
            unread_file: UnreadFile::create(listing.unread.as_deref())?,
            unread: Vec::new(),
            found: if is_scan { Found::Groups { groups: 0, twins: 0, freed_bytes: 0 } } else { Found::Matches(0) },
            stop: None,
            html: None,
        };
        if printer.format == Format::Html {
            let begun = html::begin(&mut printer.out, common, tier, sets, thumbnails);
            match begun {
                Ok(page) => printer.html = Some(page),
                Err(cause) => printer.keep(Err(cause.into())),
            }
        }
        if printer.format == Format::Csv {
            let header = csv::header(&mut printer.out, is_scan, tier, sets);
            printer.keep(header);
        }
        Ok(printer)
    }

    /// Whether any twins were found.
    pub(crate) fn has_found(&self) -> bool {
        matches!(self.found, Found::Groups { groups: 1.., .. } | Found::Matches(1..))
    }

    /// Whether every file could be compared.
    pub(crate) fn is_all_read(&self) -> bool {
        self.unread.is_empty()
    }

    /// Prints what comes last. `cut` says why the report is not complete, if it is not.
    pub(crate) fn close(mut self, counts: &Counts, cut: Option<&Cut>) -> Result<(), Stop> {
        self.bar.end();
        if cut.is_none() && self.stop.is_none() {
            let named = if self.names_all { self.queries.len() } else { 0 };
            let headings = self.head_up_to(named).and_then(|()| self.end_heading());
            self.keep(headings);
        }
        let (files, pictures, unread) = (counts.files, counts.pictures, self.unread.len() as u64);
        let folders = self.folders.as_ref();
        let crossing = folders.map(Folders::crossing);
        let totals = Totals {
            files,
            pictures,
            unread,
            found: self.found,
            crossing,
            cut,
            flat: counts.flat,
            dismissed: counts.pairs.dismissed,
            compared: self.compared,
        };
        self.unread_file.save(&self.unread, self.format)?;
        let printed = match (self.stop.take(), self.format) {
            (Some(stop), _) => Err(stop),
            (None, Format::Html) => self.html.take().map_or(Ok(()), |page| {
                html::end(&mut self.out, page, &text::summary(counts, &totals), &totals, (&self.unread, folders))
            }),
            (None, Format::Json) => folders
                .map_or(Ok(()), |folders| json::folders(&mut self.out, folders))
                .and_then(|()| json::unread(&mut self.out, &self.unread))
                .and_then(|()| json::summary(&mut self.out, &totals)),
            _ => Ok(()),
        };
        unless_closed(printed.and_then(|()| Ok(self.out.flush()?)))?;
        text::close(self.common, &self.unread, counts, &totals, folders);
        Ok(())
    }

    /// Keeps the first reason why nothing more can be printed; the search goes on for the exit code.
    fn keep(&mut self, printed: Result<(), Stop>) {
        if let Err(stop) = printed {
            self.stop.get_or_insert(stop);
        }
    }

    /// Text has a heading for every picture asked about, also for one without twins.
    fn head_up_to(&mut self, queries: usize) -> Result<(), Stop> {
        while self.format == Format::Text && self.headed < queries {
            self.end_heading()?;
            if let Some(query) = self.queries.get(self.headed) {
                text::query(&mut self.out, query, self.palette)?;
            }
            self.headed += 1;
            self.is_heading_bare = true;
        }
        Ok(())
    }

    fn end_heading(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.is_heading_bare) {
            text::no_match(&mut self.out)?;
        }
        Ok(())
    }

    fn print_group(&mut self, group: &Group) -> Result<(), Stop> {
        let Found::Groups { groups, .. } = self.found else { return Ok(()) };
        match self.format {
            Format::Text => text::group(&mut self.out, group, groups == 0, self.palette, self.sets)?,
            Format::Json => json::group(&mut self.out, group, self.tier, self.sets)?,
            Format::Csv => csv::group(&mut self.out, group, groups + 1, self.tier, self.sets)?,
            Format::Null => null::group(&mut self.out, group)?,
            Format::Html => {
                if let Some(page) = &mut self.html {
                    page.group(&mut self.out, group)?;
                }
            }
        }
        Ok(())
    }

    fn print_match(&mut self, query: usize, found: &Match) -> Result<(), Stop> {
        if !self.names_all {
            self.headed = self.headed.max(query);
        }
        self.head_up_to(query + 1)?;
        self.is_heading_bare = false;
        let Some(path) = self.queries.get(query) else { return Ok(()) };
        match self.format {
            Format::Text => text::found(&mut self.out, found, self.palette)?,
            Format::Json => json::found(&mut self.out, path, found, self.tier)?,
            Format::Csv => csv::found(&mut self.out, path, found, self.tier)?,
            Format::Null => null::found(&mut self.out, found)?,
            Format::Html => {}
        }
        Ok(())
    }
}

impl Report for Printer<'_> {
    fn group(&mut self, group: Group) {
        self.bar.end();
        if self.stop.is_none() {
            let printed = self.print_group(&group);
            self.keep(printed);
        }
        self.folders.iter_mut().for_each(|folders| folders.add(&group));
        if let Found::Groups { groups, twins, freed_bytes } = &mut self.found {
            *groups += 1;
            *twins += group.files.iter().filter(|file| !file.is_repeated()).count() as u64;
            *freed_bytes += group.freed_bytes();
        }
    }

    fn found(&mut self, query: usize, found: Match) {
        self.bar.end();
        if self.stop.is_none() {
            let printed = self.print_match(query, &found);
            self.keep(printed);
        }
        if let Found::Matches(matches) = &mut self.found {
            *matches += 1;
        }
    }

    fn unread(&mut self, unread: Unread) {
        self.unread.push(unread);
    }
}
