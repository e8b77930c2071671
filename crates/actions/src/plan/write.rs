//! Plans to lines.

use std::io::{self, Write};

use super::{
    Group, Header, Plan, VERSION,
    digits::Digits,
    line::{FileLine, Hash, Line, Place},
};

impl Plan {
    /// Writes the plan, which [`Plan::read`] reads back as it is.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        write_header(&self.header, &mut to)?;
        self.groups.iter().try_for_each(|group| write_group(group, &mut to))?;
        write_end(&mut to)
    }
}

fn write_header(header: &Header, to: &mut impl Write) -> io::Result<()> {
    let line = Line::Plan {
        version: VERSION,
        host: header.host.clone(),
        made: jiff::Timestamp::from_second(header.made_s).map_err(io::Error::other)?,
        roots: header.roots.iter().map(|root| root.as_path().into()).collect(),
        references: header.references.iter().map(|folder| folder.as_path().into()).collect(),
        rules: header.rules.clone(),
    };
    put(&line, to)
}

fn write_group(group: &Group, to: &mut impl Write) -> io::Result<()> {
    put(&Line::Group { group: group.number, tier: group.tier, undecided: group.undecided.clone() }, to)?;
    group.files.iter().try_for_each(|file| {
        let line = FileLine {
            group: group.number,
            task: file.task,
            path: Place(file.path.clone()),
            device: Digits(file.identity.device),
            inode: Digits(file.identity.inode),
            size: file.identity.bytes,
            modified_ns: Digits(file.identity.modified_ns),
            changed_ns: Digits(file.identity.changed_ns),
            blake3: file.blake3.map(Hash),
            reason: file.reason.clone(),
        };
        put(&Line::File(line), to)
    })
}

fn write_end(to: &mut impl Write) -> io::Result<()> {
    put(&Line::End {}, to)
}

fn put(line: &Line, to: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.write_all(b"\n")
}
