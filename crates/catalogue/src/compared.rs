//! Says how much near search does not know.

use crate::{
    error::Error,
    guard::Watch,
    schema::{Catalogue, Want, connect},
};

impl Catalogue {
    /// How many files are known to be pictures, by whatever rules, and have neither codes nor a digest by the maker's: these a
    /// sweep does not compare. Where the maker keeps no codes, those of which nothing is known by its rules. What was imported counts. Where the maker's are the only rules, none: what has no codes by
    /// them was looked at and listed.
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
        let is_enough = if self.maker.near { "(place IS NOT NULL OR digest IS NOT NULL)" } else { "TRUE" };
        let sql = format!(
            "SELECT folder, name, rules, width IS NOT NULL,
             {is_enough} AND rules = (SELECT id FROM rules WHERE name = ?1) FROM file ORDER BY folder, name, rules"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut found = statement.query([&self.maker.rules])?;
        let (mut count, mut file) = (0, File::default());
        while let Some(row) = found.next()? {
            watch.rest();
            let (folder, rules): (i64, i64) = (row.get(0)?, row.get(2)?);
            let name = row.get_ref(1)?.as_bytes_or_null().unwrap_or_default().unwrap_or_default();
            let (is_picture, is_compared): (bool, Option<bool>) = (row.get(3)?, row.get(4)?);
            if file.folder == Some(folder) && *file.name == *name {
                if file.rules >= rules {
                    return Err(Error::Endless);
                }
            } else {
                // A whole index has its rows in order.
                if file.folder.is_some_and(|last| (last, &*file.name) > (folder, name)) {
                    return Err(Error::Endless);
                }
                count += file.count();
                file = File { folder: Some(folder), name: name.to_vec(), ..File::default() };
            }
            file.rules = rules;
            file.is_picture |= is_picture;
            file.is_compared |= is_compared.unwrap_or(false);
        }
        Ok(count + file.count())
    }
}

/// A file, by all rules that it is known by.
#[derive(Debug, Default)]
struct File {
    folder: Option<i64>,
    name: Vec<u8>,
    rules: i64,
    is_picture: bool,
    is_compared: bool,
}

impl File {
    fn count(&self) -> u64 {
        u64::from(self.is_picture && !self.is_compared)
    }
}
