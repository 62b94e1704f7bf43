//! Somebody else's server of pictures and recordings, with the habits that such servers have. It
//! remembers what it was asked for, and ends with the test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How a file is answered for.
#[derive(Clone)]
pub(super) enum Habit {
    /// As it should be: HEAD, ranges, an entity tag.
    Good,
    /// HEAD is refused.
    NoHead,
    /// Whoever asks with HEAD is hung up on.
    HeadHangs,
    /// HEAD names another length.
    HeadLies,
    /// All of it, whatever part is asked for.
    NoRanges,
    /// All of it, and nobody says how long it is.
    NoLength,
    /// Bytes without end.
    Endless,
    /// One byte at a time, for as long as somebody waits.
    Slow,
    /// This status.
    Status(u16),
    /// A redirect.
    To(String),
}

#[derive(Clone)]
pub(super) struct File {
    pub(super) kind: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) habit: Habit,
}

#[derive(Clone)]
pub(super) struct Server {
    pub(super) at: SocketAddr,
    files: Arc<Mutex<BTreeMap<String, File>>>,
    asked: Arc<Mutex<Vec<String>>>,
    busy: Arc<Mutex<(usize, usize)>>,
}

impl Server {
    pub(super) fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            at: listener.local_addr().unwrap(),
            files: Arc::default(),
            asked: Arc::default(),
            busy: Arc::default(),
        };
        let own = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = own.clone();
                thread::spawn(move || server.answer(stream));
            }
        });
        server
    }

    pub(super) fn put(
        &self,
        path: &str,
        kind: &'static str,
        bytes: Vec<u8>,
        habit: Habit,
    ) -> String {
        let file = File { kind, bytes, habit };
        self.files.lock().unwrap().insert(path.to_owned(), file);
        format!("http://{}{path}", self.at)
    }

    /// What was asked for since the last time, as `HEAD /a.mp3`, sorted.
    pub(super) fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }

    /// How many were answered at once at most.
    pub(super) fn busiest(&self) -> usize {
        self.busy.lock().unwrap().1
    }

    fn answer(&self, mut stream: TcpStream) {
        {
            let mut busy = self.busy.lock().unwrap();
            busy.0 += 1;
            busy.1 = busy.1.max(busy.0);
        }
        // A client that has seen enough hangs up first.
        let _ = self.say(&mut stream);
        self.busy.lock().unwrap().0 -= 1;
    }

    fn say(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let mut head = BufReader::new(stream.try_clone()?).lines();
        let Some(Ok(first)) = head.next() else { return Ok(()) };
        let fields: Vec<String> =
            head.map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
        let field = |name: &str| {
            let named = fields.iter().find(|f| f.to_ascii_lowercase().starts_with(name))?;
            Some(named.split_once(':')?.1.trim().to_owned())
        };
        assert_eq!(field("accept-encoding:").as_deref(), Some("identity"));
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        self.asked.lock().unwrap().push(format!("{method} {path}"));
        let Some(file) = self.files.lock().unwrap().get(path).cloned() else {
            return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        };
        let is_head = method == "HEAD";
        let tag = format!("\"{}\"", blake3::hash(&file.bytes).to_hex());
        let (length, kind) = (file.bytes.len(), file.kind);
        let begin = format!("Content-Type: {kind}\r\nETag: {tag}\r\nConnection: close\r\n");
        match file.habit {
            Habit::NoHead if is_head => {
                stream.write_all(b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")
            }
            Habit::HeadHangs if is_head => Ok(()),
            Habit::HeadLies if is_head => {
                write!(stream, "HTTP/1.1 200 OK\r\n{begin}Content-Length: 5\r\n\r\n")
            }
            Habit::NoRanges if !is_head => {
                write!(stream, "HTTP/1.1 200 OK\r\n{begin}Content-Length: {length}\r\n\r\n")?;
                stream.write_all(&file.bytes)
            }
            Habit::NoLength => {
                write!(stream, "HTTP/1.1 200 OK\r\n{begin}\r\n")?;
                if is_head { Ok(()) } else { stream.write_all(&file.bytes) }
            }
            Habit::Endless => {
                write!(stream, "HTTP/1.1 200 OK\r\n{begin}\r\n")?;
                if is_head {
                    return Ok(());
                }
                loop {
                    stream.write_all(&[b'x'; 8192])?;
                }
            }
            Habit::Slow => loop {
                stream.write_all(b"H")?;
                thread::sleep(std::time::Duration::from_millis(50));
            },
            Habit::Status(status) => {
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
            }
            Habit::To(to) => {
                write!(stream, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
            }
            _ if field("if-none-match:").as_deref() == Some(&tag) => {
                write!(stream, "HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n")
            }
            _ if is_head => {
                write!(stream, "HTTP/1.1 200 OK\r\n{begin}Content-Length: {length}\r\n\r\n")
            }
            _ => {
                let range = field("range:").unwrap();
                let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                let from: usize = from.parse().unwrap();
                let to = length.min(to.parse::<usize>().unwrap() + 1);
                if from >= length {
                    return stream.write_all(b"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n");
                }
                let (last, part) = (to - 1, to - from);
                write!(
                    stream,
                    "HTTP/1.1 206 Part\r\n{begin}Content-Range: bytes {from}-{last}/{length}\r\n\
                     Content-Length: {part}\r\n\r\n"
                )?;
                stream.write_all(&file.bytes[from..to])
            }
        }
    }
}
