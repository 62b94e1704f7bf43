//! Real database servers: PostgreSQL and MariaDB as Debian packs them, each on a free port and in a folder
//! of its own. One of each serves all tests of this process, a database for each test; a test that stops or
//! breaks its server has one of its own. All of them end with the process that started them, however that
//! ends, and their folders with them.

#![expect(clippy::print_stdout, reason = "a skip is told")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};

use mysql_async::prelude::Queryable;
use tokio::runtime::Runtime;

use super::wait_for;

/// Everybody's password. No output may hold it.
pub(crate) const PASSWORD: &str = "hunter2/of:the@harbour";
/// The same in a URL.
pub(crate) const PASSWORD_IN_URL: &str = "hunter2%2Fof%3Athe%40harbour";
pub(crate) const USER: &str = "desk";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    Mariadb,
}

pub(crate) const ENGINES: [Engine; 2] = [Engine::Postgres, Engine::Mariadb];

/// A server of this process.
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) port: u16,
    dir: PathBuf,
    /// What keeps it, one for each start: told that the server is killed, or let go, which ends it.
    keeper: Mutex<Option<mpsc::Sender<()>>>,
}

impl Server {
    /// The one that all tests share. `None`, told in one line, where this machine lacks its programs.
    pub(crate) fn shared(engine: Engine) -> Option<Arc<Server>> {
        static POSTGRES: OnceLock<Option<Arc<Server>>> = OnceLock::new();
        static MARIADB: OnceLock<Option<Arc<Server>>> = OnceLock::new();
        let server = match engine {
            Engine::Postgres => &POSTGRES,
            Engine::Mariadb => &MARIADB,
        };
        server.get_or_init(|| Server::own(engine)).clone()
    }

