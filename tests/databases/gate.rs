//! Stands between us and a server, reads along, and does something at a stage of the talk: before a question
//! goes to the server, or in the middle of its answer.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// When something happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// We come; nothing was said yet.
    Accept,
    /// We say something that this is true of.
    Said(fn(&str) -> bool),
    /// So many bytes of the answer to the watched question have come.
    Answered(u64),
}

/// What becomes of the connection then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoesOn,
    IsCut,
    /// It stands, and nothing is heard any more.
    FallsSilent,
}

type Act = Box<dyn FnOnce() -> Then + Send>;

/// What goes through, and what is to happen once.
struct Shared {
    trap: Mutex<Option<(At, Act)>>,
    /// Tells the question whose answer is measured.
    watched: fn(&str) -> bool,
    /// Bytes of the last answer to it, and whatever came after.
    answered: AtomicU64,
}

impl Shared {
    /// Takes the trap where it is time.
    fn spring(&self, is_time: impl Fn(At) -> bool) -> Then {
        let act = {
            let mut trap = self.trap.lock().unwrap();
            let due = trap.as_ref().is_some_and(|(at, _)| is_time(*at));
            if due { trap.take() } else { None }
        };
        act.map_or(Then::GoesOn, |(_, act)| act())
    }
}

/// The way to a server.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

impl Gate {
    pub(super) fn before(server: u16, watched: fn(&str) -> bool) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared =
            Arc::new(Shared { trap: Mutex::default(), watched, answered: AtomicU64::new(0) });
        let gate = Gate { port, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for ours in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || pass(ours, server, &shared));
            }
        });
        gate
    }

    /// Has something happen at the next time.
    pub(super) fn set(&self, at: At, act: impl FnOnce() -> Then + Send + 'static) {
        *self.shared.trap.lock().unwrap() = Some((at, Box::new(act)));
    }

    /// Has nothing happen.
    pub(super) fn clear(&self) {
        *self.shared.trap.lock().unwrap() = None;
    }

    /// Whether it has happened.
    pub(super) fn is_sprung(&self) -> bool {
        self.shared.trap.lock().unwrap().is_none()
    }

    /// Bytes from the last watched question to the end of its connection.
    pub(super) fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }
}

/// One connection.
fn pass(mut ours: TcpStream, server: u16, shared: &Arc<Shared>) {
    match shared.spring(|at| matches!(at, At::Accept)) {
        Then::GoesOn => {}
        Then::IsCut => return,
        Then::FallsSilent => {
            // Until we go.
            let _ = ours.read_to_end(&mut Vec::new());
            return;
        }
    }
    let Ok(mut theirs) = TcpStream::connect(("127.0.0.1", server)) else { return };
    // Each word at once, as between the two alone.
    for socket in [&ours, &theirs] {
        socket.set_nodelay(true).unwrap();
    }
    let is_watched = Arc::new(AtomicBool::new(false));
    let silent = Arc::new(AtomicBool::new(false));
    let answers = {
        let (from, to) = (theirs.try_clone().unwrap(), ours.try_clone().unwrap());
        let (shared, silent) = (Arc::clone(shared), Arc::clone(&silent));
        let is_watched = Arc::clone(&is_watched);
        std::thread::spawn(move || answers(from, to, &shared, &is_watched, &silent))
    };
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = ours.read(&mut buffer) {
        let said = String::from_utf8_lossy(&buffer[..n]);
        match shared.spring(|at| matches!(at, At::Said(is_it) if is_it(&said))) {
            Then::GoesOn => {}
            Then::IsCut => break,
            Then::FallsSilent => silent.store(true, Ordering::SeqCst),
        }
        if (shared.watched)(&said) {
            shared.answered.store(0, Ordering::Relaxed);
            is_watched.store(true, Ordering::SeqCst);
        }
        if !silent.load(Ordering::SeqCst) && theirs.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = ours.shutdown(Shutdown::Both);
    let _ = theirs.shutdown(Shutdown::Both);
    let _ = answers.join();
}

fn answers(
    mut from: TcpStream,
    mut to: TcpStream,
    shared: &Shared,
    is_watched: &AtomicBool,
    silent: &AtomicBool,
) {
    let mut buffer = [0; 512];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if silent.load(Ordering::SeqCst) {
            continue;
        }
        if is_watched.load(Ordering::SeqCst) {
            let so_far = shared.answered.fetch_add(n as u64, Ordering::Relaxed) + n as u64;
            match shared.spring(|at| matches!(at, At::Answered(bytes) if so_far >= bytes)) {
                Then::GoesOn => {}
                Then::IsCut => break,
                Then::FallsSilent => {
                    silent.store(true, Ordering::SeqCst);
                    continue;
                }
            }
        }
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
