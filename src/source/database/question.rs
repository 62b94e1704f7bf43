//! The text of a question: whether it is one, and where values stand in it. Values are named in the text
//! (`:since`, `:ids`) and given beside it; none is ever written into it.

use crate::document::Value;

/// How an engine's SQL is written, where engines differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    Mysql,
}

/// A value's name in the text, and the values that stand for it: several where it is a list.
pub(super) type Given<'a> = (&'a str, &'a [Value]);

/// A question as an engine takes it: with places, and what stands there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

/// Whether the text has a place of that name.
pub(super) fn names(sql: &str, dialect: Dialect, name: &str) -> bool {
    pieces(sql, dialect).contains(&Piece::Name(name))
}

/// Puts places where names stand. A name that nobody gives stays as it is written.
pub(super) fn bind(sql: &str, dialect: Dialect, given: &[Given<'_>]) -> Bound {
    let mut bound = Bound { sql: String::with_capacity(sql.len() + 16), values: Vec::new() };
    for piece in pieces(sql, dialect) {
        match piece {
            Piece::Text(text) => bound.sql.push_str(text),
            Piece::Name(name) => match given.iter().find(|(of, _)| *of == name) {
                Some((_, values)) => places(&mut bound, dialect, values),
                None => {
                    bound.sql.push(':');
                    bound.sql.push_str(name);
                }
            },
        }
    }
    bound
}

fn places(bound: &mut Bound, dialect: Dialect, values: &[Value]) {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            bound.sql.push(',');
        }
        bound.values.push(value.clone());
        match dialect {
            Dialect::Sqlite | Dialect::Mysql => bound.sql.push('?'),
            Dialect::Postgres => bound.sql.push_str(&format!("${}", bound.values.len())),
        }
    }
}

/// The one statement without what ends it, so that it can be put into parentheses.
pub(super) fn bare(sql: &str) -> &str {
    sql.trim_start_matches(is_space).trim_end_matches(is_space)
}

/// The one statement without the order at its end, which costs a database dear where only some columns of
/// some rows are asked for. Kept where it decides which rows there are.
pub(super) fn unordered(sql: &str, dialect: Dialect) -> &str {
    let sql = bare(sql);
    let (mut at, mut depth, mut order, mut cut) = (0, 0, None, None);
    while at < sql.len() {
        let rest = &sql[at..];
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            match rest.chars().next() {
                Some('(') => depth += 1,
                Some(')') => depth -= 1,
                _ => {}
            }
            at = token(sql, at, dialect);
            continue;
        }
        if depth == 0 {
            match word.to_ascii_lowercase().as_str() {
                "order" => order = Some(at),
                "by" if order.is_some() => cut = order,
                "limit" | "offset" | "fetch" | "for" | "distinct" | "union" | "intersect"
                | "except" | "lock" | "procedure" | "into" | "group" | "window" => return sql,
                _ => order = None,
            }
        }
        at += word.len();
    }
    cut.map_or(sql, |cut| &sql[..cut])
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == ';' || c == '\u{feff}'
}

/// Whether the first word, after comments and stray semicolons, begins a question.
pub(super) fn begins_a_select(query: &str) -> bool {
    let word = first_word(query);
    ["select", "with", "values"].iter().any(|begin| word.eq_ignore_ascii_case(begin))
}

/// Whether there is nothing in it but comments.
pub(super) fn is_blank(query: &str) -> bool {
    after_comments(query).is_empty()
}

fn first_word(query: &str) -> &str {
    let rest = after_comments(query).trim_start_matches('(');
    rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("")
}

fn after_comments(query: &str) -> &str {
    let mut rest = query;
    loop {
        rest = rest
            .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ';' || c == '\u{feff}');
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            return rest;
        }
    }
}

/// A name as the engine takes it literally.
pub(super) fn quoted(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
    }
}

/// The strings that a question holds: perhaps filled in from a variable, and not for everybody's eyes.
pub(super) fn literals(sql: &str, dialect: Dialect) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < sql.len() {
        let end = token(sql, at, dialect);
        let one = &sql[at..end];
        if let Some(inner) = one.strip_prefix('\'') {
            found.push(inner.strip_suffix('\'').unwrap_or(inner));
        } else if one.starts_with('$') && one.len() > 4 {
            let tag = one[1..].find('$').map_or(0, |n| n + 2);
            found.push(one.get(tag..one.len() - tag).unwrap_or(""));
        } else if dialect == Dialect::Mysql
            && let Some(inner) = one.strip_prefix('"')
        {
            found.push(inner.strip_suffix('"').unwrap_or(inner));
        }
        at = end;
    }
    found
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// The text cut where names of values stand: not in strings, quoted names and comments.
fn pieces(sql: &str, dialect: Dialect) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < sql.len() {
        let end = token(sql, at, dialect);
        if let Some(name) = sql[at..end].strip_prefix(':').filter(|name| is_name(name)) {
            pieces.push(Piece::Text(&sql[begin..at]));
            pieces.push(Piece::Name(name));
            begin = end;
        }
        at = end;
    }
    pieces.push(Piece::Text(&sql[begin..]));
    pieces
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Where what begins at a byte ends: a string, a quoted name, a comment, `::`, a name of a value, or one
/// character.
fn token(sql: &str, at: usize, dialect: Dialect) -> usize {
    let rest = &sql[at..];
    let until = |end: &str, from: usize| {
        rest.get(from..).and_then(|r| r.find(end)).map_or(sql.len(), |n| at + from + n + end.len())
    };
    let mysql = dialect == Dialect::Mysql;
    match rest.chars().next() {
        Some('\'') => at + quoted_length(rest, '\'', mysql || escapes_before(sql, at, dialect)),
        Some('"') => at + quoted_length(rest, '"', mysql),
        Some('`') => at + quoted_length(rest, '`', false),
        Some('-') if rest.starts_with("--") => until("\n", 2),
        Some('#') if mysql => until("\n", 1),
        Some('/') if rest.starts_with("/*") => until("*/", 2),
        Some('$') if dialect == Dialect::Postgres => match dollar_tag(rest) {
            Some(tag) => until(tag, tag.len()),
            None => at + 1,
        },
        Some(':') if rest.starts_with("::") => at + 2,
        Some(':') => {
            let name = rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            at + 1 + name.unwrap_or(rest.len() - 1)
        }
        Some(c) => at + c.len_utf8(),
        None => sql.len(),
    }
}

