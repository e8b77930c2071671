//! Which file of a group stays: rules, each of which narrows the choice that the one before has left.

use std::{
    cmp::Reverse,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};

/// The rules if none are given: what would be missed most stays, then the original, then what was there first.
pub const DEFAULT: [&str; 4] = ["metadata", "encoding", "oldest", "shortest-path"];

/// The order of formats, the best first. A JPEG is the original of whatever has the same pixels, for nothing else has the
/// pixels of a JPEG but what was made from it; WebP and JPEG XL may be originals of that kind. Of the others, those that
/// keep more beside the pixels come first.
pub const FORMATS: [&str; 12] =
    ["JPEG", "WebP", "JPEG XL", "TIFF", "PNG", "GIF", "QOI", "BMP", "TGA", "ICO", "PNM", "XPM"];

/// What is known of one file of a group.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// All its names that were seen, absolute; one at least.
    pub paths: Vec<PathBuf>,
    /// The earliest of the places searched that a name of it is below, by its number.
    pub argument: usize,
    /// When it was taken, as EXIF has it.
    pub date: Option<String>,
    /// Whether it tells where it was taken.
    pub has_position: bool,
    /// Whether it has an ICC profile.
    pub has_profile: bool,
    /// Whether it has stars.
    pub has_rating: bool,
    /// The name of its format.
    pub format: String,
    /// Length in bytes.
    pub bytes: u64,
    /// When its content changed last: nanoseconds since 1970.
    pub modified_ns: i64,
}

/// A rule.
#[derive(Clone, Debug)]
pub enum Rule {
    /// A file below this folder stays.
    In(PathBuf),
    /// A file that has no name below this folder stays.
    NotIn(PathBuf),
    /// The file with the richest metadata: EXIF date before position, profile and rating.
    Metadata,
    /// The best encoding: by [`FORMATS`], then the smaller file.
    Encoding,
    /// The file that was changed first.
    Oldest,
    /// The file that was changed last.
    Newest,
    /// The picture that was taken first, as EXIF has it; one without a date goes before none.
    OldestExif,
    /// The picture that was taken last.
    NewestExif,
    /// The path of the fewest bytes.
    ShortestPath,
    /// A file with a name that matches.
    Name(Box<GlobMatcher>),
    /// The file below the earliest of the places searched.
    FirstArgument,
}

impl Rule {
    /// Reads a rule as users write it: `oldest`, `in=DIR`, `name=GLOB`.
    ///
    /// # Errors
    /// If there is no such rule, and why.
    pub fn parse(text: &OsStr) -> Result<Self, String> {
        let mut parts = text.as_bytes().splitn(2, |byte| *byte == b'=').map(OsStr::from_bytes);
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().filter(|value| !value.is_empty()));
        match (name.as_bytes(), value.map(OsStr::as_bytes)) {
            (b"in", Some(folder)) => Ok(Self::In(OsStr::from_bytes(folder).into())),
            (b"not-in", Some(folder)) => Ok(Self::NotIn(OsStr::from_bytes(folder).into())),
            (b"metadata", None) => Ok(Self::Metadata),
            (b"encoding", None) => Ok(Self::Encoding),
            (b"oldest", None) => Ok(Self::Oldest),
            (b"newest", None) => Ok(Self::Newest),
            (b"oldest", Some(b"exif")) => Ok(Self::OldestExif),
            (b"newest", Some(b"exif")) => Ok(Self::NewestExif),
            (b"shortest-path", None) => Ok(Self::ShortestPath),
            (b"first-argument", None) => Ok(Self::FirstArgument),
            (b"name", Some(glob)) => {
                let text = std::str::from_utf8(glob).map_err(|_| "a GLOB is text".to_owned())?;
                let glob = GlobBuilder::new(text).literal_separator(true).build();
                glob.map(|glob| Self::Name(Box::new(glob.compile_matcher()))).map_err(|cause| cause.to_string())
            }
            _ => {
                Err("the rules are in=DIR, not-in=DIR, metadata, encoding, oldest, newest, oldest=exif, newest=exif, \
                      shortest-path, name=GLOB, first-argument"
                    .to_owned())
            }
        }
    }

    /// Whether it asks what is in the files.
    #[must_use]
    pub fn asks_metadata(&self) -> bool {
        matches!(self, Self::Metadata | Self::OldestExif | Self::NewestExif)
    }

    /// The rank of a file under this rule: the least stays.
    fn rank(&self, facts: &Facts) -> Rank {
        let paths = || facts.paths.iter();
        let is_below = |folder: &Path| paths().any(|path| path.starts_with(folder));
        match self {
            Self::In(folder) => Rank::of(!is_below(folder)),
            Self::NotIn(folder) => Rank::of(is_below(folder)),
            Self::Metadata => Rank::Of([0, 1, 2, 3].map(|number| i128::from(!has(facts, number)))),
            Self::Encoding => {
                let place = FORMATS.iter().position(|format| *format == facts.format).unwrap_or(FORMATS.len());
                Rank::Of([place as i128, i128::from(facts.bytes), 0, 0])
            }
            Self::Oldest => Rank::number(i128::from(facts.modified_ns)),
            Self::Newest => Rank::number(-i128::from(facts.modified_ns)),
            Self::OldestExif => Rank::Date(facts.date.is_none(), facts.date.as_deref().map(digits)),
            Self::NewestExif => Rank::LateDate(facts.date.is_none(), facts.date.as_deref().map(digits).map(Reverse)),
            Self::ShortestPath => {
                Rank::number(paths().map(|path| path.as_os_str().len()).min().unwrap_or(usize::MAX) as i128)
            }
            Self::Name(glob) => {
                let is_named = |path: &PathBuf| path.file_name().is_some_and(|name| glob.is_match(Path::new(name)));
                Rank::of(!paths().any(is_named))
            }
            Self::FirstArgument => Rank::number(facts.argument as i128),
        }
    }

    /// Why those that are left were chosen before those that are not, as a clause.
    fn reason(&self, left: &[&Facts], passed: &[&Facts]) -> String {
        match self {
            Self::In(folder) => format!("in the folder to keep, {}", folder.display()),
            Self::NotIn(folder) => format!("not in the folder to clean, {}", folder.display()),
            Self::Metadata => {
                let decides = |number: &usize| {
                    left.iter().all(|facts| has(facts, *number)) && !passed.iter().all(|facts| has(facts, *number))
                };
                let names = ["EXIF date", "GPS", "ICC profile", "rating"];
                let named = (0..4).filter(decides).filter_map(|number| names.get(number).copied());
                format!("richest metadata: {}", named.collect::<Vec<_>>().join(", "))
            }
            Self::Encoding => {
                let format = left.first().map_or("", |facts| facts.format.as_str());
                match passed.iter().any(|facts| facts.format == format) {
                    true => format!("best encoding: the smallest {format}"),
                    false => format!("best encoding: {format}"),
                }
            }
            Self::Oldest => "oldest".to_owned(),
            Self::Newest => "newest".to_owned(),
            Self::OldestExif => "oldest by EXIF".to_owned(),
            Self::NewestExif => "newest by EXIF".to_owned(),
            Self::ShortestPath => "shortest path".to_owned(),
            Self::Name(glob) => format!("name matches {}", glob.glob().glob()),
            Self::FirstArgument => "below the first argument".to_owned(),
        }
    }
}

