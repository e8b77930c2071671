//! Talks to the page over a plain socket: no client of HTTP stands between the tests and what is sent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use pixtwin_testkit::Served;
use serde_json::Value;

/// Whoever does not answer by then has hung.
const LONGEST: Duration = Duration::from_secs(30);

/// What came back; status 0 if the connection was closed without an answer.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Whether what was asked for was given or done.
    pub(crate) fn is_granted(&self) -> bool {
        (200..400).contains(&self.status)
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body, which is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|cause| panic!("{cause}: {self:?}"))
    }

    /// Whether a text stands anywhere in it.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.head.contains(text) || self.body.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

/// One who asks, over one connection as long as it lasts.
#[derive(Debug)]
pub(crate) struct Talk {
    to: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Talk {
    pub(crate) fn new(to: SocketAddr) -> Self {
        Self { to, connection: None }
    }

    /// Sends the bytes of a request, and reads the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Reply {
        if let Some(connection) = self.connection.take()
            && let Some(reply) = self.ask_over(connection, request)
        {
            return reply;
        }
        // The first one on a new connection is answered, or there is no answer.
        self.ask_over(connect(self.to), request).unwrap_or_default()
    }

    /// Nothing if the connection was closed before a byte came back.
    fn ask_over(&mut self, mut connection: BufReader<TcpStream>, request: &[u8]) -> Option<Reply> {
        // Who refuses what stands first need not read the rest.
        let _ = connection.get_mut().write_all(request);
        let reply = read_reply(&mut connection, request.starts_with(b"HEAD "))?;
        let is_over = reply.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if !is_over && reply.header("content-length").is_some() {
            self.connection = Some(connection);
        }
        Some(reply)
    }
}

pub(crate) fn connect(to: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, LONGEST).unwrap();
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    stream.set_write_timeout(Some(LONGEST)).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

/// Reads one answer; nothing if there is none.
pub(crate) fn read_reply(connection: &mut impl BufRead, is_head: bool) -> Option<Reply> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_until(b'\n', &mut head) {
            Ok(1..) => {}
            _ if head.is_empty() => return None,
            _ => break,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let mut reply = Reply { status, head, body: Vec::new() };
    match reply.header("content-length").and_then(|length| length.parse::<u64>().ok()) {
        _ if is_head => {}
        Some(length) => drop(connection.take(length).read_to_end(&mut reply.body)),
        None => drop(connection.read_to_end(&mut reply.body)),
    }
    Some(reply)
}

/// What a page has that was opened with the token.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) to: SocketAddr,
    /// `NAME=VALUE`.
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    pub(crate) token: String,
}

impl Session {
    #[track_caller]
    pub(crate) fn open(served: &Served) -> Self {
        let (to, token) = (served.socket(), served.token().to_owned());
        let body = format!("{{\"token\":\"{token}\"}}");
        let request = format!(
            "POST /api/session HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let reply = Talk::new(to).ask(request.as_bytes());
        assert_eq!(reply.status, 200, "{reply:?}");
        let cookie = reply.header("set-cookie").unwrap();
        for mark in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(cookie.contains(mark), "{cookie}");
        }
        assert!(!cookie.to_ascii_lowercase().contains("domain"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let csrf = reply.json()["csrf"].as_str().unwrap().to_owned();
        Self { to, cookie, csrf, token }
    }

    /// What the page sends to read something.
    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n", self.to, self.cookie).into_bytes()
    }

    /// What the page sends to change something.
    pub(crate) fn post(&self, path: &str, body: &str) -> Vec<u8> {
        let Self { to, cookie, csrf, .. } = self;
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nCookie: {cookie}\r\n\
             X-Pixtwin-Csrf: {csrf}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}
