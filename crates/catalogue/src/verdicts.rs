//! What people have said of pairs of pictures: that they are not the same, however near they are.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

use crate::{
    error::Error,
    guard::Watch,
    schema::{Catalogue, Want, connect},
    seal,
};

/// Two pictures of which somebody said that they are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// The smaller of their pixel digests.
    pub a: [u8; 32],
    /// The larger.
    pub b: [u8; 32],
    /// When it was said last, in seconds since 1970.
    pub said_s: i64,
}

/// Two pixel digests, in any order.
pub type DigestPair = ([u8; 32], [u8; 32]);

impl Catalogue {
    /// Keeps that the pictures of each pair are not the same; all pairs or none. A digest with itself is passed over: equal
    /// pixels are a fact.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    ///
    /// # Cost
    /// Blocks until it is on the disk, and while another writes: ten seconds at most.
    pub fn say_differ(&self, pairs: &[DigestPair]) -> Result<(), Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()).cast_signed();
        self.change(|transaction, watch| {
            // What is damaged is written over.
            let sql = "INSERT INTO verdict (a, b, said_s, seal) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (a, b) DO UPDATE SET said_s = ?3, seal = ?4";
            let mut say = transaction.prepare(sql)?;
            for (a, b) in sorted(pairs) {
                watch.rest();
                say.execute((a, b, now, seal::of_verdict(&a, &b, now).cast_signed()))?;
            }
            Ok(())
        })
    }

    /// Forgets what was said of these pairs, and says of how many something was.
    ///
    /// # Errors
    /// If the catalogue cannot be written; then nothing is forgotten.
    ///
    /// # Cost
    /// As [`Catalogue::say_differ`].
    pub fn take_back(&self, pairs: &[DigestPair]) -> Result<u64, Error> {
        self.change(|transaction, watch| {
            let mut forget = transaction.prepare("DELETE FROM verdict WHERE a = ?1 AND b = ?2")?;
            let mut forgotten = 0;
            for pair in sorted(pairs) {
                watch.rest();
                forgotten += forget.execute(pair)? as u64;
            }
            Ok(forgotten)
        })
    }

    /// Hands over all that was said, in the order in which it was said first. Says how many rows were left out, for they are
    /// damaged.
    ///
    /// # Errors
    /// If the catalogue cannot be read; what was handed over by then was said.
    ///
    /// # Cost
    /// Less than a microsecond a pair; memory does not grow with their number.
    pub fn verdicts(&self, take: &mut dyn FnMut(Verdict)) -> Result<u64, Error> {
        let mut connection = connect(self.path(), Want::Read)?;
        let watch = Watch::over(&mut connection)?;
        let mut damaged = 0;
        each(&connection, &watch, &mut |_, verdict| match verdict {
            Some(verdict) => take(verdict),
            None => damaged += 1,
        })?;
        Ok(damaged)
    }

    fn change<T>(&self, work: impl FnOnce(&Transaction<'_>, &Watch) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = connect(self.path(), Want::Write)?;
        let watch = Watch::over(&mut connection)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction, &watch)?;
        watch.rest();
        transaction.commit()?;
        Ok(done)
    }
}

/// The pairs, each once and the smaller first.
fn sorted(pairs: &[DigestPair]) -> BTreeSet<DigestPair> {
    let two = pairs.iter().filter(|(a, b)| a != b);
    two.map(|(a, b)| (*a.min(b), *a.max(b))).collect()
}

/// Goes through the rows with their numbers; nothing for one that is damaged.
fn each(connection: &Connection, watch: &Watch, take: &mut dyn FnMut(i64, Option<Verdict>)) -> Result<(), Error> {
    let mut statement = connection.prepare("SELECT id, a, b, said_s, seal FROM verdict ORDER BY id")?;
    watch.rest();
    let (mut found, mut last) = (statement.query([])?, None);
    while let Some(row) = found.next()? {
        watch.rest();
        let number: i64 = row.get(0)?;
        // A whole table has its rows in order.
        if last.replace(number).is_some_and(|last| last >= number) {
            return Err(Error::Endless);
        }
        take(number, read(row));
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Option<Verdict> {
    let digest = |at| <[u8; 32]>::try_from(row.get_ref(at).ok()?.as_blob().ok()?).ok();
    let (a, b) = digest(1).zip(digest(2)).filter(|(a, b)| a < b)?;
    let (said_s, sealed): (i64, i64) = (row.get(3).ok()?, row.get(4).ok()?);
    (seal::of_verdict(&a, &b, said_s).cast_signed() == sealed).then_some(Verdict { a, b, said_s })
}

/// Drops what is damaged.
pub(crate) fn drop_damaged(connection: &Connection) -> Result<(), Error> {
    let mut damaged = Vec::new();
    each(connection, &Watch::default(), &mut |number, verdict| damaged.extend(verdict.is_none().then_some(number)))?;
    let mut delete = connection.prepare("DELETE FROM verdict WHERE id = ?1")?;
    damaged.iter().try_for_each(|number| delete.execute([number]).map(|_| ()))?;
    Ok(())
}
