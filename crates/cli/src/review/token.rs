//! The token that a user brings.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use pixtwin_engine::words_of;

use crate::{args::ReviewArguments, exit::Stop, names::shown};

/// A token is shorter.
const LONGEST: u64 = 1024;

const NEEDED: &str = "\
an address that others can reach needs --token
hint: whoever has the token sees your pictures and can act on them as you, and nothing is encrypted; without --listen, a \
tunnel of ssh is safer. `--token new` makes one";

/// What opens the page; nothing if it is to be made.
pub(super) fn read(arguments: &ReviewArguments) -> Result<Option<String>, Stop> {
    match &arguments.token {
        None if !arguments.listen.is_loopback() => Err(Stop::Fatal(NEEDED.to_owned())),
        None => Ok(None),
        Some(file) if file == Path::new("new") => Ok(None),
        Some(file) => from(file).map(Some),
    }
}

fn from(path: &Path) -> Result<String, Stop> {
    let failed =
        |cause: io::Error| Stop::Fatal(format!("cannot read the token in `{}`: {}", shown(path), words_of(&cause)));
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.mode() & 0o077 != 0 {
        return Err(Stop::Fatal(format!("others may read the token in `{0}`\nhint: chmod 600 {0}", shown(path))));
    }
    let mut line = String::new();
    BufReader::new(file.take(LONGEST)).read_line(&mut line).map_err(failed)?;
    Ok(line.trim_end().to_owned())
}
