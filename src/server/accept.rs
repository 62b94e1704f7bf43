//! The connection loop: takes connections, as many as there are permits for, has a protocol spoken on
//! each, and ends them in order. What is answered is the caller's.

use std::convert::Infallible;
use std::fmt::Display;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};

use super::Limits;
use super::counts::Doors;
use super::respond::Reply;
use super::stream::{Paced, Protocol};

/// How long to wait when the machine, not the client, is why a connection can't be taken: without
/// it the loop would spin until a descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// hyper can't do with less.
const HEAD_BYTES_MAX_LEAST: usize = 8192;

/// Serves a listener until `stop` turns true, then closes it, lets connections finish under
/// [`Limits::drain_timeout`], and cuts off the rest. `answer` gets each request and the address at
/// which it arrived.
pub(crate) async fn serve<A, F>(
    listener: TcpListener,
    connections_max: usize,
    limits: &Arc<Limits>,
    doors: &Arc<Doors>,
    answer: A,
    mut stop: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let permits = Arc::new(Semaphore::new(connections_max));
    let mut connections = JoinSet::new();
    let stopped = stop.clone();
    let mut stopping = pin!(told_to_stop(&mut stop));
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
            let stream = Paced::new(socket, Arc::clone(&limits), Arc::clone(&doors));
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

/// One connection, from its first byte to its last.
async fn converse<A, F>(
    mut stream: Paced,
    limits: Arc<Limits>,
    answer: A,
    mut stop: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let Some(local) = stream.prepare() else { return };
    let protocol = tokio::select! {
        protocol = stream.protocol() => protocol,
        () = told_to_stop(&mut stop) => return,
    };
    let talk = stream.talk();
    let service = service_fn(move |request| {
        talk.heard();
        let (talk, reply) = (Arc::clone(&talk), answer(request, local));
        async move {
            let reply = reply.await;
            if reply.headers().contains_key(CONNECTION) {
                talk.refused();
            }
            Ok::<_, Infallible>(reply)
        }
    });
    let head_bytes_max = limits.head_bytes_max.max(HEAD_BYTES_MAX_LEAST);
    match protocol {
        Ok(Protocol::Http1) => {
            let connection = http1::Builder::new()
                // Deadlines are the stream's, which tells an idle client from a slow one.
                .header_read_timeout(None)
                // A client that has said all may say so and still read.
                .half_close(true)
                .max_header_size(head_bytes_max)
                .max_buf_size(head_bytes_max)
                .serve_connection(TokioIo::new(stream), service);
            until_stopped(Box::pin(connection), stop).await;
        }
        Ok(Protocol::Http2) => {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(limits.streams_max)
                .max_header_list_size(u32::try_from(head_bytes_max).unwrap_or(u32::MAX))
                .serve_connection(TokioIo::new(stream), service);
            until_stopped(Box::pin(connection), stop).await;
        }
        Err(error) => tracing::debug!(%error, "a connection ended before its first request"),
    }
}

/// Runs a connection to its end; told to stop, it finishes what it was asked and takes no more. It comes
/// boxed, because a future takes as much room as the largest that it may wait for, several times: at
/// thousands of idle connections most memory would be that.
async fn until_stopped<C>(mut connection: Pin<Box<C>>, mut stop: watch::Receiver<bool>)
where
    C: GracefulConnection,
    C::Error: Display,
{
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told_to_stop(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone can't take its word back, so that is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