    /// One that a test may break.
    pub(crate) fn own(engine: Engine) -> Option<Arc<Server>> {
        let programs = Programs::find(engine);
        let Some(programs) = programs else {
            let message = format!("{engine:?}'s programs are missing (tests/run --install)");
            assert!(std::env::var_os("FEEDWRIGHT_CI").is_none(), "{message}");
            println!("SKIPPED databases: {message}");
            return None;
        };
        let dir = tempfile::Builder::new().prefix("feedwright-db-").tempdir().unwrap().keep();
        programs.make(&dir);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server { engine, port, dir, keeper: Mutex::default() };
        server.start();
        Some(Arc::new(server))
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn start(&self) {
        // Not before a kill that is under way has ended.
        let mut keeper = self.keeper.lock().unwrap();
        let programs = Programs::find(self.engine).unwrap();
        let command = programs.keep(&self.dir, self.port);
        let (stop, stopped) = mpsc::channel::<()>();
        // What dies with its parent dies with the thread that started it: this one stays.
        std::thread::spawn(move || {
            let mut child = { command }.spawn().unwrap();
            // Who ends by itself leaves the folder; who is told to takes it away.
            if stopped.recv().is_err() {
                let pid = rustix::process::Pid::from_child(&child);
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
            let _ = child.wait();
        });
        *keeper = Some(stop);
        drop(keeper);
        wait_for("the database server to answer", || self.try_sql("", "select 1").ok());
    }

    fn pid(&self) -> Option<i32> {
        let file = match self.engine {
            Engine::Postgres => "data/postmaster.pid",
            Engine::Mariadb => "pid",
        };
        fs::read_to_string(self.dir.join(file)).ok()?.lines().next()?.trim().parse().ok()
    }

    /// Kills it as a machine's end would. `start` starts it again.
    pub(crate) fn kill(&self) {
        let mut keeper = self.keeper.lock().unwrap();
        let pid = rustix::process::Pid::from_raw(self.pid().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        wait_for("the server's end", || {
            rustix::process::test_kill_process(pid).is_err().then_some(())
        });
        // PostgreSQL's helpers outlive it by a moment, and none starts beside them.
        let data = fs::canonicalize(self.dir.join("data")).unwrap();
        wait_for("the server's helpers to end", || (!is_worked_in(&data)).then_some(()));
        if let Some(keeper) = keeper.take() {
            let _ = keeper.send(());
        }
    }

    /// Where its Unix socket is: the folder of PostgreSQL's, the file of MariaDB's.
    pub(crate) fn socket(&self) -> PathBuf {
        match self.engine {
            Engine::Postgres => self.dir.clone(),
            Engine::Mariadb => self.dir.join("sock"),
        }
    }

    /// Where it keeps what it sorts, in files that come and go.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    /// Something that the server says, in its own words. An empty database is the server's own.
    pub(crate) fn try_sql(&self, database: &str, sql: &str) -> Result<(), String> {
        Client::connect(self, database).and_then(|mut client| client.run(sql))
    }
}

/// Whether a process works in a folder.
fn is_worked_in(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut places = processes.filter_map(|process| fs::read_link(process.path().join("cwd")).ok());
    places.any(|place| place == folder)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.keeper.lock().unwrap().take();
    }
}

/// A database of one test.
pub(crate) struct Database {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
}

impl Database {
    /// A new one on the shared server.
    pub(crate) fn new(engine: Engine) -> Option<Database> {
        Server::shared(engine).map(Database::on)
    }

    pub(crate) fn on(server: Arc<Server>) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("desk_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        server.try_sql("", &format!("create database {name}")).unwrap();
        Database { server, name }
    }

    /// Its URL, with the password in it.
    pub(crate) fn url(&self) -> String {
        self.url_by(&format!("{USER}:{PASSWORD_IN_URL}"), self.server.port)
    }

    pub(crate) fn url_by(&self, login: &str, port: u16) -> String {
        let scheme = match self.server.engine {
            Engine::Postgres => "postgres",
            Engine::Mariadb => "mysql",
        };
        format!("{scheme}://{login}@127.0.0.1:{port}/{}", self.name)
    }

    /// Runs statements, which must go well.
    pub(crate) fn sql(&self, sql: &str) {
        self.client().run(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
    }

    /// A connection to hold something open with.
    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.server, &self.name).unwrap()
    }
}

/// A connection.
pub(crate) struct Client {
    runtime: Runtime,
    connection: Connection,
}

enum Connection {
    Postgres(tokio_postgres::Client),
    Mariadb(Box<Option<mysql_async::Conn>>),
}

impl Client {
    fn connect(server: &Server, database: &str) -> Result<Client, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let connection = match server.engine {
            Engine::Postgres => runtime.block_on(async {
                let mut config = tokio_postgres::Config::new();
                config.host("127.0.0.1").port(server.port).user(USER).password(PASSWORD);
                config.dbname(if database.is_empty() { "postgres" } else { database });
                let connected = config.connect(tokio_postgres::NoTls).await;
                let (client, connection) = connected.map_err(|e| format!("{e:?}"))?;
                tokio::spawn(connection);
                Ok::<_, String>(Connection::Postgres(client))
            })?,
            Engine::Mariadb => {
                let opts = mysql_async::OptsBuilder::default()
                    .ip_or_hostname("127.0.0.1")
                    .tcp_port(server.port)
                    .user(Some(USER))
                    .pass(Some(PASSWORD))
                    .prefer_socket(false)
                    .db_name(Some(database).filter(|name| !name.is_empty()));
                let conn = runtime.block_on(mysql_async::Conn::new(opts));
                Connection::Mariadb(Box::new(Some(conn.map_err(|e| e.to_string())?)))
            }
        };
        Ok(Client { runtime, connection })
    }