/// Where a file stands under a rule; the least stays. All ranks under one rule are of one kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Of([i128; 4]),
    Date(bool, Option<Vec<u8>>),
    LateDate(bool, Option<Reverse<Vec<u8>>>),
}

impl Rank {
    fn number(number: i128) -> Self {
        Self::Of([number, 0, 0, 0])
    }

    fn of(is_passed: bool) -> Self {
        Self::number(i128::from(is_passed))
    }
}

/// A date of EXIF or XMP in digits alone, down to the second.
fn digits(date: &str) -> Vec<u8> {
    date.bytes().filter(u8::is_ascii_digit).take(14).collect()
}

/// The pieces of metadata that count, in the order in which they do.
fn has(facts: &Facts, number: usize) -> bool {
    match number {
        0 => facts.date.is_some(),
        1 => facts.has_position,
        2 => facts.has_profile,
        _ => facts.has_rating,
    }
}

/// What the rules came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The file with this number stays, for this reason.
    Keeper(usize, String),
    /// The rules leave these.
    Tie(Vec<usize>),
}

/// Which of the files stays.
#[must_use]
pub fn choose(files: &[Facts], rules: &[Rule]) -> Choice {
    let mut left: Vec<(usize, &Facts)> = files.iter().enumerate().collect();
    let mut reasons = Vec::new();
    for rule in rules {
        let Some(best) = left.iter().map(|(_, facts)| rule.rank(facts)).min() else { break };
        let (stay, pass): (Vec<_>, Vec<_>) = left.iter().copied().partition(|(_, facts)| rule.rank(facts) == best);
        if !pass.is_empty() {
            let facts = |files: &[(usize, &'_ Facts)]| files.iter().map(|(at, _)| *at).collect::<Vec<_>>();
            let of = |numbers: Vec<usize>| numbers.into_iter().filter_map(|at| files.get(at)).collect::<Vec<_>>();
            reasons.push(rule.reason(&of(facts(&stay)), &of(facts(&pass))));
        }
        left = stay;
        if left.len() <= 1 {
            break;
        }
    }
    match left[..] {
        [(keeper, _)] => Choice::Keeper(keeper, reasons.join("; then ")),
        _ => Choice::Tie(left.iter().map(|(at, _)| *at).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Facts {
        Facts { paths: vec![path.into()], format: "PNG".to_owned(), bytes: 10, ..Facts::default() }
    }

    fn rules(texts: &[&str]) -> Vec<Rule> {
        texts.iter().map(|text| Rule::parse(OsStr::new(text)).unwrap()).collect()
    }

    fn chosen(files: &[Facts], texts: &[&str]) -> Choice {
        choose(files, &rules(texts))
    }

    /// The second of two is kept by this rule alone, for that reason, and the first where they trade places.
    #[track_caller]
    fn assert_second(rule: &str, first: Facts, second: Facts, reason: &str) {
        let kept = |at| Choice::Keeper(at, reason.to_owned());
        assert_eq!(chosen(&[first.clone(), second.clone()], &[rule]), kept(1), "{rule}");
        assert_eq!(chosen(&[second, first], &[rule]), kept(0), "{rule}");
    }

    #[test]
    fn each_rule_decides() {
        let (a, b) = (file("/x/long.png"), file("/y/b.jpg"));
        assert_second("in=/y", a.clone(), b.clone(), "in the folder to keep, /y");
        assert_second("not-in=/x", a.clone(), b.clone(), "not in the folder to clean, /x");
        assert_second("name=*.jpg", a.clone(), b.clone(), "name matches *.jpg");
        assert_second("shortest-path", a.clone(), b.clone(), "shortest path");
        assert_second("first-argument", Facts { argument: 1, ..a.clone() }, b.clone(), "below the first argument");
        let at = |modified_ns| Facts { modified_ns, ..file("/a") };
        assert_second("oldest", at(5), at(-5), "oldest");
        assert_second("newest", at(-5), at(5), "newest");
        let taken = |date: Option<&str>| Facts { date: date.map(str::to_owned), ..file("/a") };
        let (early, late) = (Some("2020:01:01 00:00:00"), Some("2020-01-01T00:00:01Z"));
        assert_second("oldest=exif", taken(late), taken(early), "oldest by EXIF");
        assert_second("newest=exif", taken(early), taken(late), "newest by EXIF");
        assert_second("oldest=exif", taken(None), taken(late), "oldest by EXIF");
        assert_second("newest=exif", taken(None), taken(early), "newest by EXIF");
        let jpeg = Facts { format: "JPEG".to_owned(), bytes: 99, ..file("/a") };
        assert_second("encoding", file("/b"), jpeg, "best encoding: JPEG");
        assert_second("encoding", file("/b"), Facts { bytes: 9, ..file("/a") }, "best encoding: the smallest PNG");
    }

    #[test]
    fn a_date_goes_before_all_other_metadata() {
        let dated = Facts { date: Some("2020".to_owned()), ..file("/a") };
        let others = Facts { has_position: true, has_profile: true, has_rating: true, ..file("/b") };
        assert_second("metadata", others.clone(), dated.clone(), "richest metadata: EXIF date");
        let both = Facts { has_position: true, ..dated.clone() };
        assert_second("metadata", dated, both.clone(), "richest metadata: GPS");
        assert_second("metadata", file("/c"), both, "richest metadata: EXIF date, GPS");
        assert_second("metadata", file("/c"), others, "richest metadata: GPS, ICC profile, rating");
    }

    #[test]
    fn rules_narrow_in_order_and_may_tie() {
        let old = |path: &str| Facts { modified_ns: -1, ..file(path) };
        let files = [file("/s"), old("/x/long"), old("/y/b")];
        let kept = Choice::Keeper(2, "oldest; then shortest path".to_owned());
        assert_eq!(chosen(&files, &["oldest", "metadata", "shortest-path"]), kept);
        assert_eq!(chosen(&files, &["shortest-path", "oldest"]), Choice::Keeper(0, "shortest path".to_owned()));
        assert_eq!(chosen(&files, &["oldest"]), Choice::Tie(vec![1, 2]));
        assert_eq!(chosen(&files, &["in=/nowhere"]), Choice::Tie(vec![0, 1, 2]));
        assert_eq!(chosen(&files, &[]), Choice::Tie(vec![0, 1, 2]));
        assert_eq!(chosen(&files[..1], &[]), Choice::Keeper(0, String::new()));
    }

    #[test]
    fn any_name_of_a_file_counts_for_and_against_it() {
        let linked = Facts { paths: vec!["/x/a.png".into(), "/y/b.png".into()], ..file("/") };
        assert_eq!(
            chosen(&[file("/z"), linked.clone()], &["in=/y"]),
            Choice::Keeper(1, "in the folder to keep, /y".to_owned())
        );
        let reason = "not in the folder to clean, /y".to_owned();
        assert_eq!(chosen(&[file("/z"), linked.clone()], &["not-in=/y"]), Choice::Keeper(0, reason));
        assert_eq!(
            chosen(&[file("/yy"), linked], &["in=/y"]),
            Choice::Keeper(1, "in the folder to keep, /y".to_owned())
        );
    }

    #[test]
    fn rules_are_read_and_others_refused() {
        for text in ["in", "in=", "metadata=1", "oldest=mtime", "name", "name=[", "", "first"] {
            assert!(Rule::parse(OsStr::new(text)).is_err(), "{text}");
        }
        assert!(DEFAULT.iter().all(|text| Rule::parse(OsStr::new(text)).is_ok()));
    }
}
