//! P27: what is no request ends its own connection and nothing else.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use pixtwin_testkit::{Snapshot, cases, draw::Seeded};

use crate::{
    close, library, opened,
    talk::{Session, Talk, connect, read_reply},
};

/// Requests that are as they should be.
fn seeds(session: &Session) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        ["/", "/assets/main.js", "/api/state", "/api/r/1/group/0", "/api/r/1/thumb/0", "/api/runs"]
            .map(|path| session.get(path))
            .into();
    seeds.push(session.get("/api/r/1/list/1?from=0&count=60"));
    for (path, body) in [
        ("/api/r/1/list", r#"{"tier":null,"text":"star","sort":"path","show":"all","min_bytes":0}"#),
        ("/api/r/1/choose", r#"{"group":0,"tasks":["keep","leave"]}"#),
        ("/api/r/1/clear", r#"{"list":null}"#),
        ("/api/r/1/rules", r#"{"rules":[{"name":"oldest"}],"list":null}"#),
        ("/api/stop", r#"{"job":1}"#),
    ] {
        seeds.push(session.post(path, body));
    }
    let chunked = "POST /api/r/1/list HTTP/1.1\r\nTransfer-Encoding: chunked\r\n";
    let rest = String::from_utf8(session.post("/", "")).unwrap();
    let rest = rest.split_once("\r\n").unwrap().1.replace("Content-Length: 0\r\n", "");
    seeds.push(format!("{chunked}{rest}2\r\n{{}}\r\n0\r\n\r\n").into_bytes());
    seeds
}

/// A request with one to four things done to it.
fn mutated(seeds: &[Vec<u8>], random: &mut Seeded) -> Vec<u8> {
    let mut bytes = seeds[random.at(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        mutate(&mut bytes, seeds, random);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Seeded) {
    const ODD: [&[u8]; 14] = [
        b"\r\n",
        b"\n",
        b"\0",
        b"\r",
        b" ",
        b":",
        b"\xff\xfe",
        b"Content-Length: 18446744073709551615\r\n",
        b"Content-Length: -1\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"fffffffffffffffff\r\n",
        b"HTTP/9.9",
        b"Expect: 100-continue\r\n",
        b"Upgrade: h2c\r\n",
    ];
    if bytes.is_empty() {
        return;
    }
    let at = random.at(bytes.len());
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.byte(),
        2 => bytes.truncate(at),
        3 => drop(bytes.splice(at..at, ODD[random.at(ODD.len())].iter().copied())),
        4 => drop(bytes.drain(at..(at + 1 + random.at(40)).min(bytes.len()))),
        5 => {
            let part = bytes[at..(at + 1 + random.at(60)).min(bytes.len())].to_vec();
            let times = 1 + random.at(200);
            bytes.splice(at..at, part.repeat(times));
        }
        6 => {
            let other = &seeds[random.at(seeds.len())];
            bytes.splice(at.., other[random.at(other.len())..].iter().copied());
        }
        _ => bytes.swap(at, 0),
    }
}

#[test]
fn no_malformed_request_ends_the_page() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let (served, session) = opened(&dir);
    let (seeds, mut random) = (seeds(&session), Seeded(27));
    let (count, mut granted) = (cases(10_000, 100_000), 0);
    let held = served.running.held_bytes();
    for number in 0..count {
        let bytes = mutated(&seeds, &mut random);
        let mut stream = connect(session.to);
        stream.get_mut().set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let _ = stream.get_mut().write_all(&bytes);
        // What is cut off does not go on.
        let _ = stream.get_ref().shutdown(Shutdown::Write);
        let begun = Instant::now();
        let reply = read_reply(&mut stream, bytes.starts_with(b"HEAD"));
        assert!(begun.elapsed() < Duration::from_secs(14), "no end: {}", bytes.escape_ascii());
        granted += u32::from(reply.is_some_and(|reply| reply.is_granted()));
        if number % 1000 == 0 {
            assert_eq!(Talk::new(session.to).ask(&session.get("/api/state")).status, 200);
        }
    }
    // Some are left as they were in all that counts, or nothing was tried.
    assert!(granted > count / 100 && granted < count, "{granted} of {count}");
    let grown = served.running.held_bytes().saturating_sub(held);
    assert!(grown < 64 << 20, "{grown} bytes more");
    println!(
        "soak: page: {count} malformed requests, {granted} answered all the same, no crash, {} KiB more held",
        grown >> 10
    );
    assert_eq!(Talk::new(session.to).ask(&session.get("/api/state")).status, 200);
    close(served, &dir, &before);
}

#[test]
fn a_large_body_is_refused_early() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let (served, session) = opened(&dir);
    let held = served.running.held_bytes();
    let length = 100 << 20;
    let [announced, unannounced] = ["Content-Length: 104857600", "Transfer-Encoding: chunked"].map(|how| {
        let head = String::from_utf8(session.post("/api/r/1/list", "")).unwrap().replace("Content-Length: 0", how);
        sent(&session, head.as_bytes(), &[b' '; 1 << 16], length)
    });
    let no_cookie = format!(
        "POST /api/r/1/list HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n",
        session.to
    );
    let stranger = sent(&session, no_cookie.as_bytes(), &[b' '; 1 << 16], length);
    for (bytes, status, expected) in
        [(announced.0, announced.1, 413), (unannounced.0, unannounced.1, 400), (stranger.0, stranger.1, 401)]
    {
        assert!([0, expected, 413].contains(&status), "{status}");
        // More than the body that is taken only fills the buffers of the system.
        assert!(bytes < 16 << 20, "{bytes} of {length} bytes were taken");
    }
    let grown = served.running.held_bytes().saturating_sub(held);
    assert!(grown < 64 << 20, "{grown} bytes more");
    close(served, &dir, &before);
}

#[test]
fn a_hundred_thousand_headers_are_refused_early() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let (served, session) = opened(&dir);
    let held = served.running.held_bytes();
    let head = format!("GET /api/state HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n", session.to, session.cookie);
    for line in
        ["X-A: b\r\n".to_owned(), format!("Cookie: {}\r\n", session.cookie), format!("X-A: {}\r\n", "b".repeat(8000))]
    {
        let (bytes, status) = sent(&session, head.as_bytes(), line.as_bytes(), line.len() * 100_000);
        assert!([0, 400, 431].contains(&status), "{status}");
        assert!(bytes < 16 << 20, "{bytes} bytes were taken");
    }
    // One header, or one path, without an end.
    for (head, part) in [(&head[..], "X-A: b"), ("GET /", "a"), ("", "A")] {
        let (bytes, status) = sent(&session, head.as_bytes(), part.repeat(10_000).as_bytes(), 100 << 20);
        assert!([0, 400, 414, 431].contains(&status), "{status}");
        assert!(bytes < 16 << 20, "{bytes} bytes were taken");
    }
    let grown = served.running.held_bytes().saturating_sub(held);
    assert!(grown < 64 << 20, "{grown} bytes more");
    close(served, &dir, &before);
}

/// Sends a head, and parts up to a length, until the other side takes no more; how much it took, and its answer.
fn sent(session: &Session, head: &[u8], part: &[u8], length: usize) -> (usize, u16) {
    let mut stream = connect(session.to);
    // The answer can be lost where the connection is broken off while more is on its way.
    let to: &mut TcpStream = stream.get_mut();
    to.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut taken = 0;
    if to.write_all(head).is_ok() {
        while taken < length {
            match to.write(part) {
                Ok(0) | Err(_) => break,
                Ok(bytes) => taken += bytes,
            }
        }
    }
    let _ = to.set_read_timeout(Some(Duration::from_secs(10)));
    let status = read_reply(&mut stream, false).map_or(0, |reply| reply.status);
    let mut rest = Vec::new();
    let _ = stream.take(1 << 20).read_to_end(&mut rest);
    (taken, status)
}
