//! From candidates to groups: whoever looks after a digest brings its twins together, wherever they lie, and makes sure
//! that they can be decoded.

use std::{borrow::Cow, collections::HashMap, path::PathBuf};

use pixtwin_matching::{Candidate, Loss, Rung, Twins, group};
use pixtwin_pixel::PixelDigest;
use serde::{Deserialize, Serialize};

use crate::{
    describe,
    file::{Identity, Listed},
    look::Looker,
    looks,
    offers::Looked,
    picture::{Known, Picture, key_of_hash},
    progress::Stage,
    refusal::Refusal,
    report::{Group, Nearby, Unread},
    scan::{Searched, Subject},
    sets::{SetId, crosses},
    team::{Record, Team},
    wire,
};

/// A candidate on its way to whoever forms its group.
#[derive(Serialize, Deserialize)]
struct Claim {
    file: usize,
    bytes: [u8; 32],
    payload: [u8; 32],
    digest: Option<[u8; 32]>,
    set: Option<SetId>,
}

/// What a report says of a file beside proofs.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Label {
    #[serde(with = "wire::path")]
    pub(crate) path: PathBuf,
    pub(crate) host: Option<String>,
    #[serde(with = "wire::paths")]
    pub(crate) other_paths: Vec<PathBuf>,
    /// How many names the file has, seen or not.
    pub(crate) names: u64,
    /// Which file it is, where names of one file can be twins: in different sets.
    pub(crate) identity: Option<Box<Identity>>,
    pub(crate) bytes: u64,
    pub(crate) format: Cow<'static, str>,
    pub(crate) size: Option<(u32, u32)>,
}

/// A candidate of a group: its evidence, and where it lies.
pub(crate) struct Twin {
    pub(crate) rank: usize,
    pub(crate) file: usize,
    pub(crate) evidence: Candidate,
    pub(crate) set: Option<SetId>,
    pub(crate) label: Label,
    /// How near it is to the first, where pictures need not be equal.
    pub(crate) near: Option<Nearby>,
}

/// A group that is being made.
pub(crate) struct Forming {
    pub(crate) twins: Vec<Twin>,
    pub(crate) digest: Option<PixelDigest>,
    /// Not all its files are equal byte for byte.
    pub(crate) needs_digest: bool,
}

/// The groups that this rank looks after, sorted as in the report. Files whose group could not be decoded are added to
/// what was not read.
pub(crate) fn groups_all<T: Team>(
    looker: &Looker<'_>,
    searched: &mut Searched,
    team: &mut T,
) -> Result<Vec<Group>, Loss> {
    let (twins, places) = bring_together_all(searched, team)?;
    let mut forming = label_all(searched, team, twins, &places)?;
    confirm_all(looker, searched, team, &mut forming)?;
    forming.retain(|group| group.twins.len() > 1 && searched.is_wanted(group.twins.iter().map(|twin| twin.set)));
    let mut groups = describe::describe_all(looker, searched, team, forming)?;
    groups.sort_unstable_by(Group::order);
    Ok(groups)
}

/// A candidate at the rank that forms its group.
#[derive(Clone, Copy)]
struct Place {
    /// Which rank has it.
    rank: usize,
    /// Its number there.
    file: usize,
    evidence: Candidate,
    set: Option<SetId>,
}

/// The groups this rank looks after, with the places that their members' numbers stand for. With sets, those that lie in
/// one set are dropped here, before anything more is asked about them.
fn bring_together_all<T: Team>(searched: &mut Searched, team: &mut T) -> Result<(Vec<Twins>, Vec<Place>), Loss> {
    let mut candidates = std::mem::take(&mut searched.candidates);
    share_digests_all(&mut candidates, team)?;
    let mut to: Vec<Vec<Claim>> = (0..team.size()).map(|_| Vec::new()).collect();
    for candidate in candidates {
        let name = candidate.digest.map_or(candidate.payload, |digest| digest.0);
        let claim = Claim {
            file: candidate.file,
            bytes: candidate.bytes,
            payload: candidate.payload,
            digest: candidate.digest.map(|digest| digest.0),
            set: searched.set_of(candidate.file),
        };
        to.get_mut(team.owner(key_of_hash(&name))).into_iter().for_each(|claims| claims.push(Claim { ..claim }));
    }
    let claims = team.swap_all(to)?.into_iter().enumerate();
    let claims = claims.flat_map(|(rank, claims)| claims.into_iter().map(move |claim| (rank, claim)));
    let places: Vec<Place> = claims
        .enumerate()
        .map(|(at, (rank, claim))| {
            let digest = claim.digest.map(PixelDigest);
            let evidence = Candidate { file: at, bytes: claim.bytes, payload: claim.payload, digest };
            Place { rank, file: claim.file, evidence, set: claim.set }
        })
        .collect();
    let evidence: Vec<Candidate> = places.iter().map(|place| place.evidence).collect();
    let mut groups = group(&evidence);
    let set_at = |at: usize| places.get(at).and_then(|place| place.set);
    groups.retain(|twins| searched.is_wanted(twins.files.iter().map(|(at, _)| set_at(*at))));
    Ok((groups, places))
}

