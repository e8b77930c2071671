//! Makes one row of what is known of a file by pixels and by near search.

use pixtwin_catalogue::Kept;
use pixtwin_export::Entry;

use crate::catalogue::transfer::{entry_of, rules_of};

/// Entries come file by file; those of one file by different rules come one after the other.
pub(super) struct Joined<'a> {
    /// Those of pixels, and those of near search with the same pixels.
    rules: &'a [String],
    /// What is known of the file that came last, by each.
    last: Vec<Option<Entry>>,
}

impl<'a> Joined<'a> {
    pub(super) fn new(rules: &'a [String]) -> Self {
        Self { rules, last: vec![None; rules.len()] }
    }

    /// Takes an entry, and gives back the row of the file before, if that is complete.
    pub(super) fn take(&mut self, kept: &Kept) -> Option<Entry> {
        let at = self.rules.iter().position(|rules| *rules == kept.rules)?;
        let mut entry = entry_of(kept)?;
        if let (1.., Some(pixels)) = (at, self.rules.first()) {
            // A digest is the same whatever it was computed for; what the key of the first rows means, only pixels say.
            (entry.rules, entry.first_rows) = (rules_of(pixels, &kept.decoder), None);
        }
        let is_same = self.last.iter().flatten().all(|last| (&last.volume, &last.path) == (&entry.volume, &entry.path));
        let before = if is_same { None } else { self.finish() };
        self.last.iter_mut().skip(at).take(1).for_each(|last| *last = Some(entry.clone()));
        before
    }

    /// The row of the last file: what pixels know, with what the others have learnt of it in the same state.
    pub(super) fn finish(&mut self) -> Option<Entry> {
        let mut known = self.last.iter_mut().filter_map(Option::take);
        let mut entry = known.next()?;
        for other in known.filter(|other| state(other) == state(&entry)).collect::<Vec<_>>() {
            if entry.pdq.is_none() {
                (entry.pdq, entry.pdq_quality) = (other.pdq, other.pdq_quality);
            }
            // Of another decoder it could be another.
            if entry.digest.is_none() && other.rules == entry.rules {
                (entry.digest, entry.frames) = (other.digest, other.frames);
            }
            entry.payload = entry.payload.or(other.payload);
            entry.blake3 = entry.blake3.or(other.blake3);
        }
        Some(entry)
    }
}

/// What changes with a file.
fn state(entry: &Entry) -> [u64; 4] {
    [entry.inode, entry.size, entry.modified_ns.cast_unsigned(), entry.changed_ns.cast_unsigned()]
}

#[cfg(test)]
mod tests {
    use pixtwin_catalogue::{Entry as Known, Facts, Header, Near, Stamp};

    use super::*;

    fn kept(path: &str, rules: &str, changed_ns: i64) -> Kept {
        let near = Near { codes: [[1, 2, 3, 1 << 63]; 28], usable: 1, quality: 99, rest: Box::default() };
        let facts = Facts {
            format: Some("PNG".to_owned()),
            header: Some(Header { width: 4, height: 3, head_bytes: 0, whole_bytes: 0, first_rows: 0 }),
            digest: (!path.ends_with("undigested") || rules == "turned").then_some([7; 32]),
            near: (rules == "similar").then(|| Box::new(near)),
            ..Facts::default()
        };
        Kept {
            path: path.into(),
            volume: "ext4 1".to_owned(),
            host: "host".to_owned(),
            is_mounted: true,
            rules: rules.to_owned(),
            decoder: "png 1".to_owned(),
            entry: Known { stamp: Stamp { inode: 1, size: 2, modified_ns: 3, changed_ns }, facts },
        }
    }

    #[test]
    fn a_file_has_one_row() {
        let rules = ["pixels", "similar", "turned"].map(str::to_owned);
        let mut joined = Joined::new(&rules);
        let entries = [
            kept("/both", "similar", 4),
            kept("/both", "bytes", 4),
            kept("/both", "pixels", 4),
            kept("/changed", "pixels", 4),
            kept("/changed", "similar", 5),
            kept("/near", "similar", 4),
            kept("/pixels", "pixels", 4),
            kept("/turned", "turned", 4),
            kept("/undigested", "pixels", 4),
            kept("/undigested", "turned", 4),
            kept("/undigested", "similar", 4),
        ];
        let mut rows: Vec<Entry> = entries.iter().filter_map(|kept| joined.take(kept)).collect();
        rows.extend(joined.finish());
        let shown = |row: &Entry| {
            let quality = row.pdq_quality.map(|quality| quality.to_string()).unwrap_or_default();
            format!("{} {} {} {quality}", row.path_text().unwrap(), row.rules, row.digest.is_some())
        };
        let expected = [
            "/both pixels; png 1 true 99",
            "/changed pixels; png 1 true ",
            "/near pixels; png 1 true 99",
            "/pixels pixels; png 1 true ",
            "/turned pixels; png 1 true ",
            "/undigested pixels; png 1 true 99",
        ];
        assert_eq!(rows.iter().map(shown).collect::<Vec<_>>(), expected);
        // The highest bit comes first, as the reference prints it.
        let pdq = rows[0].pdq.unwrap();
        assert_eq!((pdq[0], pdq[31], pdq[23], pdq[15]), (0x80, 1, 2, 3));
        assert!(joined.finish().is_none());
    }
}
