//! The proxy for an address, from the usual environment variables.

use ureq::Proxy;
use ureq::http::Uri;

use super::NetError;

/// The proxy for `uri`; `None` for a direct connection.
///
/// `https_proxy` or `http_proxy` by the scheme, else `all_proxy`, in lower or upper case; `no_proxy` lists hosts, each with its
/// subdomains, that are reached directly. As in other programs, upper-case `HTTP_PROXY` is ignored under a web server (CGI).
pub(super) fn proxy_for(uri: &Uri) -> Result<Option<Proxy>, NetError> {
    proxy_by(uri, &|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

fn proxy_by(uri: &Uri, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Proxy>, NetError> {
    let either = |name: &str| variable(name).or_else(|| variable(&name.to_ascii_uppercase()));
    let name = if uri.scheme_str() == Some("https") { "https_proxy" } else { "http_proxy" };
    let in_web_server = name == "http_proxy" && variable("REQUEST_METHOD").is_some();
    let own = if in_web_server { variable(name) } else { either(name) };
    let Some((name, value)) = own.map(|value| (name, value)).or_else(|| Some(("all_proxy", either("all_proxy")?)))
    else {
        return Ok(None);
    };
    if let Some(list) = either("no_proxy")
        && is_listed(&list, uri)
    {
        return Ok(None);
    }
    // The value may hold a password, so it is not repeated.
    let proxy = Proxy::new(value.trim()).map_err(|_| NetError::BadProxy(name.to_owned()))?;
    Ok(Some(proxy))
}

fn is_listed(list: &str, uri: &Uri) -> bool {
    let Some(host) = uri.host() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        let (name, wanted_port) = match entry.rsplit_once(':') {
            Some((name, digits)) if !name.contains(':') && digits.parse::<u16>().is_ok() => (name, digits.parse().ok()),
            _ => (entry, None),
        };
        let name = name.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let is_below = host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        is_below && wanted_port.is_none_or(|wanted: u16| wanted == port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(address: &str, variables: &[(&str, &str)]) -> Option<String> {
        let find =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        proxy_by(&address.parse().unwrap(), &find).unwrap().map(|proxy| proxy.host().to_owned())
    }

    #[test]
    fn the_scheme_chooses_the_variable() {
        let all = [("https_proxy", "http://s:1"), ("HTTP_PROXY", "http://c:1"), ("ALL_PROXY", "socks5://a:1")];
        assert_eq!(host_of("https://hub.example/", &all).as_deref(), Some("s"));
        assert_eq!(host_of("http://hub.example/", &all).as_deref(), Some("c"));
        assert_eq!(host_of("https://hub.example/", &all[1..]).as_deref(), Some("a"));
        assert_eq!(host_of("https://hub.example/", &all[1..2]), None);
        let under_a_server = [all[1], ("REQUEST_METHOD", "GET")];
        assert_eq!(host_of("http://hub.example/", &under_a_server), None);
    }

    #[test]
    fn listed_hosts_are_reached_directly() {
        for (list, address, direct) in [
            ("hub.example", "https://hub.example/", true),
            ("hub.example", "https://cdn.hub.example/", true),
            (".hub.example", "https://cdn.hub.example/", true),
            ("*.hub.example", "https://cdn.hub.example/", true),
            ("hub.example", "https://github.example/", false),
            ("a, HUB.example ,b", "https://hub.EXAMPLE/", true),
            ("hub.example:8443", "https://hub.example/", false),
            ("hub.example:443", "https://hub.example/", true),
            ("127.0.0.1", "https://127.0.0.1:9/", true),
            ("::1", "https://[::1]:9/", true),
            ("*", "https://anything/", true),
            ("", "https://hub.example/", false),
        ] {
            let variables = [("https_proxy", "http://p:1"), ("no_proxy", list)];
            assert_eq!(host_of(address, &variables).is_none(), direct, "{list:?} {address}");
        }
    }

    #[test]
    fn a_proxy_that_is_none_is_named_without_its_password() {
        let find = |name: &str| (name == "https_proxy").then(|| "gopher://me:secret@p".to_owned());
        let error = proxy_by(&"https://hub.example/".parse().unwrap(), &find).unwrap_err();
        assert_eq!(error, NetError::BadProxy("https_proxy".to_owned()));
    }
}
