//! Connections to the addresses that a policy allows. A connector of our own, because the usual one
//! asks nobody about an address that stands in the URL itself; here each is judged right before it is
//! connected to, so that no name can lead elsewhere between two looks.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tower_service::Service;
use url::{Host, Url};

use super::reach::Reach;

/// Connects to a URI's host.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    pub(super) reach: Reach,
    /// For finding addresses, and for each of them.
    pub(super) patience: Duration,
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&uri).await.map(TokioIo::new) })
    }
}

impl Connector {
    async fn connect(&self, uri: &Uri) -> io::Result<TcpStream> {
        let addresses = timeout(self.patience, addresses(uri))
            .await
            .unwrap_or_else(|_| Err(late("its addresses aren't found")))?;
        let mut failed = io::Error::other("its name has no address");
        let host = uri.host().unwrap_or_default();
        for address in addresses {
            if !self.reach.allows(host, address.ip()) {
                failed = io::Error::other(format!("{} isn't a public address", address.ip()));
                continue;
            }
            match timeout(self.patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(e)) => failed = e,
                Err(_) => failed = late("it doesn't answer"),
            }
        }
        Err(failed)
    }
}

fn late(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

/// Where a URI's host may be found. Read once more by `url`, which knows all the ways to write an
/// address: what is judged must be what is connected to.
async fn addresses(uri: &Uri) -> io::Result<Vec<SocketAddr>> {
    let url = Url::parse(&uri.to_string()).map_err(io::Error::other)?;
    let port = url.port_or_known_default().unwrap_or(80);
    match url.host() {
        Some(Host::Ipv4(v4)) => Ok(vec![(v4, port).into()]),
        Some(Host::Ipv6(v6)) => Ok(vec![(v6, port).into()]),
        Some(Host::Domain(name)) => Ok(lookup_host((name, port)).await?.collect()),
        None => Err(io::Error::other("it names no host")),
    }
}
