//! Plays `tests/http/*.http`, each on one connection. A case is blocks between lines of `---`: a
//! request, what is expected of its response, the next request, and so on. Lines at the top that
//! begin with `#` say what for. A file named `admin-…` talks to the admin listener.
//!
//! In a request, lines end in CRLF, `\xHH` is that byte, `{long N}` is N letters. In both, `{NAME}` is
//! the hash of that edition. Of a response: its status, then lines such as
//!
//! - `Name: value`, the field's only value; `Name: *`, any
//! - `absent: Name`
//! - `body: text`, the whole body without its last newline; `body-empty`
//! - `closed`: the connection ends after it

use std::fmt::Write as _;
use std::path::Path;

use feedwright::server::Limits;

use super::service::{Client, HASHES, LAZY, Response, Service};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_case_is_answered_as_it_says() {
    let limits =
        Limits { demand_timeout: std::time::Duration::from_millis(50), ..Limits::default() };
    let service = Service::start(limits).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "http"));
    paths.sort();
    assert!(paths.len() >= 45, "only {} cases were found", paths.len());

    let mut wrong = String::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let to = if name.starts_with("admin-") { service.admin } else { service.public };
        let text = std::fs::read_to_string(&path).unwrap();
        for fault in play(&text, Client::connect(to).await, name).await {
            writeln!(wrong, "{name}: {fault}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    service.end().await;
}

async fn play(case: &str, mut client: Client, name: &str) -> Vec<String> {
    let case: String =
        case.lines().skip_while(|l| l.starts_with('#')).fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        });
    let case = with_hashes(&case);
    let blocks: Vec<&str> = case.split("---\n").collect();
    assert!(blocks.len().is_multiple_of(2), "{name}: a request without a response");
    let mut faults = Vec::new();
    for pair in blocks.chunks(2) {
        client.send(&request(pair[0])).await;
        let method = pair[0].split(' ').next().unwrap();
        let response = client.response(method).await;
        faults.extend(compare(&response, pair[1], method));
        if !name.starts_with("admin-") {
            faults.extend(always(&response));
        }
        if pair[1].lines().any(|line| line == "closed") {
            client.closed().await;
            return faults;
        }
    }
    faults
}

fn with_hashes(text: &str) -> String {
    let all = HASHES.iter().map(|(name, _, hash, _)| (*name, *hash)).chain([LAZY]);
    all.fold(text.to_owned(), |text, (name, hash)| text.replace(&format!("{{{name}}}"), hash))
}

fn request(block: &str) -> Vec<u8> {
    let mut text = block.replace('\n', "\r\n");
    while let Some(start) = text.find("{long ") {
        let end = start + text[start..].find('}').unwrap();
        let length = text[start + 6..end].parse().unwrap();
        text.replace_range(start..=end, &"x".repeat(length));
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\\x") {
        bytes.extend(&rest.as_bytes()[..at]);
        bytes.push(u8::from_str_radix(&rest[at + 2..at + 4], 16).unwrap());
        rest = &rest[at + 4..];
    }
    bytes.extend(rest.as_bytes());
    bytes
}

fn compare(response: &Response, expected: &str, method: &str) -> Vec<String> {
    let mut lines = expected.lines();
    let mut faults = Vec::new();
    let status: u16 = lines.next().unwrap().parse().unwrap();
    if response.status != status {
        faults.push(format!("{method} got {} instead of {status}", response.status));
    }
    let body = String::from_utf8_lossy(&response.body);
    for line in lines.filter(|line| !line.is_empty() && *line != "closed") {
        let sound = match line.split_once(": ") {
            None if line == "body-empty" => body.is_empty(),
            None => panic!("what does {line:?} say?"),
            Some(("absent", name)) => response.values(name).is_empty(),
            Some(("body", text)) => body.trim_end_matches('\n') == text,
            Some((name, "*")) => response.values(name).len() == 1,
            Some((name, value)) => response.values(name) == [value],
        };
        if !sound {
            faults.push(format!("expected {line:?} of {response:?}"));
        }
    }
    faults
}

/// What holds of every response of the public listener.
fn always(response: &Response) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |sound: bool, what: &str| {
        if !sound {
            faults.push(format!("{what}: {response:?}"));
        }
    };
    check(response.values("date").len() == 1, "one Date");
    for name in ["server", "set-cookie", "transfer-encoding", "expires", "pragma"] {
        check(response.values(name).is_empty(), name);
    }
    // hyper itself answers what it can't parse, with nothing but a status.
    if response.values("content-length") != ["0"] {
        check(response.values("access-control-allow-origin") == ["*"], "open to all sites");
        check(response.values("x-content-type-options") == ["nosniff"], "nosniff");
        check(
            response.values("access-control-expose-headers") == ["ETag, Link, Retry-After"],
            "fields for scripts",
        );
    }
    if response.status == 304 {
        for name in ["content-type", "content-encoding", "content-length", "link"] {
            check(response.values(name).is_empty(), name);
        }
    }
    faults
}
