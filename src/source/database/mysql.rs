//! MySQL and MariaDB: read-only transactions with one snapshot each. An answer comes as a stream, and a
//! connection with a stream under way can't be asked anything else: what is asked meanwhile goes over a
//! second one, opened when it is first needed. Only time spent waiting for the server counts.

use std::cell::RefCell;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::Queryable;
use mysql_async::{
    Column, Conn, DriverError, Error as Driver, IoError, Opts, OptsBuilder, Params, SslOpts,
};
use tokio::runtime::Runtime;

use super::address::{Host, Server, TlsMode};
use super::error::without_strings;
use super::postgres::runtime;
use super::question::{self, Dialect, bare, begins_a_select, is_blank};
use super::session::{Asked, PAGE_BYTES, PAGE_ROWS, Receive, weight};
use super::tls::Trust;
use super::{CONNECT_MAX, Error, Options, lock_wait};
use crate::document::{Row, Value};

/// The number of the collation that stands for bytes.
const BINARY: u16 = 63;
/// How much longer than a question may take the server keeps at it, where we couldn't stop it.
const SERVER_SLACK: u32 = 10;

/// From here on all answers are of one instant.
const BEGIN: &str = "start transaction with consistent snapshot, read only";

/// Connections to one server.
pub(super) struct Session {
    runtime: Runtime,
    opts: Opts,
    /// Connected, and with no answer under way.
    idle: RefCell<Vec<Conn>>,
    limit: Duration,
}

impl Session {
    pub(super) fn open(server: &Server, options: &Options) -> Result<Session, Error> {
        let shown = &options.shown;
        let runtime = runtime(shown)?;
        let wanted = opts(server, shown, options.limit)?;
        let (opts, conn) = match runtime.block_on(connect(&wanted, shown)) {
            Ok(conn) => (wanted, conn),
            // A server without TLS, of which none is demanded.
            Err(Failed::NoTls) if server.tls.mode == TlsMode::Prefer => {
                let plain: Opts = OptsBuilder::from_opts(wanted).ssl_opts(None).into();
                let conn = runtime.block_on(connect(&plain, shown));
                (plain, conn.map_err(|failed| failed.told(shown))?)
            }
            Err(failed) => return Err(failed.told(shown)),
        };
        Ok(Session { runtime, opts, idle: RefCell::new(vec![conn]), limit: options.limit })
    }

    /// A connection with no answer under way.
    fn connection(&self, shown: &str) -> Result<Conn, Error> {
        if let Some(conn) = self.idle.borrow_mut().pop() {
            return Ok(conn);
        }
        self.runtime.block_on(connect(&self.opts, shown)).map_err(|failed| failed.told(shown))
    }

