//! The connection loop: takes connections, as many as there are permits for, has a protocol spoken on
//! each, and ends them in order. What is answered is the caller's.

use std::convert::Infallible;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Request;
use http::header::CONNECTION;
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::coop::unconstrained;
use tokio::task::{JoinError, JoinSet};

use super::Limits;
use super::counts::Doors;
use super::respond::Reply;
use super::stream::{Paced, Protocol, Talk};

/// How long to wait when the machine, not the client, is why a connection can't be taken: without
/// it the loop would spin until a descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// hyper can't do with less.
const HEAD_BYTES_MAX_LEAST: usize = 8192;

/// Serves a listener until `stop` turns true, then closes it, lets connections finish under
/// [`Limits::drain_timeout`], and cuts off the rest. `answer` gets each request and the address at
/// which it arrived.
pub(crate) async fn serve<A>(
    listener: TcpListener,
    connections_max: usize,
    limits: &Arc<Limits>,
    doors: &Arc<Doors>,
    answer: A,
    stop: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>, SocketAddr) -> Answering + Clone + Send + Unpin + 'static,
{
    let permits = Arc::new(Semaphore::new(connections_max));
    let mut connections = JoinSet::new();
    let stopped = stop.clone();
    let mut stopping = pin!(told_to_stop(stop));
    loop {
        // The permit comes first, so that a connection without one waits in the kernel's queue
        // instead of holding a descriptor. It goes with the connection and returns by being dropped.
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, take(&listener).await)
        };
        let (permit, socket) = tokio::select! {
            () = &mut stopping => break,
            Some(ended) = connections.join_next() => { report(ended); continue; }
            taken = next => taken,
        };
        let (Ok(permit), Some(socket)) = (permit, socket) else { continue };
        let (answer, limits, stopped) = (answer.clone(), Arc::clone(limits), stopped.clone());
        let doors = Arc::clone(doors);
        connections.spawn(async move {
            let entered = doors.enter();
            let stream = Box::new(Paced::new(socket, Arc::clone(&limits), Arc::clone(&doors)));
            converse(stream, limits, answer, stopped).await;
            drop((entered, permit));
        });
    }
    drop(listener);
    let drained = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if tokio::time::timeout(limits.drain_timeout, drained).await.is_err() {
        tracing::warn!(connections = connections.len(), "cut off at the end of the drain");
        connections.shutdown().await;
    }
}

/// The next connection; `None` where there was an error.
async fn take(listener: &TcpListener) -> Option<TcpStream> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    match listener.accept().await {
        Ok((socket, _)) => Some(socket),
        // That connection's own: its client has left already. The next may be sound.
        Err(e)
            if matches!(
                e.kind(),
                ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
            ) =>
        {
            None
        }
        // Ours: no descriptors, no memory. The next would fail as well.
        Err(error) => {
            tracing::warn!(%error, "can't take connections");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection ended in a panic");
    }
}

/// An answer, or the wait for it.
pub(crate) enum Answering {
    /// There is nothing to wait for.
    Now(Reply),
    /// What is waited for takes room of its own, so that the many that wait for nothing need none.
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
}

/// What hyper asks on one connection.
#[derive(Clone)]
struct Counter<A> {
    answer: A,
    local: SocketAddr,
    talk: Arc<Talk>,
}

/// What hyper waits for.
enum Served {
    Now(Option<Reply>),
    Later(Arc<Talk>, Pin<Box<dyn Future<Output = Reply> + Send>>),
}

impl<A> Service<Request<Incoming>> for Counter<A>
where
    A: Fn(Request<Incoming>, SocketAddr) -> Answering,
{
    type Response = Reply;
    type Error = Infallible;
    type Future = Served;

    fn call(&self, request: Request<Incoming>) -> Served {
        self.talk.heard(!request.body().is_end_stream());
        match (self.answer)(request, self.local) {
            Answering::Now(reply) => {
                tell(&self.talk, &reply);
                Served::Now(Some(reply))
            }
            Answering::Later(reply) => Served::Later(Arc::clone(&self.talk), reply),
        }
    }
}

fn tell(talk: &Talk, reply: &Reply) {
    if reply.headers().contains_key(CONNECTION) {
        talk.refused();
    }
    talk.answered();
}

