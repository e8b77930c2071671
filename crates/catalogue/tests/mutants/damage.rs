//! What can happen to the file of a catalogue, and what somebody could do to it.

use std::{fs, path::Path};

use pixtwin_testkit::draw::Seeded;
use rusqlite::Connection;

use crate::world::Files;

const PAGE: usize = 32768;

/// One damage.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Damage {
    Bits,
    Header,
    Truncated,
    Extended,
    RangeElsewhere,
    CellOverAnother,
    Pointers,
    PageHead,
    PagesSwapped,
    PageOverAnother,
    Schema,
    Filled,
    LongCell,
    Log,
    LogGone,
    Statements,
}

const ALL: [Damage; 16] = [
    Damage::Bits,
    Damage::Header,
    Damage::Truncated,
    Damage::Extended,
    Damage::RangeElsewhere,
    Damage::CellOverAnother,
    Damage::Pointers,
    Damage::PageHead,
    Damage::PagesSwapped,
    Damage::PageOverAnother,
    Damage::Schema,
    Damage::Filled,
    Damage::LongCell,
    Damage::Log,
    Damage::LogGone,
    Damage::Statements,
];

impl Damage {
    pub(crate) fn any(random: &mut Seeded) -> Self {
        // Statements get behind more checks than bytes do.
        if random.below(4) == 0 { Self::Statements } else { ALL[random.below(ALL.len() as u32) as usize] }
    }

    pub(crate) fn apply(self, files: &mut Files, random: &mut Seeded, loose: &Loose, place: &Path) {
        let Files { pages, log } = files;
        match self {
            Self::Bits => {
                for _ in 0..=random.below(16) {
                    let at = below(random, pages.len());
                    pages[at] ^= 1 << random.below(8);
                }
            }
            Self::Header => (0..=random.below(4)).for_each(|_| {
                let at = below(random, 100);
                pages[at] = odd_byte(random);
            }),
            Self::Truncated => {
                let len = below(random, pages.len());
                pages.truncate(if random.below(2) == 0 { len } else { len / PAGE * PAGE });
            }
            Self::Extended => {
                let len = pages.len() + below(random, 5 * PAGE);
                let value = odd_byte(random);
                pages.resize(len, value);
            }
            Self::RangeElsewhere => {
                let len = 1 + below(random, 600);
                let (from, to) = (below(random, pages.len() - len), below(random, pages.len() - len));
                pages.copy_within(from..from + len, to);
            }
            Self::CellOverAnother => cell_over_another(pages, random),
            Self::Pointers => pointers(pages, random),
            Self::PageHead => (0..=random.below(3)).for_each(|_| {
                let at = below(random, pages.len() / PAGE) * PAGE + below(random, 200);
                pages[at] = odd_byte(random);
            }),
            Self::PagesSwapped => {
                let (one, other) = (page(random, pages), page(random, pages));
                let (first, second) = (pages[one..one + PAGE].to_vec(), pages[other..other + PAGE].to_vec());
                pages[one..one + PAGE].copy_from_slice(&second);
                pages[other..other + PAGE].copy_from_slice(&first);
            }
            Self::PageOverAnother => {
                let (from, to) = (page(random, pages), page(random, pages));
                pages.copy_within(from..from + PAGE, to);
            }
            Self::Schema => {
                for _ in 0..=random.below(20) {
                    let at = 100 + below(random, PAGE - 100);
                    pages[at] = odd_byte(random);
                }
            }
            Self::Filled => {
                let (from, len) = (below(random, pages.len()), 1 + below(random, 2 * PAGE));
                let (end, value) = ((from + len).min(pages.len()), odd_byte(random));
                pages[from..end].fill(value);
            }
            Self::LongCell => {
                // A cell of a leaf begins with its length: a number of up to nine bytes.
                if let Some(cell) = cells(pages, random).first() {
                    let len = 1 + below(random, 6);
                    pages[*cell..*cell + len].fill(0xff);
                }
            }
            Self::Log if !log.is_empty() => {
                for _ in 0..=random.below(4) {
                    let end = if random.below(2) == 0 { 56 } else { log.len() };
                    let at = below(random, end);
                    log[at] = odd_byte(random);
                }
                if random.below(3) == 0 {
                    log.truncate(below(random, log.len()));
                }
            }
            Self::LogGone => log.clear(),
            Self::Log | Self::Statements => {
                log.clear();
                *pages = loose.edited(random, place);
            }
        }
    }
}