/// Whether a string that begins here is PostgreSQL's `E'…'`.
fn escapes_before(sql: &str, at: usize, dialect: Dialect) -> bool {
    let mut before = sql[..at].chars().rev();
    dialect == Dialect::Postgres
        && before.next().is_some_and(|c| matches!(c, 'e' | 'E'))
        && !before.next().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn quoted_length(rest: &str, quote: char, escapes: bool) -> usize {
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if escapes && c == '\\' {
            chars.next();
        } else if c == quote {
            // A doubled quote begins the next token, which ends where this one really does.
            return at + 1;
        }
    }
    rest.len()
}

/// `$tag$`, with which a string begins and ends.
fn dollar_tag(rest: &str) -> Option<&str> {
    let end = rest[1..].find('$')? + 2;
    let name = &rest[1..end - 1];
    let sound = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    sound.then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::Mysql];

    fn bound(sql: &str, dialect: Dialect) -> String {
        let ids = [Value::Integer(1), Value::Integer(2)];
        bind(sql, dialect, &[("ids", &ids), ("since", &ids[..1])]).sql
    }

    #[test]
    fn places_stand_where_names_stood() {
        let sql = "select * from t where a in (:ids) and b > :since";
        assert_eq!(bound(sql, Dialect::Sqlite), "select * from t where a in (?,?) and b > ?");
        assert_eq!(bound(sql, Dialect::Mysql), "select * from t where a in (?,?) and b > ?");
        let numbered = "select * from t where a in ($1,$2) and b > $3";
        assert_eq!(bound(sql, Dialect::Postgres), numbered);
    }

    #[test]
    fn what_is_no_name_of_a_value_stays() {
        for sql in [
            "select ':ids', \":ids\", 'it''s :ids', a::ids -- :ids\n",
            "/* :ids */ select :other",
            "select 'unended :ids",
            "select x from t where y = 'a' or z = ': ids'",
        ] {
            for dialect in ALL {
                assert_eq!(bound(sql, dialect), sql);
            }
        }
        let sql = "select $$ :ids $$, $q$ $$ :ids $q$, E'\\' :ids'";
        assert_eq!(bound(sql, Dialect::Postgres), sql);
        let sql = "select 'a\\' :ids', `:ids` # :ids\n, \"\\\":ids\"";
        assert_eq!(bound(sql, Dialect::Mysql), sql);
        assert_eq!(bound("select '\\', :since", Dialect::Sqlite), "select '\\', ?");
    }

    #[test]
    fn an_order_that_decides_nothing_is_left_out() {
        for (sql, left) in [
            ("select id from t order by day desc, id;", "select id from t "),
            ("select id from t ORDER\n BY day -- as it came", "select id from t "),
            ("select row_number() over (order by day) as id from t", ""),
            ("select id from t order by day limit 10", ""),
            ("select distinct on (day) id from t order by day", ""),
            ("select ' order by ', \"order by\" from t", ""),
            ("select id from (select id from t order by day) as x", ""),
            ("select id from t where x = 'a)' order by y", "select id from t where x = 'a)' "),
        ] {
            for dialect in ALL {
                let expected = if left.is_empty() { sql } else { left };
                assert_eq!(unordered(sql, dialect), expected);
            }
        }
    }

    #[test]
    fn the_strings_of_a_question_are_known() {
        let sql = "select 'a', $$b c$$, \"d\"";
        assert_eq!(literals(sql, Dialect::Postgres), ["a", "b c"]);
        assert_eq!(literals(sql, Dialect::Mysql), ["a", "d"]);
    }

    proptest! {
        #[test]
        fn any_text_is_the_sum_of_its_pieces(sql in "('|\"|`|\\$|:|-|/|\\*|\\\\|#|\n|a|é|;| ){0,24}") {
            for dialect in ALL {
                prop_assert_eq!(bind(&sql, dialect, &[]).sql, sql.clone());
                prop_assert!(sql.contains(unordered(&sql, dialect)));
                let _ = literals(&sql, dialect);
            }
        }
    }
}
