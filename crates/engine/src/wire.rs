//! How the types of a report travel between ranks, where their own crates do not say it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A path by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct PathRecord(#[serde(with = "path")] pub(crate) PathBuf);

/// A path: its bytes.
pub(crate) mod path {
    use std::{
        os::unix::ffi::{OsStrExt, OsStringExt},
        path::{Path, PathBuf},
    };

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        bytes_of(path).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        Vec::deserialize(from).map(of_bytes)
    }

    pub(super) fn bytes_of(path: &Path) -> &[u8] {
        path.as_os_str().as_bytes()
    }

    pub(super) fn of_bytes(bytes: Vec<u8>) -> PathBuf {
        std::ffi::OsString::from_vec(bytes).into()
    }
}

/// Several paths.
pub(crate) mod paths {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::path::{bytes_of, of_bytes};

    pub(crate) fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(paths.iter().map(|path| bytes_of(path)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
        Ok(Vec::<Vec<u8>>::deserialize(from)?.into_iter().map(of_bytes).collect())
    }
}

/// A path that may be missing.
pub(crate) mod optional_path {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::path::{bytes_of, of_bytes};

    pub(crate) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.as_deref().map(bytes_of).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Vec<u8>>::deserialize(from)?.map(of_bytes))
    }
}

/// A pixel digest that may be missing.
pub(crate) mod digest {
    use pixtwin_pixel::PixelDigest;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(digest: &Option<PixelDigest>, to: S) -> Result<S::Ok, S::Error> {
        digest.map(|digest| digest.0).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PixelDigest>, D::Error> {
        Ok(Option::deserialize(from)?.map(PixelDigest))
    }
}

/// A proof: its place in the order of strength.
pub(crate) mod proof {
    use pixtwin_matching::Proof;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    const ALL: [Proof; 6] = [Proof::Bytes, Proof::Payload, Proof::Pixels, Proof::Turned, Proof::Within, Proof::Similar];

    pub(crate) fn serialize<S: Serializer>(proof: &Proof, to: S) -> Result<S::Ok, S::Error> {
        ALL.iter().position(|other| other == proof).unwrap_or_default().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Proof, D::Error> {
        ALL.get(usize::deserialize(from)?).copied().ok_or_else(|| D::Error::custom("no such proof"))
    }
}

/// A label of similar pictures: whether it is `EDITED`.
pub(crate) mod label {
    use pixtwin_matching::near::Label;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(label: &Label, to: S) -> Result<S::Ok, S::Error> {
        (*label == Label::Edited).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
        bool::deserialize(from).map(|is_edited| if is_edited { Label::Edited } else { Label::ReEncoded })
    }
}

/// A rung: its place in the order below.
pub(crate) mod rung {
    use pixtwin_matching::Rung;
    use pixtwin_pixel::HEAD_ROWS;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    fn all() -> impl Iterator<Item = Rung> {
        let first = [Rung::Header, Rung::Payload, Rung::Whole, Rung::Length, Rung::Start, Rung::Bytes];
        let heads = (0..HEAD_ROWS.len()).map(Rung::Head);
        first.into_iter().chain(heads).chain([Rung::HeldPayload, Rung::OrderFree])
    }

    pub(crate) fn serialize<S: Serializer>(rung: &Rung, to: S) -> Result<S::Ok, S::Error> {
        all().position(|other| other == *rung).unwrap_or_default().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Rung, D::Error> {
        all().nth(usize::deserialize(from)?).ok_or_else(|| D::Error::custom("no such rung"))
    }
}

/// Keys with their rungs.
pub(crate) mod rung_keys {
    use pixtwin_matching::Rung;
    use pixtwin_pixel::Key;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct RungKey(#[serde(with = "super::rung")] Rung, [u8; 16]);

    pub(crate) fn serialize<S: Serializer>(keys: &[(Rung, Key)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(keys.iter().map(|(rung, key)| RungKey(*rung, key.0)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Rung, Key)>, D::Error> {
        Ok(Vec::<RungKey>::deserialize(from)?.into_iter().map(|RungKey(rung, key)| (rung, Key(key))).collect())
    }
}