fn below(random: &mut Seeded, end: usize) -> usize {
    random.below(end.max(1) as u32) as usize
}

fn odd_byte(random: &mut Seeded) -> u8 {
    match random.below(8) {
        known @ 0..=5 => [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff][known as usize],
        _ => random.number() as u8,
    }
}

/// Where a page begins.
fn page(random: &mut Seeded, pages: &[u8]) -> usize {
    below(random, pages.len() / PAGE) * PAGE
}

/// Where the cells of a page that has some begin, in random order of pages.
fn cells(pages: &[u8], random: &mut Seeded) -> Vec<usize> {
    for _ in 0..20 {
        let start = page(random, pages);
        let head = if start == 0 { 100 } else { start };
        let count = usize::from(u16::from_be_bytes([pages[head + 3], pages[head + 4]]));
        let is_leaf = matches!(pages[head], 0x0a | 0x0d);
        if !is_leaf || !(2..=500).contains(&count) {
            continue;
        }
        let pointers = pages[head + 8..].as_chunks::<2>().0.iter().take(count);
        let mut cells: Vec<usize> = pointers.map(|cell| start + usize::from(u16::from_be_bytes(*cell))).collect();
        cells.retain(|cell| *cell + 600 < start + PAGE);
        if cells.len() >= 2 {
            let turn = below(random, cells.len());
            cells.rotate_left(turn);
            return cells;
        }
    }
    Vec::new()
}

/// One row becomes another, whole or in part.
fn cell_over_another(pages: &mut [u8], random: &mut Seeded) {
    let cells = cells(pages, random);
    let [to, .., from] = cells[..] else { return };
    let skip = if random.below(2) == 0 { 0 } else { below(random, 60) };
    let len = 1 + below(random, 500);
    pages.copy_within(from + skip..(from + skip + len).min(from + 600), to + skip);
}

/// Pages that point elsewhere: children of a tree, cells of a page, chains of long values and of free pages.
fn pointers(pages: &mut [u8], random: &mut Seeded) {
    let count = pages.len() / PAGE;
    let target = (1 + below(random, count + 1)) as u32;
    let start = page(random, pages);
    let head = if start == 0 { 100 } else { start };
    match random.below(4) {
        0 => pages[start..start + 4].copy_from_slice(&target.to_be_bytes()),
        1 => pages[head + 8..head + 12].copy_from_slice(&target.to_be_bytes()),
        2 => {
            let at = head + 8 + 2 * below(random, 30);
            let cell = below(random, PAGE) as u16;
            pages[at..at + 2].copy_from_slice(&cell.to_be_bytes());
        }
        // An interior page of a table or an index in the place of a leaf, whose children are any.
        _ => {
            pages[head] = if random.below(2) == 0 { 0x02 } else { 0x05 };
            pages[head + 8..head + 12].copy_from_slice(&target.to_be_bytes());
        }
    }
}

/// The catalogue with a schema that forbids nothing, for edits that the real one refuses.
pub(crate) struct Loose {
    pages: Vec<u8>,
    /// The real schema.
    schema: Vec<(String, String)>,
}

impl Loose {
    pub(crate) fn of(pages: &[u8]) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), pages).unwrap();
        let connection = Connection::open(file.path()).unwrap();
        connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
        let schema = {
            let mut read = connection
                .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT NULL")
                .unwrap();
            let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.collect::<Result<Vec<(String, String)>, _>>().unwrap()
        };
        let loosen = "PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql, ') STRICT', ')'), 'NOT NULL', ''),
            'INTEGER,', ','), 'TEXT,', ',') WHERE type = 'table';
            PRAGMA schema_version = 999;";
        connection.execute_batch(loosen).unwrap();
        drop(connection);
        Self { pages: fs::read(file.path()).unwrap(), schema }
    }

    /// After one to three statements, with the real schema in place again.
    fn edited(&self, random: &mut Seeded, place: &Path) -> Vec<u8> {
        let place = place.with_extension("edited");
        fs::write(&place, &self.pages).unwrap();
        let connection = Connection::open(&place).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;")
            .ok();
        for _ in 0..=random.below(3) {
            // Some cannot be run after others.
            let _ = connection.execute_batch(&statement(random));
        }
        if random.below(20) != 0 {
            connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
            for (name, sql) in &self.schema {
                let put = "UPDATE sqlite_schema SET sql = ?2 WHERE name = ?1 AND type = 'table'";
                let _ = connection.execute(put, [name, sql]);
            }
        }
        drop(connection);
        let pages = fs::read(&place).unwrap();
        fs::remove_file(place).unwrap();
        pages
    }
}

