//! A run on one rank, from the first greeting to the last.

use std::sync::Arc;

use pixtwin_engine::{Loss, Offers, Progress, Shelf};

use crate::{
    crew::{self, Terms},
    ranks::Ranks,
    world::{
        Post, State, World,
        carrier::{Carrier, Timing},
        link::Link,
        watch,
    },
};

/// How a run ended on this rank.
pub struct Ran<L, T> {
    /// The link, to be finished.
    pub link: L,
    /// Why the ranks did not begin, or what the work gave; nothing where a rank was lost before it began.
    pub result: Result<Option<T>, String>,
    /// What is known of the others.
    pub state: Arc<State>,
}

/// What a rank brings to a run.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The version of the program.
    pub version: &'static str,
    /// The name of this host.
    pub host: String,
    /// What it was started with.
    pub terms: Terms,
    /// How it keeps time.
    pub timing: Timing,
}

/// Runs `work` on this rank, together with all others that call this. The work has a thread of its own; the calling
/// thread carries messages meanwhile and watches the other ranks. `announce` hears of the run before its work begins, so
/// that it can be interrupted. `leave` ends this process; it is called where the run is over, all is written, and the link
/// does not come to an end.
///
/// # Errors
/// Why the ranks did not come together.
///
/// # Cost
/// Blocks until the work of this rank is done, and all ranks know how it ended.
pub fn run<L: Link, T: Send>(
    link: L,
    seat: &Seat,
    progress: &Progress,
    announce: impl FnOnce(&Arc<State>),
    leave: impl Fn() + Sync,
    work: impl FnOnce(&mut Ranks<Post>) -> T + Send,
) -> Result<Ran<L, T>, String> {
    let Seat { version, timing, .. } = seat;
    let rank = link.rank();
    let (carrier, post) = Carrier::greet(link, version, *timing)?;
    let state = Arc::clone(post.state());
    announce(&state);
    let (shelf, offers) = (Arc::new(Shelf::default()), Arc::new(Offers::default()));
    let give_up = || {
        progress.give_up();
        shelf.abandon();
        offers.abandon();
    };
    let (link, result) = std::thread::scope(|scope| {
        scope.spawn(|| watch(&state, rank, *timing, &give_up, &leave));
        let working = scope.spawn(|| work_on(post, seat, (&shelf, &offers), work));
        let link = carrier.carry(progress);
        state.close();
        (link, working.join())
    });
    let result = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let result = match result {
        Ok(Ok(done)) => Ok(Some(done)),
        Ok(Err(refusal)) => Err(refusal),
        Err(Loss) => Ok(None),
    };
    Ok(Ran { link, result, state })
}

fn work_on<T>(
    mut post: Post,
    seat: &Seat,
    (shelf, offers): (&Arc<Shelf>, &Arc<Offers>),
    work: impl FnOnce(&mut Ranks<Post>) -> T,
) -> Result<Result<T, String>, Loss> {
    let state = Arc::clone(post.state());
    let crew = match crew::agree_all(&mut post, &seat.host, &seat.terms)? {
        Ok(crew) => crew,
        Err(refusal) => {
            state.set_done();
            return Ok(Err(refusal));
        }
    };
    let rank = post.rank();
    if crew.is_one_tree_on_hosts() {
        shelf.want_marks();
    }
    post.set_nodes(crew.hosts().to_vec());
    post.fill(crew.walker_of(rank), Arc::clone(shelf), crew.processors_of(rank))?;
    let beside = crew.beside(rank);
    post.share(Arc::clone(offers), beside.clone())?;
    let offers = (!beside.is_empty()).then(|| Arc::clone(offers));
    let mut ranks = Ranks::new(post, crew, Arc::clone(shelf), offers);
    let done = work(&mut ranks);
    // Said while the post is open: one that closes before has panicked.
    state.set_done();
    Ok(Ok(done))
}
