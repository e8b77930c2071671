//! P24: nothing is shown or changed for who has another host, another origin, no cookie, or no header of the page.
//!
//! What may be is said here from the promise, part by part; the program's own judge is not asked.

use pixtwin_testkit::{Snapshot, cases};

use crate::{
    close, library, opened,
    talk::{Reply, Session, Talk},
};

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "QUERY"];

/// A part of a request: its header lines, and whether whoever sends them may be the page.
struct Part {
    lines: String,
    is_good: bool,
}

fn part(is_good: bool, lines: String) -> Part {
    Part { lines, is_good }
}

/// Who is asked.
fn hosts(session: &Session, own_name: &str) -> Vec<Part> {
    let port = session.to.port();
    let other = if port == u16::MAX { port - 1 } else { port + 1 };
    let good = ["127.0.0.1", "localhost", "LocalHost", "[::1]"].map(|host| format!("{host}:{port}"));
    let bad = [
        // The name of this host is for those who listen to the network.
        format!("{own_name}:{port}"),
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        format!("127.0.0.1:{other}"),
        format!("127.0.0.1:0{port}"),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("evil.localhost:{port}"),
        format!("127.0.0.2:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("[::]:{port}"),
        format!("user@127.0.0.1:{port}"),
        format!("127.0.0.1:{port}, evil.example:{port}"),
        format!("evil.example:{port}#127.0.0.1:{port}"),
        String::new(),
    ];
    let line = |host: String| format!("Host: {host}\r\n");
    let mut hosts: Vec<Part> = good.into_iter().map(|host| part(true, line(host))).collect();
    hosts.extend(bad.into_iter().map(|host| part(false, line(host))));
    hosts.push(part(false, String::new()));
    hosts.push(part(false, format!("Host: 127.0.0.1:{port}\r\nHost: evil.example:{port}\r\n")));
    hosts
}

/// Which page asks. Without an origin only what changes nothing is answered.
fn origins(session: &Session, own_name: &str) -> Vec<Part> {
    let port = session.to.port();
    let other = if port == u16::MAX { port - 1 } else { port + 1 };
    let good = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("http://{host}:{port}"));
    let bad = [
        format!("http://{own_name}:{port}"),
        "null".to_owned(),
        String::new(),
        format!("https://127.0.0.1:{port}"),
        "http://127.0.0.1".to_owned(),
        format!("http://127.0.0.1:{other}"),
        format!("http://127.0.0.1:{port}/"),
        format!("http://evil.example:{port}"),
        "https://evil.example".to_owned(),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://user@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port} http://evil.example"),
        format!("127.0.0.1:{port}"),
        "file://".to_owned(),
    ];
    let line = |origin: String| format!("Origin: {origin}\r\n");
    let mut origins = vec![part(true, String::new())];
    origins.extend(good.into_iter().map(|origin| part(true, line(origin))));
    origins.extend(bad.into_iter().map(|origin| part(false, line(origin))));
    origins.push(part(false, format!("Origin: http://127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n")));
    origins
}

/// What is known of the secrets: the lines, whether the cookie is good, and whether the header of the page is.
fn secrets(session: &Session) -> Vec<(String, bool, bool)> {
    let Session { cookie, csrf, token, .. } = session;
    let (name, secret) = cookie.split_once('=').unwrap();
    let line = |cookie: &str, csrf: &str| format!("Cookie: {cookie}\r\nX-Pixtwin-Csrf: {csrf}\r\n");
    let wrong = "0".repeat(secret.len());
    let short = &secret[..secret.len() - 1];
    vec![
        (line(cookie, csrf), true, true),
        (line(&format!("a=b; {cookie}; c=d"), csrf), true, true),
        (format!("Cookie: {cookie}\r\n"), true, false),
        (line(cookie, ""), true, false),
        (line(cookie, &wrong), true, false),
        (line(cookie, token), true, false),
        (line(cookie, secret), true, false),
        (line(cookie, &csrf.to_ascii_uppercase().replace(|digit: char| digit.is_ascii_digit(), "A")), true, false),
        (format!("Cookie: {cookie}\r\nX-Pixtwin-Csrf: {csrf}\r\nX-Pixtwin-Csrf: {csrf}\r\n"), true, false),
        (String::new(), false, false),
        (format!("X-Pixtwin-Csrf: {csrf}\r\n"), false, true),
        (line(&format!("{name}={wrong}"), csrf), false, true),
        (line(&format!("{name}="), csrf), false, true),
        (line(&format!("{name}={short}"), csrf), false, true),
        (line(&format!("{name}={secret}0"), csrf), false, true),
        (line(&format!("{name}={token}"), csrf), false, true),
        (line(&format!("pixtwin={secret}"), csrf), false, true),
        (line(&format!("{name}-={secret}"), csrf), false, true),
        (line(secret, csrf), false, true),
        (format!("Authorization: Bearer {token}\r\nX-Pixtwin-Csrf: {csrf}\r\n"), false, true),
    ]
}

