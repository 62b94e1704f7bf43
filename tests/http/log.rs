//! The access log: one line for each request, whatever a client puts into it.

use std::io;
use std::sync::{Arc, Mutex};

use feedwright::server::Limits;
use tracing_subscriber::fmt::MakeWriter;

use super::service::{Client, Service};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_one_line_without_secrets() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .finish();
    // For the whole process: one that is set for a thread alone may miss what another thread has found
    // nobody to be interested in. So other tests' requests are logged, too.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let service = Service::start(Limits::default()).await;
    let mut client = Client::connect(service.public).await;
    // U+009B begins an escape sequence in a terminal, U+2028 is a line's end to some.
    let requests = [
        "GET /feeds/\u{9b}31m\u{2028}.rss?token=hidden HTTP/1.1\r\nHost: x\r\nUser-Agent: a\tb\u{9b}\"c\r\n\r\n",
        "GET /p/hidden/latest.rss HTTP/1.1\r\nHost: x\r\nUser-Agent: \u{202e}\r\n\r\n",
    ];
    for request in requests {
        client.send(request.as_bytes()).await;
        assert_eq!(client.response("GET").await.status, 404);
    }
    drop(client);
    service.end().await;

    let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let ours = |line: &&str| line.contains("u{9b}31m") || line.contains("u{202e}");
    let requests: Vec<&str> = written.lines().filter(ours).collect();
    assert_eq!(requests.len(), 2, "{written}");
    assert!(requests[0].contains(r#"path="/feeds/\u{9b}31m\u{2028}.rss""#), "{}", requests[0]);
    assert!(requests[0].contains(r#"agent="a\tb\u{9b}\"c""#), "{}", requests[0]);
    assert!(requests[1].contains(r#"path="/p/…""#), "{}", requests[1]);
    assert!(!written.contains("hidden"), "{written}");
    let written = requests.concat();
    assert!(!written.chars().any(char::is_control), "{written:?}");
}
