//! A search that the page asked for.

use std::path::{Path, PathBuf};

use pixtwin_engine::Tier;
use pixtwin_planning::names::shown;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Desk, jobs::Job};

/// In how many bits codes may differ where nothing is said, as in `scan --distance`, and at most.
pub(crate) const DISTANCE: u8 = 31;
const MOST_DISTANCE: u8 = 63;

/// By how much channels may differ where nothing is said, of 255.
pub(crate) const WITHIN: u8 = 8;

/// What is to be searched: places by their numbers, for this tier.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanAsked {
    places: Vec<usize>,
    tier: String,
    distance: Option<u8>,
    within: Option<u8>,
}

impl Desk {
    /// The places and the tier that were asked for.
    ///
    /// # Errors
    /// If there is no such place or tier, as a sentence.
    pub(crate) fn scan_asked(&self, asked: &ScanAsked) -> Result<(Vec<PathBuf>, Tier), String> {
        let place = |number: &usize| self.setting.places.get(*number).cloned();
        let places: Option<Vec<_>> = asked.places.iter().map(place).collect();
        let places = places.filter(|places| !places.is_empty()).ok_or("choose what is to be searched")?;
        let tier = match asked.tier.as_str() {
            "bytes" => Tier::Bytes,
            "pixels" => Tier::Pixels,
            "turned" => Tier::Turned,
            "within" => Tier::Within(asked.within.unwrap_or(WITHIN)),
            "similar" => Tier::Similar(asked.distance.unwrap_or(DISTANCE).min(MOST_DISTANCE)),
            _ => return Err("there is no such tier".to_owned()),
        };
        Ok((places, tier))
    }

    /// Searches, and lays what is found on the desk.
    pub(crate) fn scan(&self, places: &[PathBuf], tier: Tier, job: &Job) -> Result<Value, String> {
        let found = self.around.scan(places, tier, &job.progress)?;
        if job.is_stopped() {
            return Err("the scan was stopped".to_owned());
        }
        let names: Vec<_> = places.iter().map(|place| shown(Path::new(place)).into_owned()).collect();
        let origin = format!("a scan of {} for {}", names.join(", "), tier.name());
        Ok(json!({ "result": self.lay(origin, found) }))
    }
}
