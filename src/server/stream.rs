//! A socket that doesn't wait for ever: for the head of a request, for a sign of life, for a reader
//! that takes no bytes. It also finds out which protocol is spoken (RFC 9113 §3.3), because hyper's
//! own way of doing so has no deadline.

use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::Limits;
use super::counts::Doors;

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What service and socket tell each other of the requests on a connection.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    heads: AtomicU64,
    answers: AtomicU64,
    had_body: AtomicBool,
    refused: AtomicBool,
    rests: AtomicBool,
}

impl Talk {
    /// A request's head was read to its end.
    pub(crate) fn heard(&self, has_body: bool) {
        self.heads.fetch_add(1, Ordering::Relaxed);
        if has_body {
            self.had_body.store(true, Ordering::Relaxed);
        }
    }

    /// A request has its answer.
    pub(crate) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// What follows the request, such as its body, won't be read.
    pub(crate) fn refused(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// Whether the connection lies idle between two requests, with nothing on its way in either
    /// direction: whoever speaks HTTP on it may be let go of until the client says something.
    pub(crate) fn rests(&self) -> bool {
        self.rests.load(Ordering::Relaxed)
    }

    /// Whether each request has its answer, and none left bytes of its own on the way.
    fn is_even(&self) -> bool {
        self.heads.load(Ordering::Relaxed) == self.answers.load(Ordering::Relaxed)
            && !self.had_body.load(Ordering::Relaxed)
            && !self.refused.load(Ordering::Relaxed)
    }
}

/// A socket with deadlines.
pub(crate) struct Paced {
    socket: TcpStream,
    limits: Arc<Limits>,
    doors: Arc<Doors>,
    /// What was read to find out the protocol, or ahead of a rest; handed out before anything else.
    replay: Bytes,
    talk: Arc<Talk>,
    /// Until when the head must have been read that began when so many were complete. HTTP/2 has
    /// none: its bytes needn't belong to a request.
    head_due: Option<(Instant, u64)>,
    bounds_heads: bool,
    last_byte: Instant,
    read_timer: Option<Pin<Box<Sleep>>>,
    write_timer: Option<Pin<Box<Sleep>>>,
    linger: Option<Linger>,
}

/// What is still read, and thrown away, after our side was closed: a socket that is dropped with
/// bytes unread resets the connection, and takes from the client the answer that it was just given
/// (RFC 9112 §9.6).
struct Linger {
    timer: Pin<Box<Sleep>>,
    bytes_left: usize,
}

/// A client that is told no and sends more than this isn't listening.
const LINGER_BYTES_MAX: usize = 256 * 1024;

impl Paced {
    /// Begins to count: the first head is due from now.
    pub(crate) fn new(socket: TcpStream, limits: Arc<Limits>, doors: Arc<Doors>) -> Paced {
        let now = Instant::now();
        Paced {
            socket,
            head_due: Some((now + limits.head_timeout, 0)),
            limits,
            doors,
            replay: Bytes::new(),
            talk: Arc::default(),
            bounds_heads: true,
            last_byte: now,
            read_timer: None,
            write_timer: None,
            linger: None,
        }
    }

    /// Sets the socket up, and says at which address it came in; `None` where it has gone already.
    pub(crate) fn prepare(&self) -> Option<SocketAddr> {
        // Responses are written whole; waiting to fill a packet would only hold back their ends.
        let _ = self.socket.set_nodelay(true);
        self.socket.local_addr().ok()
    }

    /// Where the service tells how it goes.
    pub(crate) fn talk(&self) -> Arc<Talk> {
        Arc::clone(&self.talk)
    }

    /// Reads until it is clear which protocol this is, within the time that a head has.
    pub(crate) async fn protocol(&mut self) -> io::Result<Protocol> {
        let mut seen = [0; HTTP2_PREFACE.len()];
        let mut length = 0;
        let protocol = loop {
            if !HTTP2_PREFACE.starts_with(&seen[..length]) {
                break Protocol::Http1;
            }
            if length == seen.len() {
                break Protocol::Http2;
            }
            match self.read(&mut seen[length..]).await? {
                0 => break Protocol::Http1,
                more => length += more,
            }
        };
        self.replay = Bytes::copy_from_slice(&seen[..length]);
        if protocol == Protocol::Http2 {
            self.bounds_heads = false;
            self.head_due = None;
        }
        Ok(protocol)
    }

