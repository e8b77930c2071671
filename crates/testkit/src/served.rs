//! A program that serves a page, and says where on the first line of its standard output.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use crate::{Run, Running, run::read_aside};

/// Whoever has not said by then where it listens has hung.
const LONGEST: Duration = Duration::from_secs(60);

/// A program that serves a page.
#[derive(Debug)]
pub struct Served {
    /// The program.
    pub running: Running,
    /// What it printed: `http://127.0.0.1:PORT/#TOKEN`.
    pub address: String,
}

impl Run<'_> {
    /// Starts it, and waits until it says where it listens.
    #[must_use]
    pub fn serve(self) -> Served {
        let started = Instant::now();
        let mut child = self.spawn();
        drop(child.stdin.take());
        let stderr = read_aside(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, first) = channel();
        let rest = thread::spawn(move || {
            let mut line = String::new();
            let _ = stdout.read_line(&mut line);
            let _ = sender.send(line);
            read_aside(stdout)
        });
        let address = first.recv_timeout(LONGEST).unwrap_or_default().trim_end().to_owned();
        assert!(
            !address.is_empty(),
            "it does not say where it listens: {:?}",
            stderr.recv_timeout(LONGEST).map(String::from_utf8)
        );
        Served { running: Running { child, output: [rest.join().unwrap(), stderr], started }, address }
    }
}

impl Served {
    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> SocketAddr {
        let (host, _) = self.address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).unwrap();
        host.parse().unwrap()
    }

    /// What opens the page.
    #[must_use]
    pub fn token(&self) -> &str {
        self.address.split_once('#').unwrap().1
    }
}
