//! Groups of pictures that are near each other, as they are reported.

use pixtwin_matching::{Candidate, Loss, Proof, proof_between};
use pixtwin_pixel::PixelDigest;
use serde::{Deserialize, Serialize};

use crate::{
    describe,
    gather::{Forming, Label, Twin, ask_each_all},
    look::Looker,
    near::{
        classes::{Card, Class, FileOf},
        find::proof_of,
    },
    report::{Group, Nearby, Nearness},
    scan::Searched,
    sets::crosses,
    team::Team,
};

/// A picture that stays, and those that are near enough to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Star {
    pub(crate) keeper: Card,
    pub(crate) members: Vec<Ray>,
}

/// A picture that is near to the one that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ray {
    pub(crate) card: Card,
    pub(crate) nearness: Nearness,
    /// It is a member of another star as well.
    pub(crate) is_repeated: bool,
}

/// A picture of a group that is being made.
struct Part {
    digest: [u8; 32],
    files: Vec<FileOf>,
    nearness: Option<Nearness>,
    is_repeated: bool,
}

/// The groups of the stars whose keepers have their home here, sorted as in the report.
pub(crate) fn groups_all<T: Team>(
    looker: &Looker<'_>,
    searched: &Searched,
    classes: &[Class],
    stars: &[Star],
    team: &mut T,
) -> Result<Vec<Group>, Loss> {
    let wanted: Vec<(usize, usize)> =
        stars.iter().flat_map(|star| &star.members).map(|ray| (ray.card.home, ray.card.at)).collect();
    let mut files = ask_each_all(team, &wanted, |asked| {
        asked.into_iter().map(|at| classes.get(at).map_or(Vec::new(), |class| class.files.clone())).collect()
    })?
    .into_iter();
    let parts: Vec<(Option<PixelDigest>, Vec<Part>)> = stars
        .iter()
        .map(|star| {
            let class = classes.get(star.keeper.at);
            let keeper = class.map_or(Vec::new(), |class| class.files.clone());
            let keeper = Part { digest: star.keeper.digest, files: keeper, nearness: None, is_repeated: false };
            let rays = star.members.iter().zip(files.by_ref()).map(|(ray, files)| Part {
                digest: ray.card.digest,
                files,
                nearness: Some(ray.nearness),
                is_repeated: ray.is_repeated,
            });
            (class.map(|class| PixelDigest(class.digest)), std::iter::once(keeper).chain(rays).collect())
        })
        .collect();
    let forming = label_all(searched, parts, team)?;
    let mut groups = describe::describe_all(looker, searched, team, forming)?;
    groups.sort_unstable_by(Group::order);
    Ok(groups)
}

/// Learns what the files are called. The files of the picture that stays come first, then the others, sorted.
fn label_all<T: Team>(
    searched: &Searched,
    parts: Vec<(Option<PixelDigest>, Vec<Part>)>,
    team: &mut T,
) -> Result<Vec<Forming>, Loss> {
    let wanted: Vec<(usize, usize)> = parts
        .iter()
        .flat_map(|(_, parts)| parts)
        .flat_map(|part| &part.files)
        .map(|file| (file.rank, file.file))
        .collect();
    let host = team.host().map(str::to_owned);
    let mut labels = ask_each_all(team, &wanted, |files| {
        files.into_iter().map(|file| searched.label(file, host.as_deref())).collect()
    })?
    .into_iter();
    let mut forming = Vec::with_capacity(parts.len());
    for (digest, parts) in parts {
        let mut twins = Vec::new();
        for (at, part) in parts.into_iter().enumerate() {
            let Part { digest, nearness, is_repeated, files } = part;
            for (file, label) in files.into_iter().zip(labels.by_ref()) {
                let near = |size| Nearby { size, digest: Some(PixelDigest(digest)), nearness, is_repeated };
                twins.extend(label.map(|label: Label| (at > 0, twin(file, near(label.size), label))));
            }
        }
        twins.sort_by(|(is_other, a), (other_is, b)| {
            (is_other, &a.label.path, &a.label.host).cmp(&(other_is, &b.label.path, &b.label.host))
        });
        let twins: Vec<Twin> = twins.into_iter().map(|(_, twin)| twin).collect();
        if twins.len() > 1 && (searched.sets.is_none() || crosses(twins.iter().map(|twin| twin.set))) {
            forming.push(Forming { twins, digest, needs_digest: true });
        }
    }
    Ok(forming)
}

fn twin(file: FileOf, near: Nearby, label: Label) -> Twin {
    let FileOf { rank, file, bytes, payload, set, .. } = file;
    // Of the others the digest is no evidence that they belong here.
    let digest = near.digest.filter(|_| near.nearness.is_none());
    Twin { rank, file, evidence: Candidate { file, bytes, payload, digest }, set, label, near: Some(near) }
}

/// What proves a file a member of a group whose first file is this.
pub(crate) fn proof_to(first: &Twin, twin: &Twin) -> Proof {
    let nearness = twin.near.as_ref().and_then(|near| near.nearness);
    proof_of(nearness, || proof_between(&first.evidence, &twin.evidence))
}
