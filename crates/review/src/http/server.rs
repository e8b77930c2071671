//! Listens, and lets each connection cost no more than its share.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::{Notify, Semaphore},
};
use tokio_io_timeout::TimeoutStream;

use super::{
    gate::{Gate, Hosts, near_host_of},
    limits,
    routes::{self, Shared},
    secret::Secret,
};
use crate::desk::{Desk, Setting, Surroundings};

/// How often it is looked whether a job that was told to stop has.
const LOOK: Duration = Duration::from_millis(50);

/// Where the server listens, and what opens it.
#[derive(Clone, Debug)]
pub struct Door {
    /// The address; port 0 is any that is free.
    pub listen: SocketAddr,
    /// What opens it; a new secret of 192 bits if there is none.
    pub token: Option<String>,
    /// The names of this host by which it may be called, beside those of the loopback interface.
    pub names: Vec<String>,
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address cannot be had.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The token is short, or has characters that do not belong into an address.
    #[error("a token has 32 to 256 letters, digits and `-._~`")]
    Token,
    /// The system has no random bytes, or no threads.
    #[error("cannot begin: {0}")]
    System(io::Error),
}

/// A page that can be opened.
pub struct Review {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    ended: Arc<Notify>,
}

/// Ends the server from another thread.
#[derive(Clone)]
pub struct Stopper {
    shared: Arc<Shared>,
    ended: Arc<Notify>,
    is_told: Arc<AtomicBool>,
}

impl Review {
    /// Listens, and has the result ready.
    ///
    /// # Errors
    /// If the address cannot be had, or the token is none.
    pub fn open(door: &Door, setting: Setting, around: Box<dyn Surroundings>) -> Result<Self, OpenError> {
        let no_random = |cause: getrandom::Error| OpenError::System(io::Error::other(cause.to_string()));
        let token = match &door.token {
            Some(text) => Secret::chosen(text).ok_or(OpenError::Token)?,
            None => Secret::new().map_err(no_random)?,
        };
        let (session, csrf) = (Secret::new().map_err(no_random)?, Secret::new().map_err(no_random)?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(limits::THREADS)
            .enable_all()
            .build()
            .map_err(OpenError::System)?;
        let listen = runtime.block_on(TcpListener::bind(door.listen));
        let listener = listen.map_err(|cause| OpenError::Listen(door.listen, cause))?;
        let address = listener.local_addr().map_err(OpenError::System)?;
        let gate = Gate { token, session, csrf, hosts: Hosts::new(address, &door.names) };
        let shared = Arc::new(Shared::new(gate, Desk::new(setting, around), address));
        Ok(Self { runtime, listener, address, shared, ended: Arc::new(Notify::new()) })
    }

    /// What a browser on this host opens, with the token behind the `#`, which no browser sends.
    #[must_use]
    pub fn address(&self) -> String {
        let host = near_host_of(self.address.ip());
        format!("http://{host}:{}/#{}", self.address.port(), self.shared.gate.token.text())
    }

    /// What a user of another host types to open it there.
    #[must_use]
    pub fn ssh_line(&self) -> String {
        self.shared.ssh_line()
    }

    /// Whether others than users of this host can reach it.
    #[must_use]
    pub fn is_open_to_others(&self) -> bool {
        !self.address.ip().is_loopback()
    }

    /// Searches everything that may be searched, as if the page had asked for it.
    pub fn begin_scan(&self) {
        self.shared.begin_first_scan();
    }

    /// What ends it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        let (shared, ended) = (Arc::clone(&self.shared), Arc::clone(&self.ended));
        Stopper { shared, ended, is_told: Arc::default() }
    }

    /// Answers until it is told to stop. What is being done to files then comes to an end of its own; a search does not.
    /// Whether something was broken off by that, and what, in a word.
    #[must_use]
    pub fn run(self) -> Option<&'static str> {
        let Self { runtime, listener, shared, ended, .. } = self;
        let router = routes::router(&shared);
        runtime.block_on(async {
            tokio::select! {
                () = accept(&listener, &router) => {}
                () = ended.notified() => {}
            }
        });
        shared.desk.jobs.close();
        while shared.desk.jobs.current().is_some_and(|job| !job.is_over() && !job.is_scan()) {
            std::thread::sleep(LOOK);
        }
        runtime.shutdown_background();
        shared.desk.jobs.broken_off()
    }
}

impl Stopper {
    /// Ends the server, and whatever is under way as soon as nothing is left half done.
    pub fn stop(&self) {
        self.shared.desk.jobs.close();
        if let Some(job) = self.shared.desk.jobs.current().filter(|job| !job.is_over()) {
            job.stop();
            self.shared.desk.jobs.note_broken_off(&job);
        }
        self.is_told.store(true, Ordering::Relaxed);
        self.ended.notify_one();
    }

    /// Whether it was told before.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.is_told.load(Ordering::Relaxed)
    }
}

/// Takes connections, each on a task of its own. Does not return.
async fn accept(listener: &TcpListener, router: &Router) {
    let free = Arc::new(Semaphore::new(limits::connections()));
    loop {
        let Ok(place) = Arc::clone(&free).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    serve(stream, router).await;
                    drop(place);
                });
            }
            // Too many files are open, or who called is gone: others will be answered.
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

async fn serve(stream: TcpStream, router: Router) {
    // Small answers are not to wait for more.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits::TAKEN_WITHIN));
    let mut connection = hyper::server::conn::http1::Builder::new();
    connection
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADERS_WITHIN)
        .max_headers(limits::HEADERS)
        .max_buf_size(limits::HEADER_BYTES);
    let served = connection.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router));
    // Who breaks off, or sends what is no request, has had its answer.
    let _ = served.await;
}
