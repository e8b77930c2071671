//! The lines of a plan, as they stand in the file.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Task, Tier, digits::Digits};

/// One line. What it does not know it refuses: a misspelt name could be the one that matters.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Line {
    Plan {
        version: u64,
        host: String,
        made: jiff::Timestamp,
        roots: Vec<Place>,
        #[serde(default)]
        references: Vec<Place>,
        rules: Vec<String>,
    },
    Group {
        group: u64,
        tier: Tier,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undecided: Option<String>,
    },
    File(FileLine),
    End {},
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileLine {
    pub(super) group: u64,
    #[serde(rename = "do")]
    pub(super) task: Task,
    pub(super) path: Place,
    pub(super) device: Digits<u64>,
    pub(super) inode: Digits<u64>,
    pub(super) size: u64,
    pub(super) modified_ns: Digits<i64>,
    pub(super) changed_ns: Digits<i64>,
    pub(super) blake3: Option<Hash>,
    pub(super) reason: String,
}

/// What the first line of a plan has, of whatever version.
#[derive(Deserialize)]
pub(super) struct Versioned {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) version: Option<u64>,
}

/// A path: `{"text": ...}`, or `{"bytes": ...}` in base64 where it is no UTF-8.
pub(super) struct Place(pub(super) PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PlaceJson {
    Text(String),
    Bytes(String),
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(path) = self;
        match path.to_str() {
            Some(text) => PlaceJson::Text(text.to_owned()),
            None => PlaceJson::Bytes(STANDARD.encode(path.as_os_str().as_bytes())),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = match PlaceJson::deserialize(from)? {
            PlaceJson::Text(text) => text.into_bytes(),
            PlaceJson::Bytes(coded) => STANDARD.decode(coded).map_err(D::Error::custom)?,
        };
        Ok(Self(OsString::from_vec(bytes).into()))
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

/// 32 bytes in 64 hexadecimal digits.
pub(super) struct Hash(pub(super) [u8; 32]);

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digits: Option<Vec<u8>> = text.bytes().map(nibble).collect();
        let pairs = digits.as_deref().map(|digits| digits.as_chunks::<2>());
        let bytes: Option<Vec<u8>> = match pairs {
            Some((pairs, [])) => Some(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
            _ => None,
        };
        let hash = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        hash.map(Self).ok_or_else(|| D::Error::custom("blake3 is not 64 hexadecimal digits"))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