    pub(super) fn ask(&self, asked: Asked<'_>, receive: &mut Receive<'_>) -> Result<(), Error> {
        let shown = asked.shown;
        if is_blank(asked.sql) {
            return Err(Error::NoQuery(shown.to_owned()));
        }
        let bound = question::bind(bare(asked.sql), Dialect::Mysql, asked.given);
        if !begins_a_select(&bound.sql) {
            return Err(Error::NotASelect(shown.to_owned()));
        }
        let mut conn = self.connection(shown)?;
        let number = conn.id();
        let mut clock = Clock { session: self, asked, spent: Duration::ZERO };
        let done = clock.stream(&mut conn, &bound, receive);
        // A connection with more to say isn't asked again: all of it would have to be heard.
        let _inside = self.runtime.enter();
        match done {
            Ok(ControlFlow::Continue(())) => self.idle.borrow_mut().push(conn),
            Ok(ControlFlow::Break(())) => drop(conn),
            Err(Error::TooSlow { shown, limit_s }) => {
                drop(conn);
                self.kill(number);
                return Err(Error::TooSlow { shown, limit_s });
            }
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Ends the transactions, and begins others.
    pub(super) fn renew(&self, shown: &str) -> Result<(), Error> {
        for conn in self.idle.borrow_mut().iter_mut() {
            let renewing = async {
                conn.query_drop("rollback").await?;
                conn.query_drop(BEGIN).await
            };
            let waiting = async { tokio::time::timeout(self.limit, renewing).await };
            let limit_s = self.limit.as_secs();
            let late = |_| Error::TooSlow { shown: shown.to_owned(), limit_s };
            let renewed = self.runtime.block_on(waiting).map_err(late)?;
            renewed.map_err(|e| fault(&e, shown, "", self.limit))?;
        }
        Ok(())
    }

    /// Stops what a connection asked. That it can't be told is no reason to wait.
    fn kill(&self, number: u32) {
        let _ = self.runtime.block_on(async {
            let mut conn = connect(&self.opts, "").await.map_err(drop)?;
            let kill = conn.query_drop(format!("kill query {number}"));
            tokio::time::timeout(CONNECT_MAX, kill).await.map_err(drop)?.map_err(drop)
        });
    }

    /// Says goodbye. Whether the server hears it is its own matter.
    pub(super) fn end(self) {
        for conn in self.idle.into_inner() {
            let goodbye = async { tokio::time::timeout(CONNECT_MAX, conn.disconnect()).await };
            let _ = self.runtime.block_on(goodbye);
        }
        self.runtime.shutdown_background();
    }
}

/// One question, and how long it took the server so far.
struct Clock<'a> {
    session: &'a Session,
    asked: Asked<'a>,
    spent: Duration,
}

impl Clock<'_> {
    fn wait<T>(&mut self, what: impl Future<Output = Result<T, Driver>>) -> Result<T, Error> {
        let (asked, limit) = (self.asked, self.session.limit);
        let too_slow =
            || Error::TooSlow { shown: asked.shown.to_owned(), limit_s: limit.as_secs() };
        let begin = Instant::now();
        let left = limit.checked_sub(self.spent).ok_or_else(too_slow)?;
        let waiting = async { tokio::time::timeout(left, what).await };
        let done = self.session.runtime.block_on(waiting).map_err(|_| too_slow())?;
        self.spent += begin.elapsed();
        done.map_err(|e| fault(&e, asked.shown, asked.sql, limit))
    }

