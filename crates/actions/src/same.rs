//! Whether two files hold the same bytes.

use std::io;

use crate::disk::Disk;

/// As much as is read at once.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// Whether both files hold the same bytes, read now, side by side.
///
/// # Errors
/// If one of them cannot be read to its end.
///
/// # Cost
/// Two pieces of memory of 1 MiB; reads up to the first difference.
pub(crate) fn have_same_bytes<D: Disk>(disk: &D, one: &D::File, other: &D::File) -> io::Result<bool> {
    let bytes = disk.state(one)?.identity.bytes;
    if bytes != disk.state(other)?.identity.bytes {
        return Ok(false);
    }
    let most = usize::try_from(bytes).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
    let (mut piece, mut other_piece) = (vec![0; most], vec![0; most]);
    let mut offset = 0;
    while offset < bytes {
        let left = usize::try_from(bytes - offset).unwrap_or(most).min(most);
        let (Some(ours), Some(theirs)) = (piece.get_mut(..left), other_piece.get_mut(..left)) else { return Ok(false) };
        let read = read_full(disk, one, ours, offset)?;
        // Whoever cuts a file short meanwhile has made another of it.
        if read < left || read_full(disk, other, theirs, offset)? < left || ours != theirs {
            return Ok(false);
        }
        offset += left as u64;
    }
    // Nor is one that grows meanwhile the same: its length tells.
    Ok(disk.state(one)?.identity.bytes == bytes && disk.state(other)?.identity.bytes == bytes)
}

/// Reads until the piece is full or the file ends.
pub(crate) fn read_full<D: Disk>(disk: &D, file: &D::File, piece: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(left) = piece.get_mut(filled..).filter(|left| !left.is_empty()) {
        match disk.read_at(file, left, offset + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn only_equal_bytes_to_the_end_are_the_same() {
        let kept = tempfile::TempDir::new().unwrap();
        let path = kept.path().canonicalize().unwrap();
        let folder = RealDisk.folder(&path).unwrap();
        for length in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES] {
            let content: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let is_same = |other: &[u8]| {
                std::fs::write(path.join("one"), &content).unwrap();
                std::fs::write(path.join("other"), other).unwrap();
                let open = |name: &str| RealDisk.open(&folder, name.as_ref()).unwrap();
                have_same_bytes(&RealDisk, &open("one"), &open("other")).unwrap()
            };
            assert!(is_same(&content));
            assert!(!is_same(&[&content[..], b"x"].concat()));
            for at in [0, length / 2, length.saturating_sub(1)].into_iter().filter(|at| *at < length) {
                let mut other = content.clone();
                other[at] ^= 1;
                assert!(!is_same(&other), "{at} of {length}");
                assert!(!is_same(&content[..at]));
            }
        }
    }
}
