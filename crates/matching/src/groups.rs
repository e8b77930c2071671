//! Groups of twins from what the ladder learnt.

use std::collections::HashMap;

use pixtwin_pixel::PixelDigest;

/// A picture that reached the payload rung and was not found to be alone by its size or its first rows.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Which file, in the caller's own numbering; files of a group keep its order.
    pub file: usize,
    /// Hash of all bytes of the file.
    pub bytes: [u8; 32],
    /// Hash of the bytes its pixels depend on.
    pub payload: [u8; 32],
    /// The pixel digest, where it was needed.
    pub digest: Option<PixelDigest>,
}

/// What proves that a file is a twin of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// All bytes are equal.
    Bytes,
    /// The bytes that the pixels depend on are equal; only metadata differs.
    Payload,
    /// The pixel digests are equal.
    Pixels,
    /// The pixels are equal after a turn or a flip.
    Turned,
    /// No channel of any pixel differs by more than was asked for.
    Within,
    /// The codes are near each other.
    Similar,
}

impl Proof {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Payload => "payload",
            Self::Pixels => "pixels",
            Self::Turned => "turned",
            Self::Within => "within",
            Self::Similar => "similar",
        }
    }
}

/// A group of two or more files that show the same picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twins {
    /// The files, in the caller's numbering, ascending, each with the strongest proof that ties it to another file of
    /// the group.
    pub files: Vec<(usize, Proof)>,
    /// The pixel digest they share, where it was computed.
    pub digest: Option<PixelDigest>,
}

/// What ties two twins together.
#[must_use]
pub fn proof_between(a: &Candidate, b: &Candidate) -> Proof {
    if a.bytes == b.bytes {
        Proof::Bytes
    } else if a.payload == b.payload {
        Proof::Payload
    } else {
        Proof::Pixels
    }
}

/// The groups among the candidates, ordered by their first file. Two are twins if their payloads are equal or their
/// digests are; the result does not depend on the order of the candidates.
///
/// # Cost
/// Linear in the candidates, however large a group is.
#[must_use]
pub fn group(candidates: &[Candidate]) -> Vec<Twins> {
    let mut digest_of_payload = HashMap::new();
    for candidate in candidates {
        if let Some(digest) = candidate.digest {
            digest_of_payload.insert(candidate.payload, digest);
        }
    }
    // A class is named by its digest, or by its payload where no digest was needed.
    let class_of = |candidate: &Candidate| match digest_of_payload.get(&candidate.payload) {
        Some(digest) => (digest.0, Some(*digest)),
        None => (candidate.payload, None),
    };
    let mut classes: HashMap<_, Vec<&Candidate>> = HashMap::new();
    for candidate in candidates {
        classes.entry(class_of(candidate)).or_default().push(candidate);
    }
    let mut groups: Vec<Twins> = classes
        .into_iter()
        .filter(|(_, members)| members.len() > 1)
        .map(|((_, digest), mut members)| {
            members.sort_unstable_by_key(|member| member.file);
            let proofs = proofs(&members);
            Twins { files: members.iter().map(|member| member.file).zip(proofs).collect(), digest }
        })
        .collect();
    groups.sort_unstable_by_key(|twins| twins.files.first().map(|(file, _)| *file));
    groups
}

/// For each member of a group the strongest proof that ties it to another member.
#[must_use]
pub fn proofs(members: &[&Candidate]) -> Vec<Proof> {
    let mut same_bytes: HashMap<_, u32> = HashMap::new();
    let mut same_payload: HashMap<_, u32> = HashMap::new();
    for member in members {
        *same_bytes.entry(member.bytes).or_default() += 1;
        *same_payload.entry(member.payload).or_default() += 1;
    }
    let is_shared = |count: Option<&u32>| count.is_some_and(|count| *count > 1);
    let of_member = |member: &&Candidate| {
        if is_shared(same_bytes.get(&member.bytes)) {
            Proof::Bytes
        } else if is_shared(same_payload.get(&member.payload)) {
            Proof::Payload
        } else {
            Proof::Pixels
        }
    };
    members.iter().map(of_member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(file: usize, bytes: u8, payload: u8, digest: Option<u8>) -> Candidate {
        Candidate {
            file,
            bytes: [bytes; 32],
            payload: [payload; 32],
            digest: digest.map(|digest| PixelDigest([digest; 32])),
        }
    }

    #[test]
    fn payloads_and_digests_join_into_one_group() {
        let candidates = [
            candidate(4, 1, 1, None),
            candidate(0, 1, 1, Some(9)),
            candidate(2, 2, 1, None),
            candidate(1, 3, 3, Some(9)),
            candidate(5, 4, 4, Some(8)),
        ];
        let groups = group(&candidates);
        let files = vec![(0, Proof::Bytes), (1, Proof::Pixels), (2, Proof::Payload), (4, Proof::Bytes)];
        assert_eq!(groups, [Twins { files, digest: Some(PixelDigest([9; 32])) }]);
    }

    #[test]
    fn a_payload_is_never_taken_for_a_digest() {
        let candidates = [candidate(0, 1, 7, None), candidate(1, 2, 8, Some(7))];
        assert_eq!(group(&candidates), []);
    }

    #[test]
    fn equal_payloads_need_no_digest() {
        let groups = group(&[candidate(3, 1, 7, None), candidate(1, 2, 7, None)]);
        assert_eq!(groups, [Twins { files: vec![(1, Proof::Payload), (3, Proof::Payload)], digest: None }]);
    }
}