    /// Whether the receiver wanted all of it.
    fn stream(
        &mut self,
        conn: &mut Conn,
        bound: &question::Bound,
        receive: &mut Receive<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let shown = self.asked.shown;
        let statement = self.wait(conn.prep(&bound.sql))?;
        if usize::from(statement.num_params()) != bound.values.len() {
            return Err(Error::Parameters(shown.to_owned()));
        }
        if statement.columns().is_empty() {
            return Err(Error::NotASelect(shown.to_owned()));
        }
        let columns = Columns::of(&statement.columns());
        let values = bound.values.iter().map(parameter).collect();
        let params =
            if bound.values.is_empty() { Params::Empty } else { Params::Positional(values) };
        let mut answer = self.wait(conn.exec_iter(&statement, params))?;
        let (mut page, mut bytes) = (Vec::new(), 0);
        while let Some(row) = self.wait(answer.next())? {
            let row = columns.row(row);
            bytes += weight(&row);
            page.push(row);
            if page.len() >= PAGE_ROWS || bytes >= PAGE_BYTES {
                bytes = 0;
                if receive(std::mem::take(&mut page))?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        drop(answer);
        self.wait(conn.close(statement))?;
        if page.is_empty() { Ok(ControlFlow::Continue(())) } else { receive(page) }
    }
}

fn opts(server: &Server, shown: &str, limit: Duration) -> Result<Opts, Error> {
    let mut builder = OptsBuilder::default()
        .user(Some(&server.user))
        .pass(super::password(server, shown)?)
        .db_name(server.database.as_ref())
        .tcp_port(server.port)
        .prefer_socket(false)
        .stmt_cache_size(0)
        .init(vec![
            "set names utf8mb4".to_owned(),
            "set session time_zone = '+00:00'".to_owned(),
            format!("set session lock_wait_timeout = {}", lock_wait(limit).as_secs()),
            // A receiver may take its time.
            "set session net_write_timeout = 3600".to_owned(),
            // Each reads its own comment.
            format!(
                "set session innodb_lock_wait_timeout = {0} /*M!100101 , max_statement_time = {1} */
                 /*!50708 , max_execution_time = {1}000 */",
                lock_wait(limit).as_secs(),
                limit.as_secs().max(1) * u64::from(SERVER_SLACK),
            ),
            BEGIN.to_owned(),
        ]);
    builder = match &server.host {
        Host::Name(name) => builder.ip_or_hostname(name),
        Host::Socket(socket) => builder.socket(Some(socket.to_string_lossy())),
    };
    if server.tls.mode != TlsMode::Disable && matches!(server.host, Host::Name(_)) {
        builder = builder.ssl_opts(ssl(server, shown)?);
    }
    Ok(builder.into())
}

fn ssl(server: &Server, shown: &str) -> Result<SslOpts, Error> {
    let own = server.tls.own_roots(shown)?;
    let is_own = own.is_some();
    let roots = own.unwrap_or_else(|| rustls_native_certs::load_native_certs().certs);
    let roots = roots.into_iter().map(|root| root.to_vec().into()).collect();
    let trust = server.tls.trust();
    Ok(SslOpts::default()
        .with_root_certs(roots)
        .with_disable_built_in_roots(is_own)
        .with_danger_accept_invalid_certs(trust == Trust::Anybody)
        .with_danger_skip_domain_validation(trust != Trust::Named))
}

/// Why there is no connection.
enum Failed {
    NoTls,
    Other(Error),
}

impl Failed {
    fn told(self, shown: &str) -> Error {
        match self {
            Failed::NoTls => Error::Unreachable {
                shown: shown.to_owned(),
                reason: "the server has no TLS, which `sslmode` demands".to_owned(),
            },
            Failed::Other(error) => error,
        }
    }
}

async fn connect(opts: &Opts, shown: &str) -> Result<Conn, Failed> {
    let unreachable =
        |reason: String| Failed::Other(Error::Unreachable { shown: shown.to_owned(), reason });
    match tokio::time::timeout(CONNECT_MAX, Conn::new(opts.clone())).await {
        Err(_) => Err(unreachable(format!("no answer within {} s", CONNECT_MAX.as_secs()))),
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(Driver::Driver(DriverError::NoClientSslFlagFromServer))) => Err(Failed::NoTls),
        Ok(Err(error)) => match fault(&error, shown, "", CONNECT_MAX) {
            Error::Broken { reason, .. } => Err(unreachable(reason)),
            other => Err(Failed::Other(other)),
        },
    }
}

/// The driver's words for a connection that ends within a packet.
const CUT: &str = "bytes remaining on stream";

/// What the server or the driver says, as ours.
fn fault(error: &Driver, shown: &str, sql: &str, limit: Duration) -> Error {
    let shown = shown.to_owned();
    let said = match error {
        Driver::Server(said) => said,
        Driver::Io(IoError::Io(e)) => {
            let reason = match e.to_string() {
                said if said == CUT => "the connection ended in the middle of an answer".to_owned(),
                said => said,
            };
            return Error::Broken { shown, reason };
        }
        other => return Error::Broken { shown, reason: other.to_string() },
    };
    let reason = without_strings(&said.message, sql, Dialect::Mysql);
    match said.code {
        1044 | 1045 | 1049 | 1130 | 1698 | 1862 | 4151 => Error::Refused { shown, reason },
        1969 | 3024 | 1317 => Error::TooSlow { shown, limit_s: limit.as_secs() },
        1205 | 1213 => Error::Locked { shown, waited_s: lock_wait(limit).as_secs() },
        // Too many connections, a shutdown, a connection that was killed, a full disk.
        1040 | 1053 | 1077 | 1080 | 1129 | 1203 | 1226 | 1927 | 3 | 28 | 1021 | 1152 | 1184 => {
            Error::Broken { shown, reason }
        }
        _ => Error::Query { shown, reason },
    }
}

fn parameter(value: &Value) -> mysql_async::Value {
    match value {
        // Below everything else, as a time and as a number.
        Value::Null | Value::Rows(_) => mysql_async::Value::Bytes(b"0000-00-00 00:00:00".to_vec()),
        Value::Integer(n) => mysql_async::Value::Int(*n),
        Value::Real(n) => mysql_async::Value::Double(*n),
        Value::Text(bytes) | Value::Blob(bytes) => mysql_async::Value::Bytes(bytes.clone()),
    }
}

/// The columns of an answer: their names, and what their values are.
struct Columns(Vec<(String, Form)>);

/// What a column holds, where a value alone doesn't say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bytes,
    Text,
    Number,
    Day,
    Instant,
    Other,
}

