//! Bounds on what a file can cost that is damaged, or that somebody made to harm.

use std::{
    collections::BTreeSet,
    ffi::c_int,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use rusqlite::{Connection, limits::Limit};

use crate::error::Error;

/// No row is longer, and none is read that says it is: the writer keeps less.
const MOST_ROW_BYTES: i32 = 16 << 20;

/// After so many instructions of SQLite it is asked whether to go on: every few hundredths of a second.
const INSTRUCTIONS: c_int = 1_000_000;

/// How often it may be asked for one row. To find a row takes a hundred instructions; pages that point to each other in
/// the shape of a tree of twenty levels can take more than there will ever be time for.
const MOST_TICKS: u32 = 5;

/// Stops a query that comes to no end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<AtomicU32>);

impl Watch {
    /// Watches all queries of this connection.
    pub(crate) fn over(connection: &mut Connection) -> Result<Self, Error> {
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOST_ROW_BYTES)?;
        let watch = Self::default();
        let ticks = Arc::clone(&watch.0);
        let is_enough = move || ticks.fetch_add(1, Ordering::Relaxed) >= MOST_TICKS;
        connection.progress_handler(INSTRUCTIONS, Some(is_enough))?;
        Ok(watch)
    }

    /// A query begins, or has come to a row.
    pub(crate) fn rest(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Lets queries of this connection take any time.
pub(crate) fn unwatch(connection: &mut Connection) -> Result<(), Error> {
    Ok(connection.progress_handler(0, None::<fn() -> bool>)?)
}

/// Type, name, table and statement of whatever belongs to a table.
type Object = (String, String, String, Option<String>);

/// Makes sure that our tables are those that these statements make, and that nothing hangs on them: a view in the place of a
/// table could give back anything, for ever, and a trigger could write anything.
pub(crate) fn check_schema(connection: &Connection, statements: &[&str]) -> Result<(), Error> {
    let ours = Connection::open_in_memory()?;
    statements.iter().try_for_each(|statement| ours.execute_batch(statement))?;
    let ours = objects(&ours)?;
    // Tables and views of the user's own are no harm.
    let is_of_ours = |(_, name, table, _): &Object| ours.iter().any(|(_, _, known, _)| known == table || known == name);
    let found: BTreeSet<Object> = objects(connection)?.into_iter().filter(is_of_ours).collect();
    if found == ours { Ok(()) } else { Err(Error::Damaged("its tables are not those of its version".to_owned())) }
}

fn objects(connection: &Connection) -> Result<BTreeSet<Object>, Error> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT 1000")?;
    let objects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(objects.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_end_is_stopped_and_the_next_is_not() {
        let mut connection = Connection::open_in_memory().unwrap();
        let watch = Watch::over(&mut connection).unwrap();
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let ended = connection.query_row(endless, [], |_| Ok(())).unwrap_err();
        assert!(matches!(Error::from(ended), Error::Endless));
        watch.rest();
        connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
        connection.query_row("SELECT zeroblob(900000000)", [], |_| Ok(())).unwrap_err();
    }

    #[test]
    fn what_hangs_on_our_tables_is_seen() {
        let ours = ["CREATE TABLE a (x)", "CREATE INDEX b ON a (x)"];
        let of = |more: &str| {
            let connection = Connection::open_in_memory().unwrap();
            ours.iter().for_each(|statement| connection.execute_batch(statement).unwrap());
            connection.execute_batch(more).unwrap();
            check_schema(&connection, &ours).is_ok()
        };
        assert!(of("") && of("CREATE VIEW mine AS SELECT x FROM a") && of("CREATE TABLE mine (a)") && of("ANALYZE"));
        assert!(!of("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END"));
        assert!(!of("CREATE INDEX more ON a (x)") && !of("DROP INDEX b") && !of("ALTER TABLE a ADD COLUMN y"));
        assert!(!of("DROP TABLE a; CREATE VIEW a AS SELECT 1 AS x"));
    }
}
