//! What lies on the desk of the person who decides: the result, what was chosen, the plan, and what is under way.

pub(crate) mod jobs;

pub(crate) mod table;

mod facets;

pub(crate) mod choices;

pub(crate) mod lists;

pub(crate) mod verdicts;

mod saved;

pub(crate) mod decide;

pub(crate) mod plans;

mod acts;

pub(crate) mod scan;

pub(crate) mod view;

pub(crate) mod path;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::{Timestamp, tz::TimeZone};
use pixtwin_engine::{Progress, Settings, Tier, Verdicts};
use pixtwin_planning::{Found, Rules};

use crate::picture::{Means, Pictures};

pub use acts::Acting;

use jobs::Jobs;
use saved::{Recalled, Saved};
use table::{FileId, Table};
use verdicts::Known;

/// What is known before anybody looks.
pub struct Setting {
    /// How pictures are looked at: threads and memory.
    pub engine: Settings,
    /// The rules that are offered first, the folders of which nothing goes, and what was searched.
    pub rules: Rules,
    /// Who acts.
    pub acting: Acting,
    /// What may be searched, as it was given.
    pub places: Vec<PathBuf>,
    /// What is searched for, unless the page asks for something else.
    pub tier: Tier,
    /// What remembers which pictures are not the same, if there is something.
    pub verdicts: Option<Verdicts>,
    /// The folder in which thumbnails are kept, if they are.
    pub thumbnails: Option<PathBuf>,
    /// What was found before, and where it is from.
    pub found: Option<(String, Found)>,
}

/// What the page needs and only the program around it can do.
pub trait Surroundings: Send + Sync {
    /// Searches these places, until it is given up.
    ///
    /// # Errors
    /// Why it cannot be done, as a sentence.
    fn scan(&self, places: &[PathBuf], tier: Tier, progress: &Progress) -> Result<Found, String>;

    /// Where journals are kept; nothing for a user without a home.
    fn state_path(&self) -> Option<PathBuf>;

    /// The same, made if it is not there, without symbolic links.
    ///
    /// # Errors
    /// Why it cannot be made, as a sentence.
    fn state_folder(&self) -> Result<PathBuf, String>;
}

/// All that the page shows and changes.
pub(crate) struct Desk {
    pub(crate) setting: Setting,
    around: Box<dyn Surroundings>,
    table: RwLock<Option<Arc<Table>>>,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) pictures: Pictures,
    saved: Saved,
    /// The files that went with each run of this program's life, and of which result they are.
    runs_of_result: Mutex<HashMap<String, (u64, Vec<FileId>)>>,
}

impl Desk {
    pub(crate) fn new(mut setting: Setting, around: Box<dyn Surroundings>) -> Self {
        let found = setting.found.take();
        let means = Means::new(setting.engine.memory_bytes, setting.engine.threads);
        let means = match &setting.thumbnails {
            Some(folder) => means.keeping(folder.clone()),
            None => means,
        };
        let desk = Self {
            setting,
            around,
            table: RwLock::default(),
            jobs: Arc::default(),
            pictures: Pictures::new(means),
            saved: Saved::default(),
            runs_of_result: Mutex::default(),
        };
        if let Some((origin, found)) = found {
            desk.lay(origin, found);
        }
        desk
    }

    /// The result that lies on the desk.
    pub(crate) fn table(&self) -> Option<Arc<Table>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lays a result on the desk, in place of the one before; gives its number.
    fn lay(&self, origin: String, found: Found) -> u64 {
        let number = self.table().map_or(1, |table| table.number + 1);
        let table = Table::new(number, origin, found);
        // What cannot be read is shown; no plan is made then.
        verdicts::recall(&table, &self.known_to_differ().unwrap_or_default());
        if let Some(folder) = self.around.state_path() {
            choices::recall(&table, &Recalled::from(&folder));
        }
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(table));
        self.jobs.tell();
        number
    }

    /// Whether "not the same" can be kept.
    pub(crate) fn can_remember(&self) -> bool {
        self.setting.verdicts.is_some()
    }

    /// What was said not to be the same.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    pub(crate) fn known_to_differ(&self) -> Result<Known, String> {
        let mut known = Known::new();
        if let Some(verdicts) = &self.setting.verdicts {
            let each = verdicts.each(&mut |verdict| known.extend([(verdict.a, verdict.b)]));
            each.map_err(|cause| format!("what was said not to be the same cannot be read: {cause}"))?;
        }
        Ok(known)
    }
}

/// Seconds since 1970.
pub(crate) fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()).cast_signed()
}

/// A time as people write it, where this program runs.
pub(crate) fn time_shown(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default().to_zoned(TimeZone::system());
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests;