/// What is asked for: nothing secret, something secret, and a change; and its body.
const STATIC: (&str, &str) = ("/", "");
const SECRET: (&str, &str) = ("/api/state", "");
const CHANGE: (&str, &str) = ("/api/r/1/choose", r#"{"group":0,"tasks":["keep","remove"]}"#);

/// A request, and whether it may be granted.
struct Case {
    request: String,
    may: bool,
}

/// Every method, host, origin and state of the secrets with one another.
fn all(session: &Session, own_name: &str) -> Vec<Case> {
    let (hosts, origins, secrets) = (hosts(session, own_name), origins(session, own_name), secrets(session));
    let mut cases = Vec::new();
    for method in METHODS {
        for host in &hosts {
            for origin in &origins {
                for (lines, has_cookie, has_csrf) in &secrets {
                    let (path, body) = if ["GET", "HEAD"].contains(&method) { SECRET } else { CHANGE };
                    let may_read = host.is_good && origin.is_good && *has_cookie;
                    let may = match method {
                        "GET" | "HEAD" => may_read,
                        "POST" => may_read && *has_csrf && !origin.lines.is_empty(),
                        _ => false,
                    };
                    let lines = format!("{}{}{lines}", host.lines, origin.lines);
                    cases.push(Case { request: written(method, path, &lines, body), may });
                }
            }
        }
    }
    cases
}

fn written(method: &str, path: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    let body_lines = match length {
        0 => String::new(),
        _ => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\n{lines}{body_lines}\r\n{body}")
}

/// Asks, and holds the answer against what may be.
#[track_caller]
fn assert_judged(case: &Case, session: &Session, talk: &mut Talk) -> Reply {
    let reply = talk.ask(case.request.as_bytes());
    assert_eq!(reply.is_granted(), case.may, "{}\n{reply:?}", case.request);
    if !case.may {
        let cookie = session.cookie.split_once('=').unwrap().1;
        let tells = [cookie, &session.csrf, &session.token, "star.png"].into_iter().find(|secret| reply.has(secret));
        assert_eq!(tells, None, "{}\n{reply:?}", case.request);
        assert!(reply.header("set-cookie").is_none(), "{}", case.request);
    }
    reply
}

#[test]
fn no_combination_is_wrongly_allowed_and_none_wrongly_refused() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let (served, session) = opened(&dir);
    let mut talk = Talk::new(session.to);
    let state = talk.ask(&session.get("/api/state")).json();
    let own_name = state["host"].as_str().unwrap().to_ascii_lowercase();
    let (granted, mut refused): (Vec<Case>, Vec<Case>) =
        all(&session, &own_name).into_iter().partition(|case| case.may);
    // A step that shares no divisor with the numbers of parts, so that every pair of parts occurs.
    let step = cases(11, 1) as usize;
    refused = refused.into_iter().step_by(step).collect();
    assert!(refused.len() >= 3000 && granted.len() >= 300, "{} {}", granted.len(), refused.len());
    for case in &refused {
        assert_judged(case, &session, &mut talk);
    }
    let totals = talk.ask(&session.get("/api/state")).json()["totals"].clone();
    assert_eq!(totals["decided"], 0, "a refused request chose something: {totals}");
    for case in &granted {
        assert_judged(case, &session, &mut talk);
    }
    assert_eq!(talk.ask(&session.get("/api/state")).json()["totals"]["decided"], 1, "an allowed one did");
    println!(
        "soak: page: {} combinations of method, host, origin, cookie and header: {} to be refused, 0 allowed; {} to be \
         allowed, 0 refused",
        granted.len() + refused.len(),
        refused.len(),
        granted.len()
    );
    close(served, &dir, &before);
}

#[test]
fn a_session_begins_with_the_token_alone_and_only_from_the_page() {
    let dir = library();
    let (served, session) = opened(&dir);
    let (to, token) = (session.to, &session.token);
    let own = format!("Host: {to}\r\nOrigin: http://{to}\r\n");
    let ask =
        |lines: &str, body: &str| Talk::new(to).ask(written("POST", "/api/session", lines, body).as_bytes()).status;
    let good = format!("{{\"token\":\"{token}\"}}");
    assert_eq!(ask(&own, &good), 200);
    let wrong = [
        "",
        "{}",
        "null",
        "[]",
        "{\"token\":null}",
        "{\"token\":\"\"}",
        "{\"token\":[]}",
        "{\"token\":true}",
        &format!("\"{token}\""),
        &format!("{{\"token\":\"{}\"}}", &token[1..]),
        &format!("{{\"token\":\"{token}0\"}}"),
        &format!("{{\"token\":\"{}\"}}", session.csrf),
        &format!("{{\"token\":\"{}\"}}", "0".repeat(48)),
        &format!("{{\"token\":[\"{token}\"]}}"),
        &format!("{{\"csrf\":\"{token}\"}}"),
        &format!("token={token}"),
    ];
    for body in wrong {
        assert!((400..500).contains(&ask(&own, body)), "{body}");
    }
    let port = to.port();
    for lines in [
        format!("Host: {to}\r\n"),
        format!("Host: {to}\r\nOrigin: null\r\n"),
        format!("Host: {to}\r\nOrigin: http://evil.example:{port}\r\n"),
        format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n"),
        format!("{own}Sec-Fetch-Site: cross-site\r\n"),
        format!("{own}Sec-Fetch-Site: same-site\r\n"),
    ] {
        assert_eq!(ask(&lines, &good), 403, "{lines}");
    }
    // Forms of other sites can send these without being asked.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""] {
        let request = format!(
            "POST /api/session HTTP/1.1\r\n{own}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{good}",
            good.len()
        );
        assert_eq!(Talk::new(to).ask(request.as_bytes()).status, 415, "{kind}");
    }
    drop(served);
}

