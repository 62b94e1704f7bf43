//! PostgreSQL: one connection with one read-only transaction, so that all answers are of one instant. An
//! answer is fetched through a cursor, page by page; the limit on time counts for each page. Each column is
//! asked for as text or bytes, whatever its type, so that any type can be read.

use std::cell::Cell;
use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use bytes::BytesMut;
use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Host, Server, TlsMode};
use super::error::without_strings;
use super::question::{self, Dialect, bare, begins_a_select, is_blank, quoted};
use super::session::{Asked, PAGE_BYTES, PAGE_ROWS, Receive, weight};
use super::{CONNECT_MAX, Error, Options, lock_wait};
use crate::document::{Row, Value};

/// How much longer than the server's own limit we wait for it: by then it has said so.
const GRACE: Duration = Duration::from_secs(5);
/// Rows of the first page, and of all while rows are large.
const FEW_ROWS: usize = 16;

/// A connection to PostgreSQL.
pub(super) struct Session {
    runtime: Runtime,
    client: Client,
    limit: Duration,
    cursors: Cell<u32>,
}

impl Session {
    pub(super) fn open(server: &Server, options: &Options) -> Result<Session, Error> {
        let shown = &options.shown;
        let runtime = runtime(shown)?;
        let client = runtime.block_on(connect(server, shown))?;
        let session = Session { runtime, client, limit: options.limit, cursors: Cell::new(0) };
        session.begin(shown, "")?;
        Ok(session)
    }

    fn begin(&self, shown: &str, first: &str) -> Result<(), Error> {
        let begin = format!(
            "{first}begin isolation level repeatable read, read only;
             set local timezone = 'UTC'; set local datestyle = 'ISO';
             set local intervalstyle = 'iso_8601'; set local cursor_tuple_fraction = 1;
             set local lock_timeout = {}; set local statement_timeout = {}",
            lock_wait(self.limit).as_millis(),
            self.limit.as_millis().max(1),
        );
        self.wait(shown, "", self.client.batch_execute(&begin))
    }

    /// Ends the transaction, be it broken, and begins another.
    pub(super) fn renew(&self, shown: &str) -> Result<(), Error> {
        self.begin(shown, "rollback; ")
    }

    /// Waits for the server, but not for ever.
    fn wait<T>(
        &self,
        shown: &str,
        sql: &str,
        what: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let patience = self.limit + GRACE;
        match self.runtime.block_on(async { tokio::time::timeout(patience, what).await }) {
            Ok(done) => done.map_err(|e| fault(&e, shown, sql, self.limit)),
            Err(_) => Err(self.too_slow(shown)),
        }
    }

    fn too_slow(&self, shown: &str) -> Error {
        Error::TooSlow { shown: shown.to_owned(), limit_s: self.limit.as_secs() }
    }

    pub(super) fn ask(&self, asked: Asked<'_>, receive: &mut Receive<'_>) -> Result<(), Error> {
        let shown = asked.shown;
        if is_blank(asked.sql) {
            return Err(Error::NoQuery(shown.to_owned()));
        }
        let bound = question::bind(bare(asked.sql), Dialect::Postgres, asked.given);
        if !begins_a_select(&bound.sql) {
            return Err(Error::NotASelect(shown.to_owned()));
        }
        let statement = self.wait(shown, asked.sql, self.client.prepare(&bound.sql))?;
        if statement.params().len() != bound.values.len() {
            return Err(Error::Parameters(shown.to_owned()));
        }
        if statement.columns().is_empty() {
            return Err(Error::NotASelect(shown.to_owned()));
        }
        let columns = Columns::of(&statement);
        let cursor = format!("feedwright_{}", self.cursors.replace(self.cursors.get() + 1));
        let declare =
            format!("declare {cursor} no scroll cursor for {}", columns.question(&bound.sql));
        let types = statement.params();
        let values = bound.values.iter().zip(types).map(|(value, of)| Parameter::of(value, of));
        let values: Vec<Parameter> = values.collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
        self.wait(shown, asked.sql, self.client.execute(&declare, &values))?;
        let done = self.fetch(&cursor, &columns, asked, receive);
        if done.is_ok() {
            self.wait(shown, "", self.client.batch_execute(&format!("close {cursor}")))?;
        }
        done
    }

