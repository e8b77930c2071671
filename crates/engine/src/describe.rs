//! What a report says of the files of a group: what proves them twins, and how they differ beside their pixels.

use pixtwin_decode::Metadata;
use pixtwin_matching::{Candidate, Loss, Proof, proofs};

use crate::{
    evidence::{self, Remark},
    gather::{Forming, Label, Twin, ask_each_all, content_of},
    look::Looker,
    near::proof_to,
    one_file::{OneFile, names_of_files},
    pool,
    progress::Stage,
    refusal::Refusal,
    report::{Group, Member},
    scan::{Searched, Subject},
    team::Team,
};

/// How many groups are described at once: the metadata of all would fill the memory.
const DESCRIBED_AT_ONCE: usize = 1024;

/// Makes the groups ready to be printed: reads what the twins hold beside their pixels.
pub(crate) fn describe_all<T: Team>(
    looker: &Looker<'_>,
    searched: &Searched,
    team: &mut T,
    forming: Vec<Forming>,
) -> Result<Vec<Group>, Loss> {
    looker.progress.begin(Stage::Reporting, forming.len());
    let mut described = Vec::with_capacity(forming.len());
    let mut rest = forming.into_iter();
    loop {
        let chunk: Vec<Forming> = rest.by_ref().take(DESCRIBED_AT_ONCE).collect();
        if !team.any_all(!chunk.is_empty())? {
            return Ok(described);
        }
        let wanted: Vec<(usize, usize)> =
            chunk.iter().flat_map(Forming::with_metadata).map(|twin| (twin.rank, twin.file)).collect();
        let remarks = ask_each_all(team, &wanted, |files| {
            let mut slots: Vec<_> = files.into_iter().map(|file| (file, Err(Refusal::from("")))).collect();
            pool::for_each(&mut slots, looker.threads, |(file, slot)| *slot = searched.remark(looker, *file));
            slots.into_iter().map(|(_, slot)| slot).collect()
        })?;
        let mut remarks = remarks.into_iter();
        for group in chunk {
            let count = group.with_metadata().count();
            described.push(group.describe(remarks.by_ref().take(count).collect()));
            looker.progress.add_done();
        }
    }
}

impl Forming {
    /// The members whose metadata are compared: the first, and all that are not its equal byte for byte.
    fn with_metadata(&self) -> impl Iterator<Item = &Twin> {
        let differing = |twin: &&Twin| self.proof_to_first(twin) != Proof::Bytes;
        let first = self.twins.first().filter(|_| self.twins.iter().skip(1).any(|twin| differing(&twin)));
        first.into_iter().chain(self.twins.iter().skip(1).filter(differing))
    }

    fn proof_to_first(&self, twin: &Twin) -> Proof {
        self.twins.first().map_or(Proof::Bytes, |first| proof_to(first, twin))
    }

    /// For each member the strongest proof that ties it to another; where pictures need not be equal, to the first.
    fn proofs(&self) -> Vec<Proof> {
        let evidence: Vec<&Candidate> = self.twins.iter().map(|twin| &twin.evidence).collect();
        let mut proofs = proofs(&evidence);
        for (proof, twin) in proofs.iter_mut().zip(&self.twins) {
            if twin.near.as_ref().is_some_and(|near| near.nearness.is_some()) {
                *proof = self.proof_to_first(twin);
            }
        }
        // One that only has others beside it which are not equal is what they are near to.
        if let [first, second, ..] = &mut *proofs
            && self.twins.get(1).is_some_and(|twin| twin.near.as_ref().is_some_and(|near| near.nearness.is_some()))
        {
            *first = *second;
        }
        proofs
    }

    /// The group as it is reported; `remarks` are those of [`Forming::with_metadata`].
    fn describe(self, remarks: Vec<Result<Remark, Refusal>>) -> Group {
        let proofs = self.proofs();
        let mut remarks = remarks.into_iter();
        let first = remarks.next();
        let first_format = self.twins.first().map(|twin| twin.label.format.clone()).unwrap_or_default();
        let size = self.twins.first().and_then(|twin| twin.label.size);
        let mut files = Vec::with_capacity(self.twins.len());
        let names = names_of_files(&self.twins);
        for (at, ((twin, proof), name)) in self.twins.iter().zip(proofs).zip(names).enumerate() {
            let proof_to_first = self.proof_to_first(twin);
            let differs = match &first {
                Some(first) if at > 0 && proof_to_first != Proof::Bytes => {
                    let other = remarks.next().unwrap_or_else(|| Err("it was not asked for".into()));
                    differences(first, &other, first_format == twin.label.format)
                }
                _ => Vec::new(),
            };
            let OneFile { name_of, has_names_elsewhere } = name;
            let Label { path, host, other_paths, bytes, format, .. } = twin.label.clone();
            files.push(Member {
                path,
                host,
                set: twin.set,
                other_paths,
                name_of,
                has_names_elsewhere,
                bytes,
                format,
                proof,
                proof_to_first,
                differs,
                near: twin.near.clone(),
            });
        }
        Group { size, digest: self.digest, blake3: content_of(&self.twins), files }
    }
}

fn differences(first: &Result<Remark, Refusal>, other: &Result<Remark, Refusal>, same_format: bool) -> Vec<String> {
    match (first, other) {
        (Ok(first), Ok(other)) => evidence::differences(first, other, same_format),
        (Err(reason), _) | (_, Err(reason)) => vec![format!("unknown: {}", reason.reason())],
    }
}

impl Searched {
    fn remark(&self, looker: &Looker<'_>, file: usize) -> Result<Remark, Refusal> {
        match (self.files.get(file), self.subjects.get(&file)) {
            (Some(listed), Some(Subject::Picture(picture))) => looker.remark(listed, picture),
            _ => Ok(Remark::of(Metadata::default())),
        }
    }
}
