//! Whole files from the ranks that can read them, in pieces.

use std::path::{Path, PathBuf};

use pixtwin_matching::Loss;
use serde::{Deserialize, Serialize};

use crate::{
    file::{Listed, words_of},
    look::{Looker, reopen},
    refusal::Refusal,
    team::Team,
    wire,
};

/// How many files a rank asks for at once.
pub(crate) const AT_ONCE: usize = 4;

/// What a rank sends at once to all others together, for each file that one of them may ask for.
const SENT_AT_ONCE_BYTES: usize = 8 << 20;

/// A piece of a file that is worth a message.
const LEAST_PIECE_BYTES: usize = 64 << 10;

/// A file of some rank: its number in the list that this rank gives files from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Far {
    pub(crate) rank: usize,
    pub(crate) at: usize,
}

/// A file as it came.
pub(crate) struct Fetched {
    /// Its last name, for its extension.
    pub(crate) name: PathBuf,
    pub(crate) content: Vec<u8>,
}

/// A piece of a file: what follows the bytes that were asked about before.
#[derive(Serialize, Deserialize)]
struct Piece {
    #[serde(with = "wire::path")]
    name: PathBuf,
    /// Of the whole file.
    file_bytes: u64,
    content: Vec<u8>,
}

/// A file that is on its way.
struct Coming {
    far: Far,
    name: PathBuf,
    content: Vec<u8>,
    /// Why it will not come, or that it has come.
    end: Option<Result<(), Refusal>>,
}

/// Brings files here whole, of up to `most_bytes` each. `served` are the files that others can ask this rank for.
///
/// # Cost
/// What this rank asks for is held. What it is asked for comes to 32 MiB at most at once.
pub(crate) fn fetch_all<T: Team>(
    looker: &Looker<'_>,
    wanted: &[Far],
    most_bytes: u64,
    served: &[Option<&Listed>],
    team: &mut T,
) -> Result<Vec<Result<Fetched, Refusal>>, Loss> {
    let piece_bytes = (SENT_AT_ONCE_BYTES / team.size().max(1)).max(LEAST_PIECE_BYTES);
    let new = |far: &Far| Coming { far: *far, name: PathBuf::new(), content: Vec::new(), end: None };
    let mut coming: Vec<Coming> = wanted.iter().map(new).collect();
    loop {
        let mut open: Vec<&mut Coming> = coming.iter_mut().filter(|coming| coming.end.is_none()).collect();
        if !team.any_all(!open.is_empty())? {
            break;
        }
        let mut questions: Vec<Vec<(usize, u64)>> = vec![Vec::new(); team.size()];
        for coming in &open {
            let question = (coming.far.at, coming.content.len() as u64);
            questions.get_mut(coming.far.rank).into_iter().for_each(|questions| questions.push(question));
        }
        let answer = |(at, offset): (usize, u64)| match served.get(at).copied().flatten() {
            Some(listed) => piece(looker, listed, offset, piece_bytes),
            None => Err("it is not listed".into()),
        };
        let answers = team.ask_all(questions, |asked| asked.into_iter().map(answer).collect())?;
        let mut answers: Vec<_> = answers.into_iter().map(Vec::into_iter).collect();
        for coming in &mut open {
            let answer = answers.get_mut(coming.far.rank).and_then(Iterator::next);
            coming.take(answer.unwrap_or_else(|| Err("it did not come".into())), most_bytes, looker);
        }
    }
    Ok(coming.into_iter().map(Coming::finish).collect())
}

impl Coming {
    fn take(&mut self, answer: Result<Piece, Refusal>, most_bytes: u64, looker: &Looker<'_>) {
        let piece = match answer {
            Ok(piece) => piece,
            Err(refusal) => return self.end = Some(Err(refusal)),
        };
        let is_empty = piece.content.is_empty();
        self.name = piece.name;
        self.content.extend(piece.content);
        let come = self.content.len() as u64;
        if piece.file_bytes > most_bytes {
            self.end = Some(Err(looker.too_large(piece.file_bytes)));
        } else if come >= piece.file_bytes {
            self.end = Some(Ok(()));
        } else if is_empty {
            self.end = Some(Err("it ended before its length".into()));
        }
    }

    fn finish(self) -> Result<Fetched, Refusal> {
        self.end.unwrap_or(Ok(()))?;
        Ok(Fetched { name: self.name, content: self.content })
    }
}

/// Reads a piece of a file that is what it was when it was looked at.
fn piece(looker: &Looker<'_>, listed: &Listed, offset: u64, piece_bytes: usize) -> Result<Piece, Refusal> {
    use std::os::unix::fs::FileExt;

    let (file, identity) = reopen(listed)?;
    let left = identity.bytes.saturating_sub(offset);
    let mut content = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(piece_bytes)];
    file.read_exact_at(&mut content, offset).map_err(|cause| words_of(&cause))?;
    looker.progress.add_bytes(content.len() as u64);
    let name: &Path = listed.name();
    Ok(Piece { name: name.to_owned(), file_bytes: identity.bytes, content })
}
