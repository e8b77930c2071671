//! Gives the codes of a transaction places in blocks.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    block::{IN_PART, Placed},
    block_rows,
    codes::Codes,
    error::Error,
    near::{Near, Place, Spot},
};

/// A block is written again with what comes if it has no more than so many times as many pictures: what comes slowly makes
/// no small blocks, and nothing is written more than some ten times.
const GROWTH: usize = 16;

/// The same of a block that has no more pictures than this.
const SMALL: usize = 256;

/// The block that is being filled.
#[derive(Debug)]
pub(crate) struct Placing<'a> {
    rules: (i64, &'a str),
    /// How many codes will come, about.
    incoming: usize,
    block: Option<i64>,
    pictures: Vec<Placed>,
    /// How many of them are written already.
    written: usize,
}

impl<'a> Placing<'a> {
    pub(crate) fn new(rules: (i64, &'a str), incoming: usize) -> Self {
        Self { rules, incoming, block: None, pictures: Vec::new(), written: 0 }
    }

    pub(crate) fn rules(&self) -> &str {
        self.rules.1
    }

    /// A place for the codes of the file that is written next; [`Placing::name`] says which that was.
    pub(crate) fn place(&mut self, connection: &Connection, codes: &mut Codes, near: Near) -> Result<Spot, Error> {
        if self.pictures.len() >= Place::MOST {
            self.write(connection)?;
        }
        let block = match self.block {
            Some(block) => block,
            None => self.open(connection, codes)?,
        };
        self.block = Some(block);
        let at = u32::try_from(self.pictures.len()).unwrap_or(u32::MAX);
        let spot = Spot { place: Place { block, at }.number(), proof: near.proof() };
        self.pictures.push(Placed { file: 0, near });
        Ok(spot)
    }

    /// Says which file the last place is of.
    pub(crate) fn name(&mut self, file: i64) {
        self.pictures.last_mut().into_iter().for_each(|picture| picture.file = file);
    }

    /// Writes the block that is being filled.
    pub(crate) fn write(&mut self, connection: &Connection) -> Result<(), Error> {
        if let Some(block) = self.block.take() {
            block_rows::write(connection, block, self.rules, &self.pictures, self.written / IN_PART)?;
            self.pictures.clear();
            // What follows is a block of its own.
            (self.written, self.incoming) = (0, 0);
        }
        Ok(())
    }

    /// The block to fill: the last, if it is small beside what comes, or a new one.
    fn open(&mut self, connection: &Connection, codes: &mut Codes) -> Result<i64, Error> {
        let sql = "SELECT id, places FROM code_block WHERE rules = ?1 ORDER BY id DESC LIMIT 1";
        let last: Option<(i64, i64)> = connection
            .prepare_cached(sql)?
            .query_row([self.rules.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let most = (self.incoming * GROWTH).clamp(SMALL, Place::MOST);
        if let Some((block, places)) = last
            && self.incoming > 0
            && usize::try_from(places).is_ok_and(|places| places < most)
            && self.take_over(connection, codes, block, places)?
        {
            return Ok(block);
        }
        let newest: Option<i64> = connection.query_row("SELECT max(id) FROM code_block", [], |row| row.get(0))?;
        // Numbers of blocks are small, so that those of places are numbers.
        let newest = newest.unwrap_or(0).max(0);
        if newest > i64::MAX / Place::MOST as i64 / 2 {
            return Err(Error::Damaged("its blocks have numbers that it never gave them".to_owned()));
        }
        Ok(newest + 1)
    }

    /// Takes the pictures of a block, if all of it is whole.
    fn take_over(
        &mut self,
        connection: &Connection,
        codes: &mut Codes,
        block: i64,
        places: i64,
    ) -> Result<bool, Error> {
        for at in 0..u32::try_from(places).unwrap_or(0) {
            let Some(picture) = codes.at(connection, Place { block, at })? else {
                self.pictures.clear();
                return Ok(false);
            };
            self.pictures.push(picture);
        }
        self.written = self.pictures.len();
        Ok(true)
    }
}
