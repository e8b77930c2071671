//! Makes full blocks of codes out of those that are partly filled, or have places that nobody refers to any more.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{
    block_rows,
    codes::Codes,
    error::Error,
    near::{Place, Spot},
    placing::Placing,
    rows::{self, COLUMN_COUNT, COLUMNS},
    schema::names,
    seal,
};

/// A block that has fewer pictures than this is merged with others.
const FULL: usize = Place::MOST / 8 * 7;

/// What a row refers to: the number of the rules, the place, and the row.
type Referred = (i64, i64, i64);

/// Merges blocks, within a transaction.
pub(crate) fn merge(connection: &Connection) -> Result<(), Error> {
    let rules = names(connection, "rules")?;
    let mut codes = Codes::new(rules.clone());
    let blocks = blocks_to_merge(connection, &mut codes)?;
    let mut referred = Vec::new();
    {
        let mut statement = connection.prepare("SELECT rules, place, id FROM file WHERE place IS NOT NULL")?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let (rules, place, file): Referred = (row.get(0)?, row.get(1)?, row.get(2)?);
            if blocks.get(&Place::of_number(place).block) != Some(&Fate::Stays) {
                referred.push((rules, place, file));
            }
        }
    }
    referred.sort_unstable();
    for of_rules in referred.chunk_by(|(a, ..), (b, ..)| a == b) {
        let Some((number, name)) = of_rules.first().and_then(|(number, ..)| Some((*number, rules.get(number)?))) else {
            continue;
        };
        move_all(connection, &mut codes, Placing::new((number, name), 0), of_rules)?;
    }
    for (block, _) in blocks.iter().filter(|(_, fate)| **fate == Fate::Goes) {
        connection.prepare_cached("DELETE FROM code_block WHERE id = ?1")?.execute([block])?;
    }
    connection.execute_batch(DROP_PARTS)?;
    Ok(())
}

/// Drops parts of blocks that are gone.
pub(crate) const DROP_PARTS: &str = "DELETE FROM code_part WHERE id / 4 NOT IN (SELECT id FROM code_block);";

/// What becomes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
}

fn blocks_to_merge(connection: &Connection, codes: &mut Codes) -> Result<HashMap<i64, Fate>, Error> {
    let counts: HashMap<i64, i64> = connection
        .prepare("SELECT place >> 11, count(*) FROM file WHERE place IS NOT NULL GROUP BY 1")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let blocks: Vec<(i64, i64, i64)> = connection
        .prepare("SELECT id, rules, places FROM code_block ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let (mut fates, mut partial, mut with_gaps) = (HashMap::new(), HashMap::<i64, Vec<i64>>::new(), HashSet::new());
    for (block, rules, places) in blocks {
        let live = counts.get(&block).copied().unwrap_or(0);
        let is_whole = codes.is_whole(connection, block)?;
        let is_full = usize::try_from(live).is_ok_and(|live| live >= FULL);
        fates.insert(block, if is_whole && is_full { Fate::Stays } else { Fate::Goes });
        if is_whole && !is_full {
            partial.entry(rules).or_default().push(block);
            with_gaps.extend((live < places).then_some(block));
        }
    }
    // One alone without a gap is as good as it gets.
    for blocks in partial.into_values() {
        if let [alone] = blocks[..]
            && !with_gaps.contains(&alone)
        {
            fates.insert(alone, Fate::Stays);
        }
    }
    Ok(fates)
}

fn move_all(
    connection: &Connection,
    codes: &mut Codes,
    mut placing: Placing<'_>,
    referred: &[Referred],
) -> Result<(), Error> {
    let decoders = names(connection, "decoder")?;
    let mut makers = HashMap::new();
    let sql = format!(
        "SELECT {COLUMNS}, folder.inode, volume.identity FROM file JOIN folder ON folder.id = file.folder
         JOIN volume ON volume.id = folder.volume WHERE file.id = ?1"
    );
    let mut read = connection.prepare(&sql)?;
    let mut update = connection.prepare("UPDATE file SET place = ?2, proof = ?3, seal = ?4 WHERE id = ?1")?;
    for (_, _, file) in referred {
        let columns = |row: &Row<'_>| -> rusqlite::Result<_> {
            Ok((rows::read(row), row.get::<_, i64>(COLUMN_COUNT)?, row.get::<_, String>(COLUMN_COUNT + 1)?))
        };
        let Some((Some(found), inode, volume)) = read.query_row([file], columns).optional()? else { continue };
        let maker = *makers.entry(found.decoder).or_insert_with(|| {
            seal::of_maker(placing.rules(), decoders.get(&found.decoder).map_or("", String::as_str))
        });
        let place = seal::of_place(&volume, inode.cast_unsigned());
        let (name, old) = (found.name.clone(), found.spot);
        let (Some(entry), Some(old)) = (found.unsealed(place, maker), old) else { continue };
        let near = codes.find(connection, old)?;
        let is_there = near.is_some();
        let spot = near.map(|near| placing.place(connection, codes, near)).transpose()?;
        let sealed = seal::of_file(place, &name, maker, &entry, spot).cast_signed();
        let proof = spot.map(|Spot { proof, .. }| proof.cast_signed());
        update.execute((file, spot.map(|spot| spot.place), proof, sealed))?;
        if is_there {
            placing.name(*file);
        }
    }
    placing.write(connection)
}

/// What is wrong with the codes, at most so many faults.
pub(crate) fn faults(connection: &Connection, most: usize) -> Result<Vec<String>, Error> {
    let mut codes = Codes::new(names(connection, "rules")?);
    let mut faults = Vec::new();
    let mut right: i64 = 0;
    let mut blocks = connection.prepare("SELECT id FROM code_block ORDER BY id")?;
    let mut blocks = blocks.query([])?;
    let mut read = connection.prepare("SELECT place, proof FROM file WHERE id = ?1")?;
    while let Some(row) = blocks.next()? {
        let block = row.get(0)?;
        let places = block_rows::head(connection, codes.rules(), block)?.map_or(0, |head| head.places);
        if !codes.is_whole(connection, block)? && faults.len() < most {
            faults.push(format!("block {block} of codes is damaged: its seal does not match"));
        }
        for at in 0..u32::try_from(places).unwrap_or(0) {
            let place = Place { block, at };
            let Some(placed) = codes.at(connection, place)? else { continue };
            let named: Option<(Option<i64>, Option<i64>)> =
                read.query_row([placed.file], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let is_right = named == Some((Some(place.number()), Some(placed.near.proof().cast_signed())));
            right += i64::from(is_right);
        }
    }
    let named: i64 = connection.query_row("SELECT count(place) FROM file", [], |row| row.get(0))?;
    if named != right && faults.len() < most {
        faults.push(format!("codes of {} entries are not there as they were written", named - right));
    }
    Ok(faults)
}
