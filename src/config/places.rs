//! Where things are: addresses of the web and of listeners, paths. As in
//! [`values`](super::values), each is a pure function of a string.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use super::codes;
use super::text::Wrong;
use super::values::text;

/// An absolute address of the web, without a login, which would be published.
pub(super) fn web(value: &str) -> Result<Url, Wrong> {
    let wrong =
        |what: &str| Wrong::new(codes::URL, what, "write it whole: \"https://gazette.example/\"");
    let url = Url::parse(value.trim()).map_err(|_| wrong("isn't an absolute URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user name or a password, which would be published"));
    }
    Ok(url)
}

/// An address that others are put below: it ends in a slash.
pub(super) fn base(value: &str) -> Result<Url, Wrong> {
    let mut url = web(value)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(
            codes::URL,
            "has a `?` or a `#`, and nothing can be put below it",
            "write the address up to there",
        ));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// An editor's address, as `user@host (Name)`.
pub(super) fn contact(value: &str) -> Result<String, Wrong> {
    let value = text(value)?;
    let (address, name) = if let Some((name, rest)) = value.split_once('<') {
        (rest.trim_end().trim_end_matches('>'), name.trim().trim_matches('"').trim())
    } else if let Some((address, rest)) = value.split_once('(') {
        (address.trim(), rest.trim_end().trim_end_matches(')').trim())
    } else {
        (value.as_str(), "")
    };
    if !is_email(address) {
        let help = "write \"editor@gazette.example\" or \"editor@gazette.example (Ann Editor)\"";
        return Err(Wrong::new(codes::VALUE, "isn't an e-mail address", help));
    }
    Ok(if name.is_empty() { address.to_owned() } else { format!("{address} ({name})") })
}

/// An e-mail address, by its shape.
pub(super) fn email(value: &str) -> Result<String, Wrong> {
    if is_email(value) {
        return Ok(value.to_owned());
    }
    let help = "write it as in \"editor@gazette.example\"";
    Err(Wrong::new(codes::VALUE, "isn't an e-mail address", help))
}

fn is_email(value: &str) -> bool {
    value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && host.split('.').all(|label| !label.is_empty())
            && !value
                .contains(|c: char| c.is_whitespace() || c.is_control() || "<>(),;\"".contains(c))
            && !host.contains('@')
    })
}

/// Where to listen.
pub(super) fn listen(value: &str) -> Result<SocketAddr, Wrong> {
    value.trim().parse().map_err(|_| {
        let value = value.trim();
        let port = |text: &str| text.parse::<u16>().is_ok();
        let (what, help) = if port(value) || value.strip_prefix(':').is_some_and(port) {
            (
                "has no address before its port",
                "write \"127.0.0.1:8080\", or \"0.0.0.0:8080\" for \
              every address of the machine",
            )
        } else if value.parse::<IpAddr>().is_ok() {
            ("has no port", "write \"127.0.0.1:8080\", or \"[::1]:8080\"")
        } else {
            (
                "isn't an address to listen at",
                "write an IP address and a port: \"127.0.0.1:8080\", \
              \"[::1]:8080\"",
            )
        };
        Wrong::new(codes::LISTEN, what, help)
    })
}

/// A path, relative to `feeds.toml`.
pub(super) fn path(value: &str) -> Result<PathBuf, Wrong> {
    let wrong = |what: &str, help: &str| Wrong::new(codes::PATH, what, help);
    if value.trim().is_empty() {
        return Err(wrong("is empty", "write a path relative to this file; \".\" is its folder"));
    }
    if value.contains('\0') {
        return Err(wrong("holds a character that no path has", "write a path"));
    }
    if value == "~" || value.starts_with("~/") {
        return Err(wrong("begins with `~`, which only a shell knows", "write `${HOME}` for it"));
    }
    Ok(PathBuf::from(value))
}

/// A glob of paths.
pub(super) fn glob(value: &str) -> Result<String, Wrong> {
    let help = "write one as in \"**/*.md\" or \"drafts/**\"";
    if value.is_empty() {
        return Err(Wrong::new(codes::GLOB, "holds an empty glob", help));
    }
    match globset::Glob::new(value) {
        Ok(_) => Ok(value.to_owned()),
        Err(error) => {
            Err(Wrong::new(codes::GLOB, format!("holds no glob: {}", error.kind()), help))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bases_end_in_a_slash() {
        for (written, base_url) in [
            ("https://gazette.example", "https://gazette.example/"),
            ("https://gazette.example/news", "https://gazette.example/news/"),
            ("HTTP://Gazette.Example:80/a/", "http://gazette.example/a/"),
            ("https://мир.example/", "https://xn--h1ahn.example/"),
        ] {
            assert_eq!(base(written).map(String::from).as_deref(), Ok(base_url));
        }
        for wrong in [
            "",
            "/a",
            "gazette.example",
            "mailto:a@b.example",
            "https://",
            "https://a:b@c.example/",
            "https://a.example/?q",
            "https://a.example/#f",
        ] {
            assert_eq!(base(wrong).map_err(|w| w.code), Err(codes::URL), "{wrong}");
        }
    }

    #[test]
    fn loopback_addresses_are_known() {
        for (url, expected) in [
            ("http://localhost:8080/", true),
            ("http://feeds.localhost/", true),
            ("http://127.1.2.3/", true),
            ("http://[::1]/", true),
            ("http://0.0.0.0/", true),
            ("https://localhost.example/", false),
            ("http://192.168.0.1/", false),
        ] {
            assert_eq!(crate::article::is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_contact_has_one_form() {
        for (written, form) in [
            ("ann@gazette.example", "ann@gazette.example"),
            ("ann@gazette.example (Ann Editor)", "ann@gazette.example (Ann Editor)"),
            ("Ann Editor <ann@gazette.example>", "ann@gazette.example (Ann Editor)"),
            ("\"Editor, Ann\" <ann@gazette.example>", "ann@gazette.example (Editor, Ann)"),
        ] {
            assert_eq!(contact(written).as_deref(), Ok(form));
        }
        for wrong in ["", "Ann", "@gazette.example", "ann@", "a b@c.example", "<>", "a@b@c.example"]
        {
            assert_eq!(contact(wrong).map_err(|w| w.code), Err(codes::VALUE), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_a_place_panic(value in any::<String>()) {
            let _ = (base(&value), contact(&value), email(&value), listen(&value));
            let _ = (path(&value), glob(&value));
        }

        #[test]
        fn a_base_stays_what_it_is(value in "https?://[a-z]{1,8}\\.example(/[a-z]{0,4}){0,3}") {
            let once = base(&value).unwrap();
            prop_assert_eq!(base(once.as_str()), Ok(once));
        }
    }
}
