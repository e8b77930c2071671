//! The catalogue: where it is, what is said if it cannot be used, and `pixtwin catalogue`.

mod joined;

mod transfer;

mod upkeep;

mod verdicts;

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use pixtwin_catalogue::{Catalogue, Maker, Want};
use pixtwin_engine::{
    CatalogueError, Memory, MemoryUse, Settings, Tier, Trust, Verdicts, is_on_network, maker, words_of,
};

use crate::{
    args::{CatalogueAction, CatalogueArguments, Pixels, Remembered},
    exit::{Exit, Stop},
    home,
    names::{shown, shown_text},
    output,
};

/// The catalogue of a run, where it has one.
pub(crate) struct Kept {
    path: PathBuf,
    memory: Memory,
}

impl Kept {
    /// Opens what the arguments name. A search goes on without it, and says so. Who only asks the catalogue makes none.
    pub(crate) fn open(remembered: &Remembered, settings: &Settings, asks: bool) -> Option<Self> {
        let path = path_of(remembered)?;
        if asks && !path.exists() {
            output::error(&format!("there is no catalogue `{}` yet\nhint: `pixtwin scan` makes one", shown(&path)));
            return None;
        }
        let trust = if remembered.paranoid { Trust::LookAgain } else { Trust::Believe };
        let opened = make_folder(&path).and_then(|()| Memory::open(&path, settings, trust));
        match opened {
            Ok(memory) => Some(Self { path, memory }),
            Err(cause) => {
                let hint = match settings.tier.is_near() {
                    true => "the search goes on without it, and reports also what people said not to be the same",
                    false => "the search goes on without it",
                };
                warn(&path, &cause, hint);
                None
            }
        }
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Writes what is left, after the result was printed.
    pub(crate) fn close(self) {
        let Self { path, memory } = self;
        let MemoryUse { unread, unheard, unwritten } = memory.finish();
        if let Some(cause) = unread {
            warn(&path, &cause, "not all that it knows was used; the result does not depend on it");
        }
        if let Some(cause) = unheard {
            warn(&path, &cause, "pairs that people said are not the same may be reported all the same");
        }
        if let Some(cause) = unwritten {
            warn(&path, &cause, "what this search found is not kept; its result is complete");
        }
    }
}

fn warn(path: &Path, cause: &CatalogueError, consequence: &str) {
    let cause = cause.to_string();
    let (path, cause) = (shown(path), shown_text(&cause));
    output::error(&format!("cannot use the catalogue `{path}`: {cause}\nhint: {consequence}"));
}

/// Where the catalogue is, if there is to be one.
fn path_of(remembered: &Remembered) -> Option<PathBuf> {
    match (&remembered.catalogue, remembered.no_catalogue) {
        (_, true) => None,
        (Some(named), _) => Some(named.clone()),
        (None, _) => default_path(),
    }
}

/// What people said of pictures, where there is to be a catalogue; one that cannot be used is said.
pub(crate) fn verdicts_of(remembered: &Remembered) -> Option<Verdicts> {
    let path = path_of(remembered)?;
    match make_folder(&path).and_then(|()| Verdicts::open(&path)) {
        Ok(verdicts) => Some(verdicts),
        Err(cause) => {
            warn(&path, &cause, "what is said not to be the same is forgotten when the page ends");
            None
        }
    }
}

/// The folder beside the catalogue in which thumbnails are kept, if there is to be a catalogue.
pub(crate) fn thumbnails(remembered: &Remembered) -> Option<PathBuf> {
    let mut folder = path_of(remembered)?.into_os_string();
    folder.push("-thumbnails");
    Some(folder.into())
}

/// `pixtwin catalogue`.
pub(crate) fn run(arguments: &CatalogueArguments) -> Result<Exit, Stop> {
    let no_place = || Stop::Fatal("where is the catalogue?\nhint: name it with --catalogue FILE".to_owned());
    let path = arguments.catalogue.clone().or_else(default_path).ok_or_else(no_place)?;
    let action = &arguments.action;
    let (want, pixels) = match action {
        CatalogueAction::Import { pixels, .. } => (Want::Write, pixels),
        CatalogueAction::Verdicts(arguments) if !arguments.differ.is_empty() => (Want::Write, &Pixels::default()),
        CatalogueAction::Export { pixels, .. } => (Want::Read, pixels),
        _ => (Want::Read, &Pixels::default()),
    };
    let of = |tier| maker(pixels.alpha(), pixels.orientation(), tier);
    let maker = Maker { near: matches!(action, CatalogueAction::Export { .. }), ..of(Tier::Pixels) };
    if want == Want::Write {
        make_folder(&path).map_err(|cause| failed(&path, &cause))?;
    }
    let catalogue = Catalogue::open(&path, want, maker.clone()).map_err(|cause| failed(&path, &cause))?;
    match action {
        CatalogueAction::Status { format } => upkeep::status(&path, &catalogue, *format),
        CatalogueAction::List { paths, format } => upkeep::list(&path, &catalogue, paths, *format),
        CatalogueAction::Verify => upkeep::verify(&path, &catalogue),
        CatalogueAction::Forget { paths, volume, gone } => {
            upkeep::forget(&path, &catalogue, paths, volume.as_deref(), *gone)
        }
        // They are kept beside what is known of files.
        CatalogueAction::Verdicts(arguments) => verdicts::run(&path, arguments),
        CatalogueAction::Compact => upkeep::compact(&path, &catalogue),
        CatalogueAction::Export { file, form, .. } => {
            // Near search keeps the same whatever distance is asked for.
            let tiers = [Tier::Pixels, Tier::Similar(0), Tier::Turned, Tier::Within(0)];
            transfer::export(&path, &catalogue, &tiers.map(|tier| of(tier).rules), file, *form)
        }
        CatalogueAction::Import { file, .. } => {
            transfer::import(&path, &catalogue, (&maker.rules, maker.decoder), file)
        }
    }
}

/// What is said where a command has nothing to do without the catalogue.
fn failed(path: &Path, cause: &CatalogueError) -> Stop {
    Stop::Fatal(format!("cannot use the catalogue `{}`: {}", shown(path), shown_text(&cause.to_string())))
}

/// The place that the XDG base directories name; nothing for a user without a home.
fn default_path() -> Option<PathBuf> {
    let folder = home::data_folder()?.join("pixtwin");
    // SQLite cannot share a file between hosts: each has its own where they share the folder.
    let name = match is_on_network(&folder) {
        Some(host) => format!("catalogue-{host}.sqlite"),
        None => "catalogue.sqlite".to_owned(),
    };
    Some(folder.join(name))
}

fn make_folder(path: &Path) -> Result<(), CatalogueError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|cause| CatalogueError::Unopened(words_of(&cause))),
        _ => Ok(()),
    }
}