    /// Waits until the client says something, or leaves, within the time for which a connection may
    /// be idle.
    pub(crate) fn poll_stirred(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.replay.is_empty() {
            match self.socket.poll_read_ready(cx) {
                Poll::Ready(result) => result?,
                // It rests on meanwhile, or else it would be woken to go to rest.
                Poll::Pending => return self.poll_read_deadline(cx),
            }
        }
        self.talk.rests.store(false, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    /// Takes back what was read ahead by whoever was let go of: the beginning of a head, if
    /// anything. Empty lines are none (RFC 9112 §2.2).
    pub(crate) fn take_back(&mut self, mut ahead: Bytes) {
        let lines = ahead.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        ahead.advance(lines);
        if !ahead.is_empty() {
            self.replay = ahead;
            self.note_read();
        }
    }

    fn head_deadline(&self) -> Option<Instant> {
        let (due, since) = self.head_due?;
        (self.talk.heads.load(Ordering::Relaxed) == since).then_some(due)
    }

    fn note_read(&mut self) {
        self.last_byte = Instant::now();
        if self.bounds_heads && self.head_deadline().is_none() {
            let since = self.talk.heads.load(Ordering::Relaxed);
            self.head_due = Some((self.last_byte + self.limits.head_timeout, since));
        }
    }

    /// From when on the connection rests, unless something is said: `None` while anything is on its
    /// way, or where it can't be known.
    fn rest_due(&self) -> Option<Instant> {
        let rests = self.bounds_heads
            && self.head_deadline().is_none()
            && self.write_timer.is_none()
            && self.talk.is_even();
        rests.then(|| self.last_byte + self.limits.rest_after)
    }

    fn poll_read_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let idle = self.last_byte + self.limits.idle_timeout;
        let due = self.head_deadline().map_or(idle, |head| head.min(idle));
        let mut rest = self.rest_due().filter(|rest| *rest < due && !self.talk.rests());
        loop {
            let next = rest.unwrap_or(due);
            let timer =
                self.read_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
            // One that goes off too early is set again then: cheaper than with each request.
            if timer.deadline() > next {
                timer.as_mut().reset(next);
            }
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() < next {
                timer.as_mut().reset(next);
            } else if rest.take().is_some() {
                self.talk.rests.store(true, Ordering::Relaxed);
                timer.as_mut().reset(due);
            } else {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(linger) = &mut self.linger else { return Poll::Ready(()) };
        let mut scratch = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.socket).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    match linger.bytes_left.checked_sub(buf.filled().len()) {
                        Some(left) => linger.bytes_left = left,
                        None => return Poll::Ready(()),
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return linger.timer.as_mut().poll(cx),
            }
        }
    }

    fn watch_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = written {
            self.write_timer = None;
            self.last_byte = Instant::now();
            if let Ok(bytes) = &result {
                self.doors.sent(*bytes);
            }
            return Poll::Ready(result);
        }
        let timeout = self.limits.write_timeout;
        let timer = self.write_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let replayed = this.replay.len().min(buf.remaining());
        if replayed > 0 {
            buf.put_slice(&this.replay[..replayed]);
            this.replay.advance(replayed);
            if buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if this.replay.is_empty() {
                this.replay = Bytes::new();
            }
        }
        // What is replayed goes out with what follows it, as one head: hyper doubles its buffer at a
        // second read.
        let before = buf.filled().len();
        match Pin::new(&mut this.socket).poll_read(cx, buf) {
            Poll::Ready(result) => {
                if buf.filled().len() > before {
                    this.note_read();
                }
                if replayed > 0 { Poll::Ready(Ok(())) } else { Poll::Ready(result) }
            }
            Poll::Pending if replayed > 0 => Poll::Ready(Ok(())),
            Poll::Pending => this.poll_read_deadline(cx),
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, buf);
        this.watch_write(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, bufs);
        this.watch_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
            // Between requests nothing is on its way; in a head that hyper refused something may be.
            if this.head_deadline().is_none() && !this.talk.refused.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
            let timer = Box::pin(tokio::time::sleep(this.limits.linger_timeout));
            this.linger = Some(Linger { timer, bytes_left: LINGER_BYTES_MAX });
        }
        this.poll_linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_at_rest_is_woken_by_its_deadline_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let idle_timeout = Duration::from_millis(200);
        let limits = Limits { rest_after: Duration::ZERO, idle_timeout, ..Limits::default() };
        let mut paced = Paced::new(socket, Arc::new(limits), Arc::default());
        let talk = paced.talk();
        talk.heard(false);
        talk.answered();
        // As hyper leaves it: it has asked for more, in vain.
        std::future::poll_fn(|cx| {
            let mut byte = [0; 1];
            let read = Pin::new(&mut paced).poll_read(cx, &mut ReadBuf::new(&mut byte));
            if talk.rests() { Poll::Ready(()) } else { read.map(|read| read.unwrap()) }
        })
        .await;
        assert!(talk.rests());
        let mut polls = 0;
        let ended = std::future::poll_fn(|cx| {
            polls += 1;
            paced.poll_stirred(cx)
        });
        assert_eq!(ended.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(talk.rests());
        assert!(polls < 10, "woken {polls} times");
    }
}