impl Form {
    fn of(column: &Column) -> Form {
        use ColumnType::*;
        let is_bytes =
            column.character_set() == BINARY && column.flags().contains(ColumnFlags::BINARY_FLAG);
        match column.column_type() {
            MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL => Form::Number,
            MYSQL_TYPE_DATE | MYSQL_TYPE_NEWDATE => Form::Day,
            MYSQL_TYPE_TIMESTAMP | MYSQL_TYPE_TIMESTAMP2 => Form::Instant,
            MYSQL_TYPE_JSON | MYSQL_TYPE_ENUM | MYSQL_TYPE_SET => Form::Text,
            MYSQL_TYPE_BIT => Form::Bytes,
            MYSQL_TYPE_GEOMETRY if is_bytes => Form::Bytes,
            MYSQL_TYPE_TINY_BLOB
            | MYSQL_TYPE_BLOB
            | MYSQL_TYPE_MEDIUM_BLOB
            | MYSQL_TYPE_LONG_BLOB
            | MYSQL_TYPE_STRING
            | MYSQL_TYPE_VAR_STRING
            | MYSQL_TYPE_VARCHAR => {
                if is_bytes {
                    Form::Bytes
                } else {
                    Form::Text
                }
            }
            _ => Form::Other,
        }
    }

    fn value(self, value: mysql_async::Value) -> Value {
        use mysql_async::Value as Raw;
        let text = |text: String| Value::Text(text.into_bytes());
        match (self, value) {
            (_, Raw::NULL) => Value::Null,
            (Form::Bytes, Raw::Bytes(bytes)) => Value::Blob(bytes),
            (Form::Number, Raw::Bytes(bytes)) => std::str::from_utf8(&bytes)
                .ok()
                .and_then(|n| n.parse().ok())
                .map_or(Value::Text(bytes), Value::Integer),
            (_, Raw::Bytes(bytes)) => Value::Text(bytes),
            (_, Raw::Int(n)) => Value::Integer(n),
            (_, Raw::UInt(n)) => {
                i64::try_from(n).map_or_else(|_| text(n.to_string()), Value::Integer)
            }
            // Of a short number only its own digits are meant.
            (_, Raw::Float(n)) => Value::Real(n.to_string().parse().unwrap_or(f64::from(n))),
            (_, Raw::Double(n)) => Value::Real(n),
            (Form::Day, Raw::Date(year, month, day, ..)) => {
                text(format!("{year:04}-{month:02}-{day:02}"))
            }
            (form, Raw::Date(year, month, day, hour, minute, second, micros)) => {
                let day = format!("{year:04}-{month:02}-{day:02}");
                let fraction = if micros > 0 { format!(".{micros:06}") } else { String::new() };
                let zone = if form == Form::Instant && year > 0 { "+00:00" } else { "" };
                text(format!("{day} {hour:02}:{minute:02}:{second:02}{fraction}{zone}"))
            }
            (_, Raw::Time(negative, days, hours, minutes, seconds, _)) => {
                let sign = if negative { "-" } else { "" };
                let hours = days * 24 + u32::from(hours);
                text(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"))
            }
        }
    }
}

impl Columns {
    fn of(columns: &[Column]) -> Columns {
        let of = |column: &Column| (column.name_str().into_owned(), Form::of(column));
        Columns(columns.iter().map(of).collect())
    }

    fn row(&self, row: mysql_async::Row) -> Row {
        let values = row.unwrap_raw().into_iter().map(|v| v.unwrap_or(mysql_async::Value::NULL));
        let columns =
            self.0.iter().zip(values).map(|((name, form), v)| (name.clone(), form.value(v)));
        Row { columns: columns.collect() }
    }
}
