//! What a plan is made of, learnt by looking at everything. Its cost does not matter: no program that knows the answer
//! needs it.

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufWriter, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use pixtwin_decode::{Format, Header, InMemory, Limits, Sniffed, sniff};

/// Reads pairs of fields, each ended by a NUL: `file` or `twin`, and a path. Writes five for each: the name of the format
/// or `-` for no picture, width and height (0 where the header cannot be read), and of a twin the hashes of its bytes and
/// of its payload in hexadecimal digits, of others nothing.
pub(crate) fn survey(list: &[u8]) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut fields = list.strip_suffix(b"\0").unwrap_or(list).split(|byte| *byte == 0);
    while let (Some(kind), Some(path)) = (fields.next(), fields.next()) {
        let facts = facts_of(Path::new(OsStr::from_bytes(path)), kind == b"twin").unwrap_or_else(|_| Facts::none());
        let Facts { format, width, height, bytes, payload } = facts;
        write!(out, "{format}\0{width}\0{height}\0{bytes}\0{payload}\0")?;
    }
    out.flush()
}

struct Facts {
    format: &'static str,
    width: u32,
    height: u32,
    bytes: String,
    payload: String,
}

impl Facts {
    const fn none() -> Self {
        Self { format: "-", width: 0, height: 0, bytes: String::new(), payload: String::new() }
    }
}

fn facts_of(path: &Path, is_twin: bool) -> io::Result<Facts> {
    let bytes = fs::read(path)?;
    let mut source = InMemory::new(&bytes);
    let extension = path.extension().map(OsStr::as_bytes);
    let Ok(Sniffed::Picture(format)) = sniff(&mut source, extension) else { return Ok(Facts::none()) };
    let mut facts = Facts { format: format.name(), ..Facts::none() };
    let Ok(header) = format.header(&mut source) else { return Ok(facts) };
    (facts.width, facts.height) = (header.width, header.height);
    if is_twin {
        facts.bytes = blake3::hash(&bytes).to_string();
        facts.payload = payload_of(format, &header, &bytes).unwrap_or_default();
    }
    Ok(facts)
}

fn payload_of(format: Format, header: &Header, bytes: &[u8]) -> Option<String> {
    let limits = Limits { memory_bytes: header.whole_bytes.max(16 << 20) };
    let payload = format.payload(&mut InMemory::new(bytes), limits).ok()?;
    Some(blake3::Hash::from_bytes(payload).to_string())
}