/// A payload, and the digest of its pixels where the sender has it.
type Spoken = ([u8; 32], Option<[u8; 32]>);

/// Tells every candidate the digest of its payload, which only the one that spoke for the payload knows.
fn share_digests_all<T: Team>(candidates: &mut [Candidate], team: &mut T) -> Result<(), Loss> {
    if team.size() == 1 {
        return Ok(());
    }
    let mut sent: Vec<Vec<usize>> = vec![Vec::new(); team.size()];
    let mut questions: Vec<Vec<Spoken>> = vec![Vec::new(); team.size()];
    for (at, candidate) in candidates.iter().enumerate() {
        let owner = team.owner(key_of_hash(&candidate.payload));
        if let (Some(sent), Some(questions)) = (sent.get_mut(owner), questions.get_mut(owner)) {
            sent.push(at);
            questions.push((candidate.payload, candidate.digest.map(|digest| digest.0)));
        }
    }
    let asked = team.swap_all(questions)?;
    let known: HashMap<[u8; 32], [u8; 32]> =
        asked.iter().flatten().filter_map(|(payload, digest)| Some((*payload, (*digest)?))).collect();
    let answers = asked.into_iter().map(|asked| asked.iter().map(|(payload, _)| known.get(payload).copied()).collect());
    let answers = team.swap_all(answers.collect())?;
    for (at, digest) in sent.into_iter().flatten().zip(answers.into_iter().flatten()) {
        candidates.get_mut(at).into_iter().for_each(|candidate| candidate.digest = digest.map(PixelDigest));
    }
    Ok(())
}

/// Learns what the members are called, and sorts them as in the report.
fn label_all<T: Team>(
    searched: &Searched,
    team: &mut T,
    groups: Vec<Twins>,
    places: &[Place],
) -> Result<Vec<Forming>, Loss> {
    let members =
        |twins: &Twins| -> Vec<Place> { twins.files.iter().filter_map(|(at, _)| places.get(*at).copied()).collect() };
    let wanted: Vec<(usize, usize)> = groups.iter().flat_map(members).map(|place| (place.rank, place.file)).collect();
    let host = team.host().map(str::to_owned);
    let labels = ask_each_all(team, &wanted, |files| {
        files.into_iter().map(|file| searched.label(file, host.as_deref())).collect()
    })?;
    let mut labels = labels.into_iter();
    let mut forming = Vec::with_capacity(groups.len());
    for twins in groups {
        let mut members: Vec<Twin> = members(&twins)
            .into_iter()
            .zip(labels.by_ref())
            .filter_map(|(Place { rank, file, evidence, set }, label)| {
                Some(Twin { rank, file, evidence, set, label: label?, near: None })
            })
            .collect();
        members.sort_unstable_by(|a, b| (&a.label.path, &a.label.host).cmp(&(&b.label.path, &b.label.host)));
        // Equal files are twins whatever they hold, and have no digest: whether one is known depends on the way here.
        let needs_digest =
            content_of(&members).is_none() && members.first().is_some_and(|twin| twin.label.size.is_some());
        forming.push(Forming { twins: members, digest: twins.digest.filter(|_| needs_digest), needs_digest });
    }
    Ok(forming)
}

/// The hash of the bytes of these files, if all are equal byte for byte.
pub(crate) fn content_of(twins: &[Twin]) -> Option<[u8; 32]> {
    let content = twins.first()?.evidence.bytes;
    twins.iter().all(|twin| twin.evidence.bytes == content).then_some(content)
}

/// Asks the ranks about their files, and gives the answers in the order of the questions.
pub(crate) fn ask_each_all<T: Team, A: Record>(
    team: &mut T,
    wanted: &[(usize, usize)],
    answer: impl FnOnce(Vec<usize>) -> Vec<A>,
) -> Result<Vec<A>, Loss> {
    let mut questions = vec![Vec::new(); team.size()];
    for (rank, file) in wanted {
        questions.get_mut(*rank).into_iter().for_each(|questions| questions.push(*file));
    }
    // The questions of all ranks at once, for all threads.
    let asked = team.swap_all(questions)?;
    let counts: Vec<usize> = asked.iter().map(Vec::len).collect();
    let mut answers = answer(asked.into_iter().flatten().collect()).into_iter();
    let answers = counts.into_iter().map(|count| answers.by_ref().take(count).collect()).collect();
    let mut answers: Vec<_> = team.swap_all(answers)?.into_iter().map(Vec::into_iter).collect();
    Ok(wanted.iter().filter_map(|(rank, _)| answers.get_mut(*rank)?.next()).collect())
}