    fn fetch(
        &self,
        cursor: &str,
        columns: &Columns,
        asked: Asked<'_>,
        receive: &mut Receive<'_>,
    ) -> Result<(), Error> {
        let mut rows_max = FEW_ROWS;
        loop {
            let fetch = format!("fetch {rows_max} from {cursor}");
            let rows = self.wait(asked.shown, asked.sql, self.client.query(&fetch, &[]))?;
            if rows.is_empty() {
                return Ok(());
            }
            let page: Vec<Row> = rows.iter().map(|row| columns.row(row)).collect();
            let bytes: usize = page.iter().map(weight).sum();
            let is_last = page.len() < rows_max;
            rows_max =
                if bytes / page.len() * PAGE_ROWS <= PAGE_BYTES { PAGE_ROWS } else { FEW_ROWS };
            if receive(page)?.is_break() || is_last {
                return Ok(());
            }
        }
    }

    /// Says goodbye. Whether the server hears it is its own matter.
    pub(super) fn end(self) {
        let Session { runtime, client, .. } = self;
        let goodbye = async { tokio::time::timeout(GRACE, client.batch_execute("rollback")).await };
        let _ = runtime.block_on(goodbye);
        drop(client);
        runtime.shutdown_background();
    }
}

/// What the sockets of one session run on: the thread that asks.
pub(super) fn runtime(shown: &str) -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::Unreachable { shown: shown.to_owned(), reason: e.to_string() })
}

/// What is told of a server that doesn't answer.
pub(super) const CONNECT_LATE: &str = "no answer within 10 s";

/// How to come in: by TLS where that is given.
pub(super) fn login(
    server: &Server,
    shown: &str,
) -> Result<(Config, Option<MakeRustlsConnect>), Error> {
    let mut config = Config::new();
    match &server.host {
        Host::Name(name) => config.host(name),
        Host::Socket(folder) => config.host_path(folder),
    };
    config.port(server.port).user(&server.user).application_name("feedwright");
    if let Some(password) = super::password(server, shown)? {
        config.password(password);
    }
    if let Some(database) = &server.database {
        config.dbname(database);
    }
    let is_socket = matches!(server.host, Host::Socket(_));
    let mode = match server.tls.mode {
        _ if is_socket => SslMode::Disable,
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
    };
    config.ssl_mode(mode);
    let tls = match mode {
        SslMode::Disable => None,
        _ => Some(MakeRustlsConnect::new(server.tls.client(shown)?)),
    };
    Ok((config, tls))
}

/// Connects. What the connection does, it does on the runtime that this is awaited on.
async fn connect(server: &Server, shown: &str) -> Result<Client, Error> {
    let (config, tls) = login(server, shown)?;
    let late = || Error::Unreachable { shown: shown.to_owned(), reason: CONNECT_LATE.to_owned() };
    let lost = |e: tokio_postgres::Error| match fault(&e, shown, "", CONNECT_MAX) {
        Error::Broken { shown, reason } => Error::Unreachable { shown, reason },
        other => other,
    };
    let Some(tls) = tls else {
        let connecting = tokio::time::timeout(CONNECT_MAX, config.connect(NoTls));
        let (client, connection) = connecting.await.map_err(|_| late())?.map_err(lost)?;
        tokio::spawn(connection);
        return Ok(client);
    };
    let connecting = tokio::time::timeout(CONNECT_MAX, config.connect(tls));
    let (client, connection) = connecting.await.map_err(|_| late())?.map_err(lost)?;
    tokio::spawn(connection);
    Ok(client)
}

/// What the server or the driver says, as ours.
pub(super) fn fault(
    error: &tokio_postgres::Error,
    shown: &str,
    sql: &str,
    limit: Duration,
) -> Error {
    let shown = shown.to_owned();
    let Some(said) = error.as_db_error() else {
        let mut innermost: &dyn std::error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let reason = match error.source() {
            Some(_) => innermost.to_string(),
            None => error.to_string(),
        };
        return Error::Broken { shown, reason };
    };
    let reason = without_strings(said.message(), sql, Dialect::Postgres);
    let code = said.code();
    if *code == SqlState::QUERY_CANCELED {
        return Error::TooSlow { shown, limit_s: limit.as_secs() };
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return Error::Locked { shown, waited_s: lock_wait(limit).as_secs() };
    }
    match code.code().get(..2).unwrap_or_default() {
        "28" | "3D" => Error::Refused { shown, reason },
        // Too little of something, an operator's stop, a crash, a replica that must go on.
        "08" | "53" | "57" | "58" | "40" | "XX" => Error::Broken { shown, reason },
        _ => Error::Query { shown, reason },
    }
}

