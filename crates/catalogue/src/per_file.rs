//! Goes through what is known file by file, by whatever rules it is known.

use rusqlite::{Connection, Params, Row};

use crate::{error::Error, guard::Watch};

/// Where a row stands: what belongs to a file follows each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// It is the first of its file.
    pub(crate) is_first: bool,
    pub(crate) folder: i64,
    pub(crate) rules: i64,
}

/// The first column of the caller's own.
pub(crate) const OWN: usize = 3;

/// Hands over every row of the table `file` with these columns behind [`OWN`], those of one file together.
///
/// # Errors
/// If the catalogue cannot be read, or its index leads in a circle.
pub(crate) fn each_row(
    (connection, watch): (&Connection, &Watch),
    columns: &str,
    parameters: impl Params,
    take: &mut dyn FnMut(Standing, &Row<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = format!("SELECT folder, name, rules, {columns} FROM file ORDER BY folder, name, rules");
    let mut statement = connection.prepare(&sql)?;
    let mut found = statement.query(parameters)?;
    let mut last: Option<(i64, Vec<u8>, i64)> = None;
    while let Some(row) = found.next()? {
        watch.rest();
        let (folder, rules): (i64, i64) = (row.get(0)?, row.get(2)?);
        let name = row.get_ref(1)?.as_bytes_or_null().unwrap_or_default().unwrap_or_default();
        // A whole index has its rows in order.
        if last.as_ref().is_some_and(|(at, before, by)| (*at, &**before, *by) >= (folder, name, rules)) {
            return Err(Error::Endless);
        }
        let is_first = last.as_ref().is_none_or(|(at, before, _)| (*at, &**before) != (folder, name));
        match &mut last {
            Some(last) if !is_first => last.2 = rules,
            _ => last = Some((folder, name.to_vec(), rules)),
        }
        take(Standing { is_first, folder, rules }, row)?;
    }
    Ok(())
}
