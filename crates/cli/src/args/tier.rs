//! What counts as the same: the tiers, and what goes with those of pictures that are nearly the same.

use std::{ffi::OsStr, path::Path};

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, TypedValueParser},
    error::{ContextKind, ContextValue, ErrorKind},
};
use pixtwin_engine::{Label, Linkage, Tier};

use super::Pixels;
use crate::names::shown;

/// What counts as the same.
#[derive(Args)]
#[command(next_help_heading = "What counts as the same")]
pub(crate) struct Comparison {
    /// How much must be equal.
    #[arg(long, value_parser = TierParser, default_value = "pixels", value_name = "TIER")]
    tier: TierName,

    /// With --tier similar: in how many of their 256 bits the codes of two pictures may differ, 0 to 63 [default: 31]. The
    /// whole codes of 1,499 unrelated photos differ in 86 or more. With 31, 99 of 100 edits of photos were found and no false
    /// pair among 684,432; drawings are more often alike. docs/accuracy.md has what is missed and taken wrongly.
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u8).range(..=63))]
    distance: Option<u8>,

    /// With --tier similar: report only pictures with this label. A person looks at what is EDITED. RE-ENCODED is for
    /// choosing, and a look at the picture remains advisable: an edit of less than a fortieth of the side, or of 2 levels of
    /// 255, may go unseen, and of drawings the label is worth little (docs/accuracy.md).
    #[arg(long, value_enum, value_name = "LABEL")]
    label: Option<LabelName>,

    /// With --tier turned, within=K or similar: also report pairs that people said are not the same, which are left out
    /// otherwise. `pixtwin catalogue verdicts` lists them.
    #[arg(long)]
    pub(crate) dismissed: bool,

    #[command(flatten)]
    pub(crate) pixels: Pixels,
}

/// In how many bits the codes of two pictures may differ where nothing is said.
const DISTANCE: u8 = 31;

impl Comparison {
    /// What must be equal.
    pub(crate) fn tier(&self) -> Tier {
        match self.tier {
            TierName::Bytes => Tier::Bytes,
            TierName::Pixels => Tier::Pixels,
            TierName::Turned => Tier::Turned,
            TierName::Within(most) => Tier::Within(most),
            TierName::Similar => Tier::Similar(self.distance.unwrap_or(DISTANCE)),
        }
    }

    /// Which pictures that are similar are wanted.
    pub(crate) fn label(&self) -> Option<Label> {
        self.label.map(|label| match label {
            LabelName::ReEncoded => Label::ReEncoded,
            LabelName::Edited => Label::Edited,
        })
    }

    /// What makes no sense with this tier, if anything.
    pub(crate) fn refusal(&self, is_shard: bool) -> Option<&'static str> {
        if is_shard && self.tier().is_near() {
            return Some(
                "--shard is for the tiers bytes and pixels: of others every picture is compared with every one",
            );
        }
        if self.dismissed && !self.tier().is_near() {
            return Some(
                "--dismissed is for the tiers turned, within=K and similar: equal pixels are the same picture",
            );
        }
        let has_more = self.distance.is_some() || self.label.is_some();
        (self.tier != TierName::Similar && has_more).then_some("--distance and --label are for --tier similar")
    }

    /// What the ranks of a run must have been given alike of that.
    pub(crate) fn terms(&self) -> [(&'static str, String); 3] {
        let tier = match self.tier() {
            Tier::Within(most) => format!("within={most}"),
            Tier::Similar(distance) => format!("similar, distance {distance}"),
            tier => tier.name().to_owned(),
        };
        [("tier", tier), ("label", format!("{:?}", self.label())), ("dismissed", self.dismissed.to_string())]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TierName {
    Bytes,
    Pixels,
    Turned,
    Within(u8),
    Similar,
}

/// Reads the name of a tier. That of `within` has a number in it.
#[derive(Clone)]
struct TierParser;

impl TypedValueParser for TierParser {
    type Value = TierName;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<TierName, clap::Error> {
        let found = match value.to_str() {
            Some("bytes") => Some(TierName::Bytes),
            Some("pixels") => Some(TierName::Pixels),
            Some("turned") => Some(TierName::Turned),
            Some("similar") => Some(TierName::Similar),
            Some(text) => within(text).map(TierName::Within),
            None => None,
        };
        found.ok_or_else(|| {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            let name = argument.map_or("--tier <TIER>".to_owned(), ToString::to_string);
            let names = ["bytes", "pixels", "turned", "within=K, K from 0 to 255", "similar"].map(str::to_owned);
            error.insert(ContextKind::InvalidArg, ContextValue::String(name));
            error.insert(ContextKind::InvalidValue, ContextValue::String(shown(Path::new(value)).into_owned()));
            error.insert(ContextKind::ValidValue, ContextValue::Strings(names.to_vec()));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = [
            ("bytes", "The files are equal, byte for byte; also takes formats that are not decoded"),
            ("pixels", "Width, height, frames and every pixel are equal"),
            ("turned", "The same after one of the eight quarter turns and flips; the turn is named"),
            (
                "within=2",
                "Width, height and frames are equal, and no channel of any pixel differs by more than 2 of 255; \
                 2 stands for any K from 0 to 255",
            ),
            (
                "similar",
                "Somebody would call it the same picture: scaled, encoded anew, cut, framed, turned, written upon",
            ),
        ];
        Some(Box::new(values.into_iter().map(|(name, help)| PossibleValue::new(name).help(help))))
    }
}

/// The number in the name of a tier: digits alone, for what is said is said in one way.
fn within(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("within=")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[derive(Clone, Copy, ValueEnum)]
enum LabelName {
    /// The same picture in another size or compression.
    ReEncoded,
    /// The same picture changed.
    Edited,
}

/// How pictures that are nearly the same are tied into groups.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum LinkageName {
    /// Each is near enough to the first, the one that stays.
    #[default]
    Star,
    /// Every two are near enough to each other.
    Complete,
}

impl LinkageName {
    /// Whether it is what goes without saying.
    pub(crate) fn is_star(self) -> bool {
        matches!(self, Self::Star)
    }
}

impl From<LinkageName> for Linkage {
    fn from(name: LinkageName) -> Self {
        match name {
            LinkageName::Star => Self::Star,
            LinkageName::Complete => Self::Complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_tier_is_digits_alone() {
        assert_eq!([within("within=0"), within("within=255")], [Some(0), Some(255)]);
        for name in ["within=+3", "within=-0", "within= 3", "within=", "within=256", "within=K", "within"] {
            assert_eq!(within(name), None, "{name}");
        }
    }

    #[test]
    fn every_name_that_completion_offers_is_taken() {
        let command = clap::Command::new("pixtwin");
        for value in TierParser.possible_values().unwrap() {
            assert!(TierParser.parse_ref(&command, None, OsStr::new(value.get_name())).is_ok(), "{value:?}");
        }
    }
}