/// A file to be decoded, its picture, and the digest that came of it.
type Slot<'a> = (usize, Option<&'a Picture>, Result<[u8; 32], Refusal>);

/// Decodes one picture of every group that has no digest yet, unless all its files are equal byte for byte. Equal payloads
/// prove equal pixels, but only if there are any: the files of a group are tried in their order, and those that cannot be
/// decoded leave it and are listed.
fn confirm_all<T: Team>(
    looker: &Looker<'_>,
    searched: &mut Searched,
    team: &mut T,
    groups: &mut [Forming],
) -> Result<(), Loss> {
    looker.progress.begin(Stage::Comparing, 0);
    loop {
        let mut pending: Vec<&mut Forming> = groups
            .iter_mut()
            .filter(|group| group.digest.is_none() && group.needs_digest && !group.twins.is_empty())
            .collect();
        if !team.any_all(!pending.is_empty())? {
            return Ok(());
        }
        let wanted: Vec<(usize, usize)> =
            pending.iter().filter_map(|group| group.twins.first()).map(|twin| (twin.rank, twin.file)).collect();
        let known: &Searched = searched;
        let mut refused = Vec::new();
        let digests = ask_each_all(team, &wanted, |files| {
            let mut slots: Vec<Slot<'_>> =
                files.into_iter().map(|file| (file, known.picture(file), Err("".into()))).collect();
            let keep = |(.., slot): &mut Slot<'_>, looked: Looked| {
                let digest = |known: Known| known.digest().ok_or_else(|| "it was not decoded whole".into());
                *slot = looked.and_then(digest).map(|digest| digest.0);
            };
            looks::look_at_all(looker, &known.files, &mut slots, Rung::Whole, |(_, picture, _)| *picture, keep);
            refused.extend(slots.iter().filter_map(|(file, _, slot)| Some((*file, slot.as_ref().err()?.clone()))));
            slots.into_iter().map(|(.., slot)| slot.ok()).collect()
        })?;
        for (group, digest) in pending.iter_mut().zip(digests) {
            match digest {
                Some(digest) => group.digest = Some(PixelDigest(digest)),
                None => drop(group.twins.remove(0)),
            }
        }
        for (file, reason) in refused {
            let path = searched.files.get(file).map(Listed::path);
            searched.unread.extend(path.map(|path| Unread::new(&path, reason)));
        }
    }
}

impl Searched {
    pub(crate) fn label(&self, file: usize, host: Option<&str>) -> Option<Label> {
        let (listed, subject) = (self.files.get(file)?, self.subjects.get(&file)?);
        Some(Label {
            path: listed.path(),
            host: host.map(str::to_owned),
            other_paths: listed.other_paths().to_vec(),
            names: listed.identity.map_or(0, |identity| identity.names()),
            identity: self.sets.as_ref().and(listed.identity).map(Box::new),
            bytes: listed.bytes(),
            format: subject.format_name(),
            size: match subject {
                Subject::Picture(picture) => Some((picture.header.width, picture.header.height)),
                Subject::Blob(_) => None,
            },
        })
    }

    pub(crate) fn set_of(&self, file: usize) -> Option<SetId> {
        self.sets.as_ref()?.set_of(&self.files.get(file)?.path())
    }

    /// Whether a group of files of these sets is to be reported.
    fn is_wanted(&self, sets: impl Iterator<Item = Option<SetId>>) -> bool {
        self.sets.is_none() || crosses(sets)
    }

    fn picture(&self, file: usize) -> Option<&Picture> {
        match self.subjects.get(&file) {
            Some(Subject::Picture(picture)) => Some(picture),
            _ => None,
        }
    }

    /// Files that this rank could not compare, as the report lists them.
    pub(crate) fn take_unread(&mut self, host: Option<&str>) -> Vec<Unread> {
        let mut unread = std::mem::take(&mut self.unread);
        unread.iter_mut().for_each(|unread| unread.host = host.map(str::to_owned));
        unread.sort_unstable();
        // One that was reached twice is listed once.
        unread.dedup();
        unread
    }
}