impl Future for Served {
    type Output = Result<Reply, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Served::Now(reply) => reply.take().map_or(Poll::Pending, |r| Poll::Ready(Ok(r))),
            Served::Later(talk, waiting) => {
                let reply = ready!(waiting.as_mut().poll(cx));
                tell(talk, &reply);
                Poll::Ready(Ok(reply))
            }
        }
    }
}

/// One connection, from its first byte to its last.
async fn converse<A>(
    mut stream: Box<Paced>,
    limits: Arc<Limits>,
    answer: A,
    stop: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>, SocketAddr) -> Answering + Clone + Send + Unpin + 'static,
{
    let Some(local) = stream.prepare() else { return };
    let mut stopping = pin!(stopping(stop));
    let protocol = tokio::select! {
        protocol = stream.protocol() => protocol,
        () = stopping.as_mut() => return,
    };
    let service = Counter { answer, local, talk: stream.talk() };
    match protocol {
        Ok(Protocol::Http1) => converse_http1(stream, &limits, service, stopping).await,
        Ok(Protocol::Http2) => {
            let most = most_head_bytes(&limits);
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(limits.streams_max)
                .max_header_list_size(u32::try_from(most).unwrap_or(u32::MAX))
                .serve_connection(TokioIo::new(stream), service);
            until_stopped(Box::pin(connection), stopping).await;
        }
        Err(error) => tracing::debug!(%error, "a connection ended before its first request"),
    }
}

/// HTTP/1 on a connection, until it ends. While it rests, hyper's side of it, which is most of its
/// memory, is given up: it begins anew with the next request, and knows nothing that it would need.
async fn converse_http1<A>(
    mut stream: Box<Paced>,
    limits: &Limits,
    service: Counter<A>,
    mut stopping: Pin<&mut impl Future<Output = ()>>,
) where
    A: Fn(Request<Incoming>, SocketAddr) -> Answering + Clone + Send + Unpin + 'static,
{
    let most = most_head_bytes(limits);
    loop {
        let connection = http1::Builder::new()
            // Deadlines are the stream's, which tells an idle client from a slow one.
            .header_read_timeout(None)
            // A client that has said all may say so and still read.
            .half_close(true)
            .max_header_size(most)
            .max_buf_size(most)
            .serve_connection(TokioIo::new(stream), service.clone());
        // Boxed, because a future takes as much room as the largest that it may wait for.
        let mut connection = Box::pin(connection);
        let talked = poll_fn(|cx| match connection.as_mut().poll(cx) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if service.talk.rests() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let ended = tokio::select! {
            biased;
            ended = talked => ended,
            () = stopping.as_mut() => {
                connection.as_mut().graceful_shutdown();
                Some(connection.as_mut().await)
            }
        };
        if let Some(ended) = ended {
            return note_end(ended);
        }
        let parts = Pin::into_inner(connection).into_parts();
        stream = parts.io.into_inner();
        stream.take_back(parts.read_buf);
        let stirred = tokio::select! {
            biased;
            stirred = poll_fn(|cx| stream.poll_stirred(cx)) => stirred,
            () = stopping.as_mut() => return note_end(stream.shutdown().await),
        };
        if stirred.is_err() {
            return note_end(stirred);
        }
    }
}

/// Runs a connection to its end; told to stop, it finishes what it was asked and takes no more.
async fn until_stopped<C>(mut connection: Pin<Box<C>>, stopping: Pin<&mut impl Future<Output = ()>>)
where
    C: GracefulConnection,
    C::Error: Display,
{
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    note_end(ended);
}

fn most_head_bytes(limits: &Limits) -> usize {
    limits.head_bytes_max.max(HEAD_BYTES_MAX_LEAST)
}

fn note_end<E: Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Waits for the word to stop. A connection polls this with each request, so what waits is polled
/// once, and again only when there is something to learn.
async fn stopping(word: watch::Receiver<bool>) {
    let mut told = pin!(unconstrained(told_to_stop(word.clone())));
    let mut waits = false;
    poll_fn(|cx| {
        if waits && !word.has_changed().unwrap_or(true) {
            return Poll::Pending;
        }
        waits = true;
        told.as_mut().poll(cx)
    })
    .await;
}

async fn told_to_stop(mut stop: watch::Receiver<bool>) {
    // A sender that is gone can't take its word back, so that is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
