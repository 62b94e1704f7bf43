//! Being told by PostgreSQL that something changed, at once: a connection of its own that waits for `NOTIFY`.
//! What is told while there is no connection is lost, so that each new one counts as news. What news means is
//! whoever listens' to say.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_postgres::{AsyncMessage, Connection, NoTls};

use super::postgres::{CONNECT_LATE, fault, login};
use super::question::{Dialect, quoted};
use super::{Address, CONNECT_MAX, Error, Options};

/// First pause after a connection that ended, and the longest.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How often a silent connection is tried: its other end may be gone without a word.
const TRY_EVERY: Duration = Duration::from_secs(30);

/// What a listener tells.
#[derive(Debug)]
pub enum Heard {
    /// A connection stands: what was told before was not heard.
    Connected,
    /// Somebody notified.
    Notified,
    /// There is no connection any more, and this is why. Another is tried after a pause.
    Lost(Error),
}

/// Listens to a channel for ever, where the database is one that notifies. Needs a tokio runtime.
pub async fn listen(options: &Options, channel: &str, tell: &(dyn Fn(Heard) + Send + Sync)) {
    let mut pause = PAUSE_FIRST;
    loop {
        let mut stood = false;
        let mut pass_on = |heard| {
            stood = true;
            tell(heard);
        };
        let Err(lost) = hear(options, channel, &mut pass_on).await else { return };
        tell(Heard::Lost(lost));
        pause = if stood { PAUSE_FIRST } else { (pause * 2).min(PAUSE_MAX) };
        tokio::time::sleep(pause).await;
    }
}

/// Listens until the connection ends, which is an error.
async fn hear(
    options: &Options,
    name: &str,
    tell: &mut (dyn FnMut(Heard) + Send),
) -> Result<(), Error> {
    let Address::Postgres(server) = &options.address else { return Ok(()) };
    let shown = &options.shown;
    let (config, tls) = login(server, shown)?;
    let late = || Error::Unreachable { shown: shown.clone(), reason: CONNECT_LATE.to_owned() };
    let lost = |e: tokio_postgres::Error| fault(&e, shown, "", CONNECT_MAX);
    let (send, mut notified) = channel(1);
    let (client, driver) = match tls {
        None => {
            let connecting = tokio::time::timeout(CONNECT_MAX, config.connect(NoTls));
            let (client, connection) = connecting.await.map_err(|_| late())?.map_err(lost)?;
            (client, tokio::spawn(drive(connection, send)))
        }
        Some(tls) => {
            let connecting = tokio::time::timeout(CONNECT_MAX, config.connect(tls));
            let (client, connection) = connecting.await.map_err(|_| late())?.map_err(lost)?;
            (client, tokio::spawn(drive(connection, send)))
        }
    };
    // Whoever stops listening drops this future, and the connection with it.
    let _end = EndsWith(driver.abort_handle());
    let ask = format!("listen {}", quoted(name, Dialect::Postgres));
    client.batch_execute(&ask).await.map_err(lost)?;
    tell(Heard::Connected);
    wait(&client, &mut notified, tell).await.map_err(|e| match e {
        Some(e) => lost(e),
        None => Error::Broken { shown: shown.clone(), reason: "the connection ended".to_owned() },
    })
}

/// Waits for news; ends where the connection does.
async fn wait(
    client: &tokio_postgres::Client,
    notified: &mut Receiver<()>,
    tell: &mut (dyn FnMut(Heard) + Send),
) -> Result<(), Option<tokio_postgres::Error>> {
    loop {
        match tokio::time::timeout(TRY_EVERY, notified.recv()).await {
            Ok(Some(())) => tell(Heard::Notified),
            Ok(None) => return Err(None),
            Err(_) => {
                let alive = tokio::time::timeout(CONNECT_MAX, client.batch_execute("")).await;
                alive.map_err(|_| None)?.map_err(Some)?;
            }
        }
    }
}

/// Does what a connection does, and passes on that it was notified; several times before somebody listens
/// are one.
async fn drive<S, T>(mut connection: Connection<S, T>, notified: Sender<()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
        if matches!(message, AsyncMessage::Notification(_)) {
            let _ = notified.try_send(());
        }
    }
}

/// Ends a task with what it was begun for.
struct EndsWith(tokio::task::AbortHandle);

impl Drop for EndsWith {
    fn drop(&mut self) {
        self.0.abort();
    }
}