#[test]
fn other_sites_may_lead_to_the_page_and_nothing_else() {
    let dir = library();
    let (served, session) = opened(&dir);
    let to = session.to;
    let mut talk = Talk::new(to);
    for site in ["cross-site", "same-site"] {
        for (path, may) in [("/", true), ("/assets/main.js", false), ("/api/state", false), ("/api/r/1/thumb/0", false)]
        {
            let lines = format!("Host: {to}\r\nCookie: {}\r\nSec-Fetch-Site: {site}\r\n", session.cookie);
            let reply = talk.ask(written("GET", path, &lines, "").as_bytes());
            assert_eq!(reply.is_granted(), may, "{site} {path} {reply:?}");
        }
    }
    // The whole of an address where a path stands, and protocols before hosts were named.
    for request in [
        format!("GET http://evil.example/api/state HTTP/1.1\r\nHost: {to}\r\nCookie: {}\r\n\r\n", session.cookie),
        format!("GET http://{to}/api/state HTTP/1.1\r\nHost: evil.example\r\nCookie: {}\r\n\r\n", session.cookie),
        format!("GET /api/state HTTP/1.0\r\nCookie: {}\r\n\r\n", session.cookie),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
    ] {
        let reply = Talk::new(to).ask(request.as_bytes());
        assert!(!reply.is_granted(), "{request}\n{reply:?}");
    }
    drop(served);
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let dir = library();
    let (served, session) = opened(&dir);
    let to = session.to;
    let requests = [
        written("GET", STATIC.0, &format!("Host: {to}\r\n"), ""),
        written("GET", "/assets/main.js", &format!("Host: {to}\r\n"), ""),
        written("GET", "/assets/nothing", &format!("Host: {to}\r\n"), ""),
        written("GET", "/nothing", &format!("Host: {to}\r\n"), ""),
        written("GET", "/", "Host: evil.example\r\n", ""),
        written("GET", SECRET.0, &format!("Host: {to}\r\n"), ""),
        String::from_utf8(session.get(SECRET.0)).unwrap(),
        String::from_utf8(session.get("/api/r/1/thumb/0")).unwrap(),
        String::from_utf8(session.get("/api/r/1/group/0")).unwrap(),
        String::from_utf8(session.post(CHANGE.0, "[")).unwrap(),
    ];
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; \
                  font-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                  require-trusted-types-for 'script'";
    let mut talk = Talk::new(to);
    for request in &requests {
        let reply = talk.ask(request.as_bytes());
        let first = request.lines().next().unwrap();
        assert_eq!(reply.header("content-security-policy"), Some(policy), "{first}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{first}");
        }
        assert_eq!(reply.header("access-control-allow-origin"), None, "{first}");
        let kept = reply.header("cache-control").unwrap();
        assert!(["no-store", "no-cache", "private, max-age=3600"].contains(&kept), "{first} {kept}");
    }
    drop(served);
}

#[test]
fn it_listens_on_the_loopback_interface_alone() {
    let dir = library();
    let (served, session) = opened(&dir);
    let port = format!("{:04X}", session.to.port());
    let mut listening = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table = std::fs::read_to_string(format!("/proc/{}/net/{table}", served.running.id())).unwrap_or_default();
        // `sl local_address rem_address st`; 0A is LISTEN.
        let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let local = fields.filter(|fields| fields.get(3) == Some(&"0A")).map(|fields| fields[1].to_owned());
        listening.extend(local.filter(|local| local.ends_with(&format!(":{port}"))));
    }
    assert_eq!(listening, [format!("0100007F:{port}")]);
    assert_eq!(served.token().len(), 48);
    drop(served);
}
