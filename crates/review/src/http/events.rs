//! Tells the page how far things are, as they move.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream::{self, Stream};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::timeout,
};

use super::{
    answer::{Answer, Fault},
    routes::{Here, Shared},
};

/// How often the page is told of something that moves.
const EVERY: Duration = Duration::from_millis(200);

/// How often something is sent where nothing moves.
const ALIVE: Duration = Duration::from_secs(15);

/// One who listens.
struct Listener {
    shared: Arc<Shared>,
    changes: watch::Receiver<u64>,
    /// What was told last.
    told: String,
    /// Whether the state changed, and this is to be told next.
    has_changed: bool,
    _place: OwnedSemaphorePermit,
}

/// The events, until the page goes away.
pub(super) async fn events(State(shared): Here) -> Answer {
    let too_many = |_| Fault::new(StatusCode::TOO_MANY_REQUESTS, "too many pages are open");
    let place = Arc::clone(&shared.listening).try_acquire_owned().map_err(too_many)?;
    let changes = shared.desk.jobs.changes();
    let listener = Listener { shared, changes, told: String::new(), has_changed: false, _place: place };
    let keep_alive = KeepAlive::new().interval(ALIVE);
    Ok(Sse::new(stream_of(listener)).keep_alive(keep_alive).into_response())
}

fn stream_of(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await;
        Some((Ok(event), listener))
    })
}

impl Listener {
    async fn next(&mut self) -> Event {
        if std::mem::take(&mut self.has_changed) {
            return Event::default().event("state").data("{}");
        }
        loop {
            let job = self.shared.desk.jobs.current();
            let shown = job.as_ref().and_then(|job| serde_json::to_string(&job.state()).ok());
            if let Some(shown) = shown.filter(|shown| *shown != self.told) {
                self.told.clone_from(&shown);
                return Event::default().event("job").data(shown);
            }
            let moves = job.is_some_and(|job| !job.is_over());
            let changed = self.changes.changed();
            self.has_changed = match moves {
                true => timeout(EVERY, changed).await.is_ok(),
                false => changed.await.is_ok(),
            };
            if self.has_changed && !moves {
                self.has_changed = false;
                return Event::default().event("state").data("{}");
            }
        }
    }
}
