//! Says how much near search does not know.

use crate::{
    error::Error,
    guard::Watch,
    per_file::{OWN, each_row},
    schema::{Catalogue, Want, connect},
};

impl Catalogue {
    /// How many files are known to be pictures, by whatever rules, and have neither codes nor a digest by the maker's, nor a
    /// reason why not, which was listed: these a sweep does not compare. Where the maker keeps no codes, those of which nothing is known by its rules. What was imported
    /// counts. Where the maker's are the only rules, none: what has no codes by them was looked at and listed.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    ///
    /// # Cost
    /// Goes through all entries, one after the other; nothing where all are of the maker's rules.
    pub fn count_without_near(&self) -> Result<u64, Error> {
        let mut connection = connect(self.path(), Want::Read)?;
        let watch = Watch::over(&mut connection)?;
        let others = "SELECT count(*) FROM rules WHERE name <> ?1";
        if connection.query_row(others, [&self.maker.rules], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(0);
        }
        let is_enough =
            if self.maker.near { "(place IS NOT NULL OR digest IS NOT NULL OR failures IS NOT NULL)" } else { "TRUE" };
        let columns = format!("width IS NOT NULL, {is_enough} AND rules = (SELECT id FROM rules WHERE name = ?1)");
        let (mut count, mut file) = (0, File::default());
        each_row((&connection, &watch), &columns, [&self.maker.rules], &mut |standing, row| {
            if standing.is_first {
                count += std::mem::take(&mut file).count();
            }
            file.is_picture |= row.get::<_, bool>(OWN)?;
            file.is_compared |= row.get::<_, Option<bool>>(OWN + 1)?.unwrap_or(false);
            Ok(())
        })?;
        Ok(count + file.count())
    }
}

/// A file, by all rules that it is known by.
#[derive(Debug, Default)]
struct File {
    is_picture: bool,
    is_compared: bool,
}

impl File {
    fn count(&self) -> u64 {
        u64::from(self.is_picture && !self.is_compared)
    }
}
