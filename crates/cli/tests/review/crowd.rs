//! P27: whoever is slow, or does nothing, keeps nobody else waiting.

use std::{
    io::{BufRead, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use pixtwin_testkit::{Snapshot, cases};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    close, library, opened, review,
    talk::{Session, Talk, connect},
};

const IDLE: usize = 1000;
const TRICKLING: usize = 100;

/// The page answers within this, whoever else is there.
const ANSWERED_WITHIN: Duration = Duration::from_millis(200);

/// Who sends nothing is let go after 5 seconds; the rest is for a machine that does other things.
const LET_GO_WITHIN: Duration = Duration::from_secs(12);

/// One who is connected and is no good.
struct Slow {
    stream: TcpStream,
    since: Instant,
    /// What it sends, a byte at a time; nothing for one who is idle.
    words: Vec<u8>,
    sent: usize,
}

/// How those were treated.
#[derive(Default)]
struct Treated {
    let_go: usize,
    longest: Duration,
}

impl Slow {
    fn new(to: SocketAddr, words: &[u8]) -> Self {
        let stream = TcpStream::connect_timeout(&to, Duration::from_secs(30)).unwrap();
        stream.set_nonblocking(true).unwrap();
        Self { stream, since: Instant::now(), words: words.to_vec(), sent: 0 }
    }

    /// Sends a byte if it has one, and looks whether the other side has had enough.
    fn is_let_go(&mut self) -> bool {
        if let Some(byte) = self.words.get(self.sent) {
            match self.stream.write(&[*byte]) {
                Ok(bytes) => self.sent += bytes,
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return true,
            }
        }
        let mut said = [0; 512];
        loop {
            match self.stream.read(&mut said) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(cause) => return cause.kind() != ErrorKind::WouldBlock,
            }
        }
    }
}

/// As many connections as stand at once need as many files here.
fn may_open_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(4096).min(4096);
    assert!(wanted >= 2048, "at most {wanted} files can be open: ulimit -Hn");
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).unwrap();
}

/// Those who stand around, each in place of one who was let go.
fn stand_around(session: &Session, is_over: &AtomicBool) -> Treated {
    let head = session.get(&format!("/api/state?{}", "a".repeat(2000)));
    let body = session.post("/api/r/1/list", &format!("{{{}}}", " ".repeat(2000)));
    // Of these the head comes at once, and what it announces does not.
    let split = body.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
    let new = |number: usize| match number {
        ..IDLE => Slow::new(session.to, b""),
        _ if number.is_multiple_of(2) => Slow::new(session.to, &head),
        _ => {
            let mut slow = Slow::new(session.to, &body);
            slow.stream.write_all(&body[..split]).unwrap();
            slow.sent = split;
            slow
        }
    };
    let mut slow: Vec<Slow> = (0..IDLE + TRICKLING).map(new).collect();
    let mut treated = Treated::default();
    while !is_over.load(Ordering::Relaxed) {
        for (number, one) in slow.iter_mut().enumerate() {
            if one.is_let_go() {
                treated.let_go += 1;
                treated.longest = treated.longest.max(one.since.elapsed());
                *one = new(number);
            }
        }
        let oldest = slow.iter().take(IDLE).map(|one| one.since.elapsed()).max().unwrap();
        assert!(oldest < LET_GO_WITHIN, "one who sent nothing was there for {oldest:?}");
        thread::sleep(Duration::from_millis(200));
    }
    treated
}

#[test]
fn a_crowd_of_the_slow_keeps_nobody_waiting() {
    may_open_many_files();
    let dir = library();
    let before = Snapshot::of(&dir);
    let (served, session) = opened(&dir);
    let held = served.running.held_bytes();
    let (is_over, span) = (AtomicBool::new(false), Duration::from_secs(u64::from(cases(12, 60))));
    let (mut took, mut grown) = ([Vec::new(), Vec::new()], 0);
    let treated = thread::scope(|scope| {
        let crowd = scope.spawn(|| stand_around(&session, &is_over));
        let begun = Instant::now();
        // They stand once as many files are open there.
        while served.running.open_files() < IDLE + TRICKLING && !crowd.is_finished() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} came in", served.running.open_files());
            thread::sleep(Duration::from_millis(20));
        }
        let begun = Instant::now();
        while begun.elapsed() < span && !crowd.is_finished() {
            for (path, took) in ["/", "/api/state"].iter().zip(&mut took) {
                let asked = Instant::now();
                let reply = Talk::new(session.to).ask(&session.get(path));
                took.push(asked.elapsed());
                assert_eq!(reply.status, 200, "{path}");
            }
            grown = grown.max(served.running.held_bytes().saturating_sub(held));
            thread::sleep(Duration::from_millis(20));
        }
        is_over.store(true, Ordering::Relaxed);
        crowd.join().unwrap()
    });
    for (path, took) in ["/", "/api/state"].iter().zip(&mut took) {
        took.sort_unstable();
        let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
        println!(
            "soak: page: {path} beside {IDLE} idle and {TRICKLING} trickling connections: {} times, median {:.1} ms, worst \
             {:.1} ms, {} KiB more held",
            took.len(),
            median.as_secs_f64() * 1e3,
            worst.as_secs_f64() * 1e3,
            grown >> 10
        );
        assert!(took.len() >= 50 && median < ANSWERED_WITHIN, "{path}: {median:?} of {}", took.len());
    }
    println!(
        "soak: page: {} slow connections let go, the longest after {:.1} s",
        treated.let_go,
        treated.longest.as_secs_f64()
    );
    assert!(treated.let_go > IDLE, "they were let stand");
    assert!(treated.longest < LET_GO_WITHIN + Duration::from_secs(6), "{:?}", treated.longest);
    assert!(grown < 64 << 20, "{grown} bytes more");
    close(served, &dir, &before);
}

#[test]
fn few_open_files_are_enough() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let served = review(&dir).within_open_files(256).serve();
    let session = Session::open(&served);
    let crowd: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(session.to).unwrap()).collect();
    // Those before it are let go, some after the others, and then it is its turn.
    let begun = Instant::now();
    let reply = Talk::new(session.to).ask(&session.get("/api/state"));
    assert_eq!(reply.status, 200, "{:?}", begun.elapsed());
    assert!(served.running.open_files() < 256);
    drop(crowd);
    assert_eq!(Talk::new(session.to).ask(&session.get("/api/r/1/thumb/0")).status, 200);
    close(served, &dir, &before);
}

#[test]
fn who_takes_nothing_of_an_answer_is_let_go() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let served = review(&dir).serve();
    // Of those who come later, none is counted.
    let open = served.running.open_files();
    let session = Session::open(&served);
    let mut slow = connect(session.to);
    slow.get_mut().set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    // More answers than all buffers between here and there hold.
    let request = session.get("/assets/viewer.js");
    let asked = (0..20_000).take_while(|_| slow.get_mut().write_all(&request).is_ok()).count();
    let begun = Instant::now();
    while served.running.open_files() > open {
        assert!(begun.elapsed() < Duration::from_secs(40), "it is still there");
        assert_eq!(Talk::new(session.to).ask(&session.get("/api/state")).status, 200);
        thread::sleep(Duration::from_millis(100));
    }
    assert!(begun.elapsed() > Duration::from_secs(5), "it was let go at once: {:?}", begun.elapsed());
    let mut taken = 0;
    while let Ok(read @ 1..) = slow.fill_buf().map(<[u8]>::len) {
        slow.consume(read);
        taken += read;
    }
    let whole = asked * Talk::new(session.to).ask(&request).body.len();
    assert!(taken < whole, "{taken} of {whole}");
    close(served, &dir, &before);
}
