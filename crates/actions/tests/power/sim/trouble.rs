//! What goes wrong, and when: calls are counted, and one of them is struck.

use std::io;

use rustix::io::Errno;

/// What is to go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// The power is cut before the changing call of this number, from 1 on, does anything; no later call works.
    Cut { at: u64 },
    /// The call of this number, from 1 on, of any kind, says this error, once.
    Fail { at: u64, errno: Errno, way: Way },
}

/// What a call that fails did all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing.
    Before,
    /// Everything, as over NFS when the answer is lost.
    After,
    /// Half of what it was to append; other calls did nothing.
    Half,
    /// Nothing, and what `sync` was to keep is never kept, though later calls say so: Linux takes what it could not write
    /// for written. It can still be read until the power is cut.
    Lost,
}

/// What a call is, for the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Reads,
    Changes,
}

/// The cause of every error after the power was cut.
#[derive(Debug)]
struct PowerOff;

impl std::fmt::Display for PowerOff {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("the power is off")
    }
}

impl std::error::Error for PowerOff {}

/// Counts calls, and knows which is struck.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    pub(crate) trouble: Trouble,
    /// The calls so far, by name.
    pub(crate) log: Vec<&'static str>,
    /// How many of them changed something, or asked for it to be kept.
    pub(crate) changes: u64,
    /// Whether the power is off.
    pub(crate) is_off: bool,
    /// Which call was struck.
    pub(crate) struck: Option<&'static str>,
}

impl Meter {
    /// Counts a call and says how it is to fail, if it is.
    ///
    /// # Errors
    /// If the power is off.
    pub(crate) fn enter(&mut self, name: &'static str, sort: Sort) -> io::Result<Option<(Errno, Way)>> {
        if self.is_off {
            return Err(io::Error::other(PowerOff));
        }
        self.log.push(name);
        self.changes += u64::from(sort == Sort::Changes);
        match self.trouble {
            Trouble::Cut { at } if sort == Sort::Changes && at == self.changes => {
                self.is_off = true;
                self.struck = Some(name);
                Err(io::Error::other(PowerOff))
            }
            Trouble::Fail { at, errno, way } if at == self.log.len() as u64 => {
                self.struck = Some(name);
                Ok(Some((errno, way)))
            }
            _ => Ok(None),
        }
    }
}