const COLUMNS: [&str; 25] = [
    "folder",
    "name",
    "rules",
    "inode",
    "size",
    "mtime_ns",
    "ctime_ns",
    "decoder",
    "format",
    "width",
    "height",
    "frames",
    "head_bytes",
    "whole_bytes",
    "first_rows",
    "keys",
    "payload",
    "content",
    "digest",
    "failures",
    "metadata",
    "probe",
    "looks",
    "place",
    "proof",
];

const VALUES: [&str; 16] = [
    "NULL",
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967296",
    "1e300",
    "'text'",
    "''",
    "x''",
    "x'00'",
    "zeroblob(32)",
    "zeroblob(3000000)",
    "CAST(zeroblob(3000000) AS TEXT)",
    "'{\"first\":\"no\"}'",
    "CAST(x'ff' AS TEXT)",
];

/// Something about blocks of codes.
fn of_codes(random: &mut Seeded, value: &str) -> String {
    let mut of = |choices: &[&'static str]| choices[below(random, choices.len())];
    let block = of(&["id", "rules", "places", "seal", "sums", "usable", "planes"]);
    let part = of(&["id", "first_file", "rest_bytes", "seal", "pictures"]);
    let one = random.below(260);
    match random.below(3) {
        0 => format!("UPDATE code_block SET {block} = {value} WHERE id % 2 = {}", one % 2),
        1 => format!("UPDATE code_part SET {part} = {value} WHERE id % 2 = {}", one % 2),
        _ => [
            "UPDATE OR REPLACE code_block SET id = 3 - id",
            "UPDATE code_block SET planes = (SELECT b.planes FROM code_block AS b ORDER BY abs(b.id - code_block.id) DESC)",
            "UPDATE code_block SET planes = CAST(planes AS TEXT)",
            "UPDATE code_block SET places = 9223372036854775807, usable = zeroblob(900000)",
            "UPDATE code_block SET planes = zeroblob(16000000), places = 2048, usable = zeroblob(8192)",
            "UPDATE code_part SET pictures = zeroblob(16000000)",
            "UPDATE code_part SET first_file = first_file + 1",
            "UPDATE file SET place = place + 1",
            "INSERT INTO code_block SELECT id + 1000, rules, places, seal, sums, usable, planes FROM code_block",
            "PRAGMA user_version = 1",
        ][one as usize % 10]
            .to_owned(),
    }
}

/// Something about what was said of pairs.
fn of_verdicts(random: &mut Seeded, value: &str) -> String {
    let (one, other) = (1 + random.below(40), 1 + random.below(40));
    let column = ["id", "a", "b", "said_s", "seal"][below(random, 5)];
    match random.below(3) {
        0 => format!("UPDATE OR REPLACE verdict SET {column} = {value} WHERE id = {one}"),
        1 => format!(
            "UPDATE OR REPLACE verdict SET {column} = (SELECT {column} FROM verdict AS v WHERE v.id = {other}) WHERE id = {one}"
        ),
        _ => [
            "UPDATE verdict SET (a, b) = (b, a)",
            "UPDATE verdict SET a = CAST(a AS TEXT)",
            "UPDATE verdict SET b = zeroblob(16000000)",
            "UPDATE OR REPLACE verdict SET b = zeroblob(32)",
            "UPDATE verdict SET said_s = said_s + 1",
            "INSERT INTO verdict SELECT id + 1000, b, a, said_s, seal FROM verdict",
            "INSERT INTO verdict SELECT id + 1000, zeroblob(32), b, said_s, seal FROM verdict",
            "DROP TABLE verdict",
            "ALTER TABLE verdict RENAME TO real; CREATE VIEW verdict AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT \
             id + 1 FROM n) SELECT n.id, a, b, said_s, seal FROM n, real",
            "CREATE TRIGGER t AFTER DELETE ON verdict BEGIN INSERT INTO verdict VALUES (NULL, old.a, old.b, 0, old.seal); END",
        ][one as usize % 10]
            .to_owned(),
    }
}

fn statement(random: &mut Seeded) -> String {
    let mut of = |choices: &[&'static str]| choices[below(random, choices.len())];
    let (column, value) = (of(&COLUMNS), of(&VALUES));
    let table = of(&["file", "folder", "volume", "rules", "decoder", "code_block", "code_part", "verdict"]);
    let mut row = || 1 + random.below(260);
    let (one, other) = (row(), row());
    // Both columns of a row at once, so that neither is lost.
    let exchange = |table: &str, column: &str, one: u32, other: u32| {
        format!(
            "UPDATE {table} SET {column} = (SELECT {column} FROM {table} AS t WHERE t.id = {one} + {other} - {table}.id) \
             WHERE id IN ({one}, {other})"
        )
    };
    match random.below(26) {
        0..=3 => format!("UPDATE file SET {column} = {value} WHERE id = {one}"),
        4 => format!("UPDATE file SET {column} = {value} WHERE id % 7 = {}", one % 7),
        5 => exchange("file", column, one, other),
        6 => exchange("file", "digest", one, other),
        7 => format!("UPDATE file SET folder = {} WHERE id = {one}", other % 12 + 1),
        8 => {
            let (one, other) = (one % 12 + 1, other % 12 + 1);
            format!(
                "UPDATE file SET folder = -1 WHERE folder = {one}; UPDATE file SET folder = {one} WHERE folder = {other}; \
                 UPDATE file SET folder = {other} WHERE folder = -1"
            )
        }
        9 => exchange("folder", ["path", "seal", "volume"][one as usize % 3], one % 12 + 1, other % 12 + 1),
        10 => format!("UPDATE folder SET inode = inode + {} WHERE id = {}", other % 3, one % 12 + 1),
        11 => format!("UPDATE OR REPLACE {table} SET id = {other} WHERE id = {one} % 12 + 1"),
        12 => format!(
            "UPDATE volume SET {} = {value}",
            ["identity", "root", "mount_point", "host", "seen_s"][one as usize % 5]
        ),
        13 => format!("UPDATE OR REPLACE decoder SET name = (SELECT name FROM decoder WHERE id = {}) WHERE id = {}", one % 2 + 1, other % 2 + 1),
        14 => format!("DELETE FROM {table} WHERE id % 3 = {}", one % 3),
        15 => [
            "DROP TABLE file",
            "DROP INDEX file_by_probe",
            "DROP INDEX folder_by_path",
            "DROP TABLE volume",
            "PRAGMA user_version = 4",
            "PRAGMA application_id = 7",
            "PRAGMA encoding = 'UTF-16'; VACUUM",
            "ALTER TABLE file RENAME COLUMN digest TO content_; ALTER TABLE file RENAME COLUMN content TO digest; ALTER TABLE \
             file RENAME COLUMN content_ TO content",
            "CREATE TABLE sqlite_stat1 (tbl, idx, stat)",
            "ANALYZE; UPDATE sqlite_stat1 SET stat = '1000000000 1 1 1'",
        ][one as usize % 10]
            .to_owned(),
        16 => [
            "ALTER TABLE file RENAME TO real; CREATE VIEW file AS SELECT * FROM real",
            "ALTER TABLE decoder RENAME TO real; CREATE VIEW decoder AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 \
             FROM n) SELECT id, 'x' || id AS name FROM n",
            "ALTER TABLE folder RENAME TO real; CREATE VIEW folder AS SELECT real.id, volume, inode, zeroblob(900000000) AS path, \
             seal FROM real",
            "ALTER TABLE rules RENAME TO real; CREATE VIEW rules AS SELECT 1 AS id, name FROM real",
            "CREATE VIEW more AS SELECT * FROM file",
            "ALTER TABLE volume RENAME TO real; CREATE VIEW volume AS SELECT * FROM real, real AS b, real AS c",
        ][one as usize % 6]
            .to_owned(),
        17 => [
            "CREATE TRIGGER t AFTER INSERT ON file BEGIN UPDATE file SET digest = zeroblob(32); END",
            "CREATE TRIGGER t AFTER UPDATE ON file BEGIN UPDATE file SET seal = seal + 1; END",
            "CREATE TRIGGER t BEFORE INSERT ON file BEGIN INSERT INTO file SELECT NULL, folder, name || '1', rules, inode, size, \
             mtime_ns, ctime_ns, decoder, format, width, height, frames, head_bytes, whole_bytes, first_rows, keys, payload, \
             content, digest, failures, metadata, probe, seal, looks, place, proof FROM file; END",
            "CREATE INDEX more ON file (abs(random()))",
            "CREATE INDEX more ON file (length(zeroblob(size)))",
            "CREATE UNIQUE INDEX more ON file (width)",
        ][one as usize % 6]
            .to_owned(),
        18 => {
            let (one, other) = (one % 12 + 1, other % 12 + 1);
            format!(
                "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE \
                 rowid = {one}) WHERE rowid = {other}"
            )
        }
        19..=22 => of_codes(random, value),
        23..=24 => of_verdicts(random, value),
        _ => format!("UPDATE {table} SET id = -id WHERE id % 5 = {}", one % 5),
    }
}

/// The root pages of all trees, by name.
pub(crate) fn trees(place: &Path, files: &Files) -> Vec<(String, u32)> {
    fs::write(place, &files.pages).unwrap();
    let connection = Connection::open(place).unwrap();
    let mut read = connection.prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0").unwrap();
    let trees = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let trees: Result<Vec<(String, u32)>, _> = trees.collect();
    [trees.unwrap(), vec![("schema".to_owned(), 1)]].concat()
}

/// Eighteen levels of pages below a root, each with so many children, which are all one page: a walk over this tree takes
/// longer than there is time, though it never comes to the same level twice.
pub(crate) fn endless(files: &Files, root: u32, width: usize) -> Vec<u8> {
    let mut pages = files.pages.clone();
    let first = pages.len() / PAGE;
    let at = (root as usize - 1) * PAGE;
    // A leaf of this tree, to be the last level.
    let mut leaf = at;
    while matches!(pages[leaf + offset(leaf)], 0x02 | 0x05) {
        let right = leaf + offset(leaf) + 8;
        leaf = (u32::from_be_bytes(pages[right..right + 4].try_into().unwrap()) as usize - 1) * PAGE;
    }
    let head = leaf + offset(leaf);
    let is_table = pages[head] == 0x0d;
    let pointer = u16::from_be_bytes([pages[head + 8], pages[head + 9]]);
    let cell = leaf + usize::from(pointer);
    let payload =
        if is_table || pages[cell] >= 0x80 { vec![1] } else { pages[cell..=cell + usize::from(pages[cell])].to_vec() };
    let kind = if is_table { 0x05 } else { 0x02 };
    // The leaf itself is where it was, unless it was the root.
    let last = if leaf == at && root != 1 { pages[at..at + PAGE].to_vec() } else { small_leaf(&pages, leaf) };
    let interior = |start: usize, child: usize| {
        let mut page = vec![0; PAGE];
        let mut content = PAGE;
        let child = (child as u32).to_be_bytes();
        for number in 0..width {
            content -= 4 + payload.len();
            page[content..content + 4].copy_from_slice(&child);
            page[content + 4..content + 4 + payload.len()].copy_from_slice(&payload);
            let slot = start + 12 + 2 * number;
            page[slot..slot + 2].copy_from_slice(&(content as u16).to_be_bytes());
        }
        page[start] = kind;
        page[start + 3..start + 5].copy_from_slice(&(width as u16).to_be_bytes());
        page[start + 5..start + 7].copy_from_slice(&(content as u16).to_be_bytes());
        page[start + 8..start + 12].copy_from_slice(&child);
        page
    };
    let top = interior(offset(at), first + 1);
    pages[at + offset(at)..at + PAGE].copy_from_slice(&top[offset(at)..]);
    for level in 0..17 {
        pages.extend(interior(0, first + level + 2));
    }
    pages.extend(last);
    // The header says how many pages there are.
    let count = ((pages.len() / PAGE) as u32).to_be_bytes();
    pages[28..32].copy_from_slice(&count);
    pages
}

/// Where the head of the page is that begins here: the first has the head of the file in front.
fn offset(start: usize) -> usize {
    if start == 0 { 100 } else { 0 }
}

/// A leaf as a page of its own.
fn small_leaf(pages: &[u8], start: usize) -> Vec<u8> {
    let mut page = pages[start..start + PAGE].to_vec();
    let head = offset(start);
    if head > 0 {
        let len = 8 + 2 * usize::from(u16::from_be_bytes([page[head + 3], page[head + 4]]));
        page.copy_within(head..head + len, 0);
    }
    page
}