    pub(crate) fn run(&mut self, sql: &str) -> Result<(), String> {
        match &mut self.connection {
            Connection::Postgres(client) => {
                self.runtime.block_on(client.batch_execute(sql)).map_err(|e| format!("{e:?}"))
            }
            Connection::Mariadb(conn) => {
                let conn = conn.as_mut().as_mut().unwrap();
                // One at a time, as the server takes them.
                for one in sql.split(";\n").filter(|one| !one.trim().is_empty()) {
                    self.runtime.block_on(conn.query_drop(one)).map_err(|e| e.to_string())?;
                }
                Ok(())
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Connection::Mariadb(conn) = &mut self.connection
            && let Some(conn) = conn.take()
        {
            let _ = self.runtime.block_on(conn.disconnect());
        }
    }
}

/// A server's programs on this machine.
struct Programs {
    engine: Engine,
    /// Where they were unpacked; `/` where they are installed.
    root: PathBuf,
    /// PostgreSQL's folder of programs.
    bin: PathBuf,
}

impl Programs {
    fn find(engine: Engine) -> Option<Programs> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
        let debs = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("tests-debs");
        [PathBuf::from("/"), debs].into_iter().find_map(|root| {
            let bin = match engine {
                Engine::Mariadb => root.join("usr/sbin"),
                Engine::Postgres => {
                    let versions = fs::read_dir(root.join("usr/lib/postgresql")).ok()?;
                    versions.flatten().map(|v| v.path().join("bin")).max()?
                }
            };
            let needed = match engine {
                Engine::Mariadb => ["mariadbd", "../bin/mariadb-install-db"],
                Engine::Postgres => ["postgres", "initdb"],
            };
            let all = needed.iter().all(|name| bin.join(name).is_file());
            all.then_some(Programs { engine, root, bin })
        })
    }

    /// A command as somebody whom PostgreSQL accepts: it refuses root.
    fn humble(&self, program: &str) -> String {
        let program = self.bin.join(program);
        let program = program.display();
        let is_root = rustix::process::geteuid().is_root();
        match self.engine {
            Engine::Postgres if is_root => {
                format!("setpriv --reuid=nobody --regid=nogroup --clear-groups {program}")
            }
            _ => program.to_string(),
        }
    }

    /// Makes a folder of data.
    fn make(&self, dir: &Path) {
        let script = match self.engine {
            Engine::Postgres => {
                fs::write(dir.join("password"), PASSWORD).unwrap();
                let initdb = self.humble("initdb");
                format!(
                    "chmod 755 . && {} && {initdb} -D data -U {USER} --pwfile=password \
                     -A scram-sha-256 --no-sync -E UTF8 --locale=C",
                    if initdb.starts_with("setpriv") { "chown -R nobody ." } else { "true" }
                )
            }
            Engine::Mariadb => {
                let root = self.root.join("usr");
                let first = format!(
                    "create user '{USER}'@'%' identified by '{PASSWORD}';\n\
                     grant all privileges on *.* to '{USER}'@'%' with grant option;\n"
                );
                fs::write(dir.join("first.sql"), first).unwrap();
                format!(
                    "{0}/bin/mariadb-install-db --no-defaults --basedir={0} --datadir=$PWD/data \
                     --auth-root-authentication-method=normal --skip-test-db --user=$(id -un)",
                    root.display()
                )
            }
        };
        let mut command = Command::new("sh");
        // Two servers in one folder for temporary tables take each other's away.
        command.env("TMPDIR", dir);
        command.args(["-c", &script]).current_dir(dir).stdin(Stdio::null());
        let made = command.output().unwrap();
        assert!(made.status.success(), "{script}: {made:?}");
    }

    /// Runs the server, until it or this process ends; then the folder goes, too, unless the server was
    /// killed.
    fn keep(&self, dir: &Path, port: u16) -> Command {
        let server = match self.engine {
            Engine::Postgres => format!(
                "{} -D data -c port={port} -c listen_addresses=127.0.0.1 -c fsync=off \
                 -c unix_socket_directories=$PWD -c max_connections=50",
                self.humble("postgres")
            ),
            Engine::Mariadb => format!(
                "{} --no-defaults --basedir={} --datadir=$PWD/data --user=$(id -un) --port={port} \
                 --bind-address=127.0.0.1 --character-set-server=utf8mb4 --socket=$PWD/sock --pid-file=$PWD/pid --tmpdir=$PWD/tmp \
                 --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=32M \
                 $first",
                self.bin.join("mariadbd").display(),
                self.root.join("usr").display()
            ),
        };
        let script = format!(
            "trap 'kill -QUIT $server; wait $server; cd /; rm -rf \"$dir\"; exit' TERM
             dir=$PWD; mkdir -p tmp; test -e started || first=--init-file=$PWD/first.sql
             touch started; {server} >>log 2>&1 & server=$!; wait $server"
        );
        let mut command = Command::new("setpriv");
        command
            .env("TMPDIR", dir)
            .args(["--pdeathsig", "TERM", "sh", "-c", &script])
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}
