use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use super::*;

fn options() -> Options {
    Options {
        connect: Duration::from_secs(20),
        whole: Duration::from_secs(20),
        bytes_max: 1000,
        redirects_max: 2,
        reach: Reach::Any,
    }
}

/// A server that answers a path with the bytes that `answer` gives, then hangs up. Gone with the test.
fn serve(answer: impl Fn(&str, SocketAddr) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(first)) = head.next() else { continue };
            let fields: Vec<String> =
                head.map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
            assert!(fields.iter().any(|f| f.starts_with("user-agent: feedwright/")), "{fields:?}");
            // A client that has seen enough hangs up first.
            let _ = stream.write_all(&answer(first.split(' ').nth(1).unwrap(), at));
        }
    });
    at
}

fn fetch(url: &str, options: &Options) -> Result<Fetched, Error> {
    get(&Url::parse(url).unwrap(), &HeaderMap::new(), options)
}

fn complaint(url: &str, options: &Options) -> String {
    fetch(url, options).unwrap_err().to_string()
}

#[test]
fn what_is_answered_is_given_whatever_its_status() {
    let at = serve(|path, _| {
        let status = path.trim_start_matches('/');
        format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok").into_bytes()
    });
    for status in [200, 404, 410, 429, 500, 503] {
        let fetched = fetch(&format!("http://{at}/{status}"), &options()).unwrap();
        assert_eq!(fetched.response.status(), status);
        assert_eq!(fetched.response.headers()["x-a"], "b");
        assert_eq!(fetched.response.body(), "ok");
    }
}

#[test]
fn redirects_are_followed_a_few_times_and_never_away_from_https() {
    let at = serve(|path, at| {
        let to = match path {
            "/a" => "/b".to_owned(),
            "/b" => format!("http://user:secret@localhost:{}/c#there", at.port()),
            "/c" => {
                return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
            }
            "/file" => "file:///etc/passwd".to_owned(),
            "/none" => "http://[".to_owned(),
            round => round.to_owned(),
        };
        format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes()
    });
    let fetched = fetch(&format!("http://{at}/a"), &options()).unwrap();
    assert_eq!(fetched.url.as_str(), format!("http://localhost:{}/c", at.port()));
    assert_eq!(fetched.response.body(), "ok");
    for (path, cause) in [
        ("/round", "there were too many before"),
        ("/file", "only the same scheme or https is"),
        ("/none", "it isn't a URL"),
    ] {
        let complaint = complaint(&format!("http://{at}{path}"), &options());
        assert!(complaint.ends_with(&format!("which isn't followed: {cause}")), "{complaint}");
    }
    let https = Url::parse("https://a.example/x").unwrap();
    assert_eq!(next(&https, "http://a.example/x", true), Err("only the same scheme or https is"));
    assert_eq!(next(&https, "//b.example/y", true).unwrap().as_str(), "https://b.example/y");
    let http = Url::parse("http://a.example/x").unwrap();
    assert_eq!(next(&http, "https://a.example/x", true).unwrap().scheme(), "https");
}

#[test]
fn an_answer_that_is_not_whole_is_none() {
    let at = serve(|path, _| {
        let answer: &[u8] = match path {
            "/silent" => b"",
            "/short" => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok",
            "/chunk" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
            "/noise" => b"\x16\x03\x01 this is no HTTP",
            "/gzip" => b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
            "/large" => &[&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 1001]].concat(),
            _ => &[&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 1000]].concat(),
        };
        answer.to_vec()
    });
    for (path, expected) in [
        ("silent", "didn't answer in whole: "),
        ("short", "didn't answer in whole: "),
        ("chunk", "didn't answer in whole: "),
        ("noise", "didn't answer in whole: "),
        ("gzip", "answers in the coding \"gzip\", which nobody asked for"),
        ("large", "answers with more than 1000 bytes"),
    ] {
        let url = format!("http://{at}/{path}");
        let complaint = complaint(&url, &options());
        assert!(complaint.starts_with(&format!("{url} {expected}")), "{complaint}");
    }
    assert_eq!(fetch(&format!("http://{at}/"), &options()).unwrap().response.body().len(), 1000);
    let complaint = complaint("ftp://a.example/x", &options());
    assert_eq!(complaint, "ftp://a.example/x isn't an http or https URL");
}

#[test]
fn who_never_answers_is_not_waited_for_beyond_the_time() {
    // Connections are taken by the system; nobody ever answers them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let options = Options { whole: Duration::from_millis(50), ..options() };
    assert_eq!(complaint(&url, &options), format!("{url} didn't answer in whole within 0.05 s"));
}

#[test]
fn addresses_that_are_not_public_are_reached_only_where_any_may_be() {
    let at = serve(|_, _| b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec());
    let public = Options { reach: Reach::Public([].into()), ..options() };
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/", at.port());
        // Not every machine has addresses of version 6.
        assert!(host.starts_with('[') || fetch(&url, &options()).is_ok(), "{url}");
        let complaint = complaint(&url, &public);
        assert!(complaint.ends_with(" isn't a public address"), "{url}: {complaint}");
    }
}

#[test]
fn nobody_at_an_address_is_told_with_the_reason() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = complaint(&format!("http://{free}/"), &options());
    let expected = format!("http://{free}/ can't be reached: Connection refused");
    assert!(refused.starts_with(&expected), "{refused}");
    let nowhere = complaint("http://nobody.invalid/", &options());
    assert!(nowhere.starts_with("http://nobody.invalid/ can't be reached: "), "{nowhere}");
    // Who doesn't speak TLS.
    let at = serve(|_, _| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let plain = complaint(&format!("https://{at}/"), &options());
    assert!(plain.starts_with(&format!("https://{at}/ can't be reached: ")), "{plain}");
}
