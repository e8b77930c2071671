//! Goes through the codes of all pictures, and says whose those are that were found.

use std::ops::Range;

use crate::{
    ask::Holder,
    block::Planes,
    block_rows::{HEAD_COLUMNS, Head, read_planes},
    error::Error,
    near::Place,
    reader::Reader,
    schema::Catalogue,
};

/// All codes that are known by the rules of a catalogue's maker, as they were at one time: what others write meanwhile is not
/// seen, and places stay what they are.
#[derive(Debug)]
pub struct Sweep {
    reader: Reader,
    left_out: u64,
}

/// The codes of up to [`Place::MOST`] pictures: of each the first 128 bits.
#[derive(Clone, Copy, Debug)]
pub struct BlockView<'a> {
    block: i64,
    planes: &'a Planes,
}

impl BlockView<'_> {
    /// Its number, for [`Place::block`].
    #[must_use]
    pub fn id(&self) -> i64 {
        self.block
    }

    /// How many places it has. Some may be of pictures that are gone: [`Sweep::holders_at`] finds nobody there.
    #[must_use]
    pub fn places(&self) -> usize {
        self.planes.places
    }

    /// A bit for each code of a picture that is worth comparing, place by place.
    #[must_use]
    pub fn usable(&self) -> &[u32] {
        &self.planes.usable
    }

    /// A word, 0 or 1, of the code at this position, place by place. Empty where it was not asked for.
    #[must_use]
    pub fn plane(&self, position: usize, word: usize) -> &[u64] {
        self.planes.plane(position, word)
    }
}

impl Catalogue {
    /// Begins to go through codes.
    ///
    /// # Errors
    /// If the catalogue cannot be read, or nothing was ever kept by the maker's rules.
    pub fn sweep(&self) -> Result<Sweep, Error> {
        let reader = self.reader()?;
        // The rules are looked for before: a first look at the same state as all others would have to be in the transaction.
        if reader.rules().is_none() {
            return Err(Error::Ignorant);
        }
        reader.connection().execute_batch("BEGIN")?;
        Ok(Sweep { reader, left_out: 0 })
    }
}

impl Sweep {
    /// Hands over all blocks, with the planes of the codes at these positions. What is damaged is left out.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    ///
    /// # Cost
    /// 16 bytes a picture and position, through memory of a MiB. Positions before the first are read as well, and dropped.
    pub fn each(&mut self, positions: Range<usize>, take: &mut dyn FnMut(BlockView<'_>)) -> Result<(), Error> {
        let (connection, watch) = (self.reader.connection(), self.reader.watch());
        let sql = format!("SELECT {HEAD_COLUMNS} FROM code_block WHERE rules = ?1 ORDER BY id");
        let mut statement = connection.prepare_cached(&sql)?;
        watch.rest();
        let mut found = statement.query([self.reader.rules()])?;
        let (mut opened, mut planes, mut last, mut left_out) = (None, Planes::default(), None, 0);
        while let Some(row) = found.next()? {
            watch.rest();
            let block: i64 = row.get(0)?;
            // A whole table has its rows in order.
            if last.replace(block).is_some_and(|last| last >= block) {
                return Err(Error::Endless);
            }
            let is_whole = match Head::of(row, self.reader.codes().rules()) {
                Some(head) => read_planes(connection, &mut opened, head, positions.clone(), &mut planes)?,
                None => false,
            };
            if is_whole {
                take(BlockView { block, planes: &planes });
            } else {
                left_out += 1;
            }
        }
        self.left_out += left_out;
        Ok(())
    }

    /// Who is at these places, in their order, with what near search keeps of each. Nobody is at places of files that are
    /// gone or have changed, and what is damaged is left out.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    ///
    /// # Cost
    /// Half a millisecond a block that is met.
    pub fn holders_at(&mut self, places: &[Place]) -> Result<Vec<(Place, Holder)>, Error> {
        let mut places = places.to_vec();
        places.sort_unstable();
        places.dedup();
        self.reader.holders_of(&places)
    }

    /// How many blocks were left out by [`Sweep::each`], for they are damaged.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether anything was met that is not as it was written; it was not used.
    #[must_use]
    pub fn has_met_damage(&self) -> bool {
        self.left_out > 0 || self.reader.has_met_damage()
    }
}
