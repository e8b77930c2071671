//! Reads the codes of single pictures. Those of neighbours lie beside each other, mostly: the blocks read last are held.

use std::{collections::HashMap, ops::Range};

use rusqlite::Connection;

use crate::{
    block::{IN_PART, PARTS, Part, Placed, Planes, near_of},
    block_rows::{head, part, read_planes},
    error::Error,
    near::{Near, Place, Spot},
};

/// How many blocks are held, of two MiB at most.
const MOST_HELD: usize = 3;

/// All codes.
const ALL: Range<usize> = 0..Near::CODES;

/// Reads codes of single pictures.
#[derive(Debug)]
pub(crate) struct Codes {
    /// The names of rules, by their numbers.
    rules: HashMap<i64, String>,
    /// The blocks that were read last, the latest at the end.
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    block: i64,
    /// Nothing where it is damaged.
    planes: Option<Planes>,
    parts: [PartHeld; PARTS],
}

#[derive(Debug, Default)]
enum PartHeld {
    #[default]
    Unread,
    Damaged,
    Whole(Part),
}

impl Codes {
    pub(crate) fn new(rules: HashMap<i64, String>) -> Self {
        Self { rules, held: Vec::new() }
    }

    pub(crate) fn rules(&self) -> &HashMap<i64, String> {
        &self.rules
    }

    /// Forgets what was read: others may have written since.
    pub(crate) fn clear(&mut self) {
        self.held.clear();
    }

    pub(crate) fn know_rules(&mut self, number: i64, name: &str) {
        self.rules.entry(number).or_insert_with(|| name.to_owned());
    }

    /// What a row means; nothing where it is not there as it was written.
    pub(crate) fn find(&mut self, connection: &Connection, spot: Spot) -> Result<Option<Near>, Error> {
        let found = self.at(connection, Place::of_number(spot.place))?;
        Ok(found.map(|found| found.near).filter(|near| near.proof() == spot.proof))
    }

    /// What lies at a place; nothing where the block is damaged, or has no such place.
    pub(crate) fn at(&mut self, connection: &Connection, place: Place) -> Result<Option<Placed>, Error> {
        let at = place.at as usize;
        let Some(held) = self.hold(connection, place.block)? else { return Ok(None) };
        let Some(planes) = held.planes.as_ref().filter(|planes| at < planes.places) else { return Ok(None) };
        let Some(slot) = held.parts.get_mut(at / IN_PART) else { return Ok(None) };
        if matches!(slot, PartHeld::Unread) {
            let read = part(connection, place.block, planes.places, at / IN_PART)?;
            *slot = read.map_or(PartHeld::Damaged, PartHeld::Whole);
        }
        let PartHeld::Whole(part) = slot else { return Ok(None) };
        let found = near_of(planes, part, at).zip(part.file(at % IN_PART));
        Ok(found.map(|(near, file)| Placed { file, near }))
    }

    /// Whether all of a block is as it was written.
    pub(crate) fn is_whole(&mut self, connection: &Connection, block: i64) -> Result<bool, Error> {
        let places = self.hold(connection, block)?.and_then(|held| held.planes.as_ref()).map_or(0, |held| held.places);
        let firsts = (0..places).step_by(IN_PART).map(|at| Place { block, at: u32::try_from(at).unwrap_or(u32::MAX) });
        for first in firsts {
            if self.at(connection, first)?.is_none() {
                return Ok(false);
            }
        }
        Ok(places > 0)
    }

    fn hold(&mut self, connection: &Connection, block: i64) -> Result<Option<&mut Held>, Error> {
        let found = match self.held.iter().position(|held| held.block == block) {
            Some(at) => self.held.remove(at),
            None => {
                let oldest = if self.held.len() < MOST_HELD { None } else { Some(self.held.remove(0)) };
                // Its memory serves the next.
                let mut planes = oldest.and_then(|oldest| oldest.planes).unwrap_or_default();
                let head = head(connection, &self.rules, block)?;
                let is_whole = match head {
                    Some(head) => read_planes(connection, &mut None, head, ALL, &mut planes)?,
                    None => false,
                };
                Held { block, planes: is_whole.then_some(planes), parts: Default::default() }
            }
        };
        self.held.push(found);
        Ok(self.held.last_mut())
    }
}
