//! `feedwright serve` on ports that were free, and a client that speaks HTTP in its bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use super::{Newsroom, PATIENCE, wait_for};

/// A running service; killed when dropped.
pub(crate) struct Service {
    child: Child,
    log: tempfile::NamedTempFile,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Service {
    /// Starts it in a newsroom's folder; returns when it listens, which is before its first run.
    pub(crate) fn start(newsroom: &Newsroom) -> Service {
        Service::start_with(newsroom, |command| command)
    }

    /// The same, of a command that `prepare` has changed.
    pub(crate) fn start_with(
        newsroom: &Newsroom,
        prepare: impl FnOnce(Command) -> Command,
    ) -> Service {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command =
            newsroom.command(&["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command = prepare(command);
        command.stdout(Stdio::piped()).stderr(log.reopen().unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = || {
            let line = lines.next().and_then(Result::ok).unwrap_or_else(|| {
                panic!("serve told no address: {}", std::fs::read_to_string(log.path()).unwrap())
            });
            let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
            address.and_then(|a| a.parse().ok()).unwrap_or_else(|| panic!("no address in {line:?}"))
        };
        let (public, admin) = (address(), address());
        // Whatever else it prints must find somebody who reads it.
        std::thread::spawn(move || lines.for_each(drop));
        Service { child, log, public, admin }
    }

    /// Starts it and waits until its first run is over.
    pub(crate) fn ready(newsroom: &Newsroom) -> Service {
        Service::ready_with(newsroom, |command| command)
    }

    /// The same, of a command that `prepare` has changed.
    pub(crate) fn ready_with(
        newsroom: &Newsroom,
        prepare: impl FnOnce(Command) -> Command,
    ) -> Service {
        let service = Service::start_with(newsroom, prepare);
        service.wait_readyz("the first run", |body| body["last_run"].is_object());
        service
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    pub(crate) fn get(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        get(self.public, path, fields)
    }

    /// What `/readyz` says.
    pub(crate) fn readyz(&self) -> serde_json::Value {
        serde_json::from_slice(&get(self.admin, "/readyz", &[]).body).unwrap()
    }

    /// Waits until `/readyz` says something.
    pub(crate) fn wait_readyz(&self, what: &str, is_so: impl Fn(&serde_json::Value) -> bool) {
        wait_for(what, || is_so(&self.readyz()).then_some(()));
    }

    /// Waits until an address is answered as it should be.
    pub(crate) fn wait(
        &self,
        what: &str,
        path: &str,
        is_so: impl Fn(&Response) -> bool,
    ) -> Response {
        wait_for(what, || Some(self.get(path, &[])).filter(|response| is_so(response)))
    }

    /// Waits until the text of an address has something in it.
    pub(crate) fn wait_text(&self, path: &str, text: &str) -> Response {
        self.wait(&format!("{path} with {text:?}"), path, |r| r.text().contains(text))
    }

    /// Asks it to stop, as systemd would.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits for its end; its status, which is none where a signal ended it.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        wait_for("serve to end", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own.
pub(crate) fn get(to: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Response {
    let mut socket = TcpStream::connect(to).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let fields: String =
        fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n{fields}\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    Response::parse(&bytes)
}

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn parse(bytes: &[u8]) -> Response {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("no whole head: {:?}", String::from_utf8_lossy(bytes));
        });
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields = lines
            .map(|line| line.split_once(": ").unwrap_or((line, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let response = Response { status, fields, body: bytes[end + 4..].to_vec() };
        if let (Some(length), 200) = (response.field("content-length"), status) {
            assert_eq!(length, response.body.len().to_string(), "a whole body: {head}");
        }
        response
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The entity tag; every edition has one.
    pub(crate) fn etag(&self) -> String {
        self.field("etag").unwrap_or_else(|| panic!("no ETag: {self:?}")).to_owned()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
