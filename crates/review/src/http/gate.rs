//! Who may ask for what: hosts, origins, the cookie and the header that other sites cannot send.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};

use super::secret::Secret;

/// The header that every request has that changes something.
pub(crate) const CSRF_HEADER: &str = "x-pixtwin-csrf";

/// What is let through.
#[derive(Debug)]
pub(crate) struct Gate {
    /// What starts a session: in the address that was printed.
    pub(crate) token: Secret,
    /// What the cookie holds.
    pub(crate) session: Secret,
    /// What the header holds.
    pub(crate) csrf: Secret,
    pub(crate) hosts: Hosts,
}

/// Under which names this server is reached. Others are refused: a site whose name was made to lead here has another.
#[derive(Debug)]
pub(crate) struct Hosts {
    port: u16,
    names: Vec<String>,
    /// Whether any number of a host will do, for one that listens on all of them. Names of sites are never numbers.
    any_number: bool,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) StatusCode, pub(crate) &'static str);

impl Hosts {
    /// The names of a server that listens there; `more` are names of this host, by which nobody reaches the loopback interface.
    pub(crate) fn new(address: SocketAddr, more: &[String]) -> Self {
        let ip = address.ip();
        let more = more.iter().filter(|_| !ip.is_loopback());
        let mut names: Vec<String> = more.map(|name| name.to_ascii_lowercase()).collect();
        // Who comes through a tunnel asks for these.
        names.extend(["127.0.0.1", "localhost", "[::1]"].map(str::to_owned));
        names.push(host_of(ip));
        Self { port: address.port(), names, any_number: ip.is_unspecified() }
    }

    fn has(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let Some((name, port)) = host.rsplit_once(':') else { return false };
        let is_number = || name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        port == self.port.to_string()
            && (self.names.iter().any(|known| known == name) || (self.any_number && is_number()))
    }
}

/// As it stands in an address.
fn host_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The address at which programs of this host reach a server that listens there, as it stands in an address.
pub(crate) fn near_host_of(ip: IpAddr) -> String {
    host_of(if ip.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { ip })
}

impl Gate {
    /// The name of the cookie; browsers share cookies between the ports of a host.
    pub(crate) fn cookie(&self) -> String {
        format!("pixtwin-{}", self.hosts.port)
    }

    /// Whether a request may be answered.
    ///
    /// # Errors
    /// Why not. Nothing of what was asked for is looked at before.
    pub(crate) fn judge(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let forbidden = |words| Err(Refusal(StatusCode::FORBIDDEN, words));
        let named = uri.authority().is_none_or(|authority| self.hosts.has(authority.as_str()));
        if !named || !only(headers, &header::HOST).is_some_and(|host| self.hosts.has(host)) {
            return forbidden("this address is not served under that name");
        }
        if ![Method::GET, Method::HEAD, Method::POST].contains(method) {
            return Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET, HEAD and POST are answered"));
        }
        let changes = method == Method::POST;
        match headers.contains_key(header::ORIGIN) {
            true if !only(headers, &header::ORIGIN).is_some_and(|origin| self.is_own(origin)) => {
                return forbidden("another site asked for it");
            }
            false if changes => return forbidden("it does not say which site asked for it"),
            _ => {}
        }
        let site = only(headers, &HeaderName::from_static("sec-fetch-site"));
        let is_page = uri.path() == "/";
        if headers.contains_key("sec-fetch-site") && !is_page && !matches!(site, Some("same-origin" | "none")) {
            return forbidden("another site asked for it");
        }
        if !uri.path().starts_with("/api/") {
            return if changes {
                Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, "there is nothing to change"))
            } else {
                Ok(())
            };
        }
        if changes && only(headers, &header::CONTENT_TYPE) != Some("application/json") {
            return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "only JSON is taken"));
        }
        if changes && uri.path() == "/api/session" {
            return Ok(());
        }
        if !self.has_session(headers) {
            return Err(Refusal(StatusCode::UNAUTHORIZED, "open the address that pixtwin printed"));
        }
        let csrf = only(headers, &HeaderName::from_static(CSRF_HEADER));
        if changes && !csrf.is_some_and(|csrf| self.csrf.is(csrf)) {
            return forbidden("it does not come from the page");
        }
        Ok(())
    }

    fn is_own(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|host| self.hosts.has(host))
    }

    fn has_session(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie();
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(key, value)| key == name && self.session.is(value))
    }
}

/// The value of a header that is there once; nothing if it is not, or is no text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.to_str().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        let secret = |letter: &str| Secret::chosen(&letter.repeat(48)).unwrap();
        let hosts = Hosts::new("127.0.0.1:8080".parse().unwrap(), &[]);
        Gate { token: secret("a"), session: secret("b"), csrf: secret("c"), hosts }
    }

    fn judge(method: Method, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        gate().judge(&method, &path.parse().unwrap(), &map).map_or_else(|refusal| refusal.0.as_u16(), |()| 200)
    }

    #[test]
    fn only_the_page_itself_gets_through() {
        let cookie = ("cookie", &*format!("x=1; pixtwin-8080={}", "b".repeat(48)));
        let host = ("host", "127.0.0.1:8080");
        let (origin, csrf) = (("origin", "http://127.0.0.1:8080"), (CSRF_HEADER, &*"c".repeat(48)));
        let json = ("content-type", "application/json");
        let get = |headers: &[(&str, &str)]| judge(Method::GET, "/api/state", headers);
        let post = |headers: &[(&str, &str)]| judge(Method::POST, "/api/undo", headers);
        assert_eq!(get(&[host, cookie]), 200);
        assert_eq!(get(&[("host", "localhost:8080"), cookie]), 200);
        for wrong in ["evil.example:8080", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8080.evil.example", "", "[::1]:80"] {
            assert_eq!(get(&[("host", wrong), cookie]), 403, "{wrong}");
        }
        assert_eq!(get(&[host, host, cookie]), 403);
        assert_eq!(get(&[host]), 401);
        assert_eq!(get(&[host, ("cookie", "pixtwin-8080=b")]), 401);
        assert_eq!(get(&[host, cookie, ("origin", "null")]), 403);
        assert_eq!(get(&[host, cookie, ("sec-fetch-site", "cross-site")]), 403);
        assert_eq!(post(&[host, cookie, origin, csrf, json]), 200);
        assert_eq!(post(&[host, cookie, csrf, json]), 403);
        assert_eq!(post(&[host, cookie, origin, json]), 403);
        assert_eq!(post(&[host, cookie, origin, csrf]), 415);
        assert_eq!(post(&[host, cookie, ("origin", "https://127.0.0.1:8080"), csrf, json]), 403);
        assert_eq!(judge(Method::PUT, "/api/state", &[host, cookie]), 405);
        assert_eq!(judge(Method::GET, "http://evil.example/api/state", &[host, cookie]), 403);
        assert_eq!(judge(Method::POST, "/", &[host, cookie, origin, csrf, json]), 405);
        assert_eq!(judge(Method::GET, "/", &[host, ("sec-fetch-site", "cross-site")]), 200);
    }

    #[test]
    fn who_listens_everywhere_is_called_by_number_and_by_its_own_name_only() {
        let hosts = Hosts::new("0.0.0.0:80".parse().unwrap(), &["Nas".to_owned()]);
        assert!(["10.0.0.7:80", "[fe80::1]:80", "nas:80", "localhost:80"].into_iter().all(|host| hosts.has(host)));
        assert!(!hosts.has("evil.example:80") && !hosts.has("nas:81") && !hosts.has("nas"));
    }
}