/// The columns of an answer: their names, and what their values are.
struct Columns(Vec<(String, Form)>);

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bytes,
    Truth,
    Number,
    Real,
    Instant,
    Day,
    Json,
    Text,
}

impl Form {
    fn of(kind: &Type) -> Form {
        if let Kind::Domain(inner) = kind.kind() {
            return Form::of(inner);
        }
        match *kind {
            Type::BYTEA => Form::Bytes,
            Type::BOOL => Form::Truth,
            Type::INT2 | Type::INT4 | Type::INT8 | Type::OID | Type::NUMERIC => Form::Number,
            Type::FLOAT4 | Type::FLOAT8 => Form::Real,
            Type::TIMESTAMPTZ => Form::Instant,
            Type::TIMESTAMP | Type::DATE => Form::Day,
            _ => match kind.kind() {
                Kind::Array(_) | Kind::Composite(_) => Form::Json,
                _ => Form::Text,
            },
        }
    }

    fn value(self, bytes: &[u8]) -> Value {
        let text = || Value::Text(bytes.to_vec());
        let ascii = std::str::from_utf8(bytes).unwrap_or_default();
        match self {
            Form::Bytes => Value::Blob(bytes.to_vec()),
            Form::Truth => Value::Integer(i64::from(ascii == "true")),
            Form::Number => ascii.parse().map_or_else(|_| text(), Value::Integer),
            Form::Real => ascii.parse().map_or_else(|_| text(), Value::Real),
            // No time at all; a column of them has no other word for that.
            Form::Instant | Form::Day if matches!(ascii, "infinity" | "-infinity") => Value::Null,
            Form::Instant => Value::Text(ascii.replace("+00", "+00:00").into_bytes()),
            Form::Day | Form::Json | Form::Text => text(),
        }
    }
}

impl Columns {
    fn of(statement: &Statement) -> Columns {
        let of =
            |column: &tokio_postgres::Column| (column.name().to_owned(), Form::of(column.type_()));
        Columns(statement.columns().iter().map(of).collect())
    }

    /// The same question, each column as text or bytes. Columns are named anew, as several may have one
    /// name.
    fn question(&self, sql: &str) -> String {
        let mut names = Vec::with_capacity(self.0.len());
        let mut values = Vec::with_capacity(self.0.len());
        for (at, (_, form)) in self.0.iter().enumerate() {
            let name = quoted(&format!("c{at}"), Dialect::Postgres);
            values.push(match form {
                Form::Bytes => format!("q.{name}"),
                Form::Json => format!("to_jsonb(q.{name})::text"),
                _ => format!("q.{name}::text"),
            });
            names.push(name);
        }
        // A comment at the end of a question ends with its line.
        format!("select {} from (\n{sql}\n) as q ({})", values.join(", "), names.join(", "))
    }

    fn row(&self, row: &tokio_postgres::Row) -> Row {
        let columns = self.0.iter().enumerate().map(|(at, (name, form))| {
            let raw = row.try_get::<_, Option<Raw<'_>>>(at).ok().flatten();
            (name.clone(), raw.map_or(Value::Null, |raw| form.value(raw.0)))
        });
        Row { columns: columns.collect() }
    }
}

/// A value's bytes as they came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> Result<Raw<'a>, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A value as it is given to the server: as text, which it reads as whatever type stands there.
#[derive(Debug)]
struct Parameter(Vec<u8>);

impl Parameter {
    fn of(value: &Value, kind: &Type) -> Parameter {
        use std::fmt::Write;
        Parameter(match value {
            Value::Null | Value::Rows(_) => lowest(kind).as_bytes().to_vec(),
            Value::Integer(n) => n.to_string().into_bytes(),
            Value::Real(n) => n.to_string().into_bytes(),
            Value::Text(bytes) => bytes.clone(),
            Value::Blob(bytes) => {
                let mut hex = String::from("\\x");
                for byte in bytes {
                    // Writing to a string can't fail.
                    let _ = write!(hex, "{byte:02x}");
                }
                hex.into_bytes()
            }
        })
    }
}

/// What is below everything else of a type.
fn lowest(kind: &Type) -> &'static str {
    match *kind {
        Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::DATE => "-infinity",
        Type::INT2 => "-32768",
        Type::INT4 => "-2147483648",
        Type::INT8 => "-9223372036854775808",
        Type::FLOAT4 | Type::FLOAT8 => "-Infinity",
        Type::NUMERIC => "-1e130",
        _ => "",
    }
}

impl ToSql for Parameter {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
