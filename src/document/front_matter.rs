//! The head of a document, in YAML, TOML or JSON: where it ends, and what it says. Each parser is
//! called in one place, so that its ways stay here.

use std::ops::Range;

use super::fields::Named;
use crate::problem::Code;

/// The front matter of a document never ends.
pub(crate) const UNCLOSED: Code = Code::new("front-matter-unclosed");
/// The front matter of a document can't be read.
pub(crate) const INVALID: Code = Code::new("front-matter-invalid");
/// A name stands twice in one front matter.
pub(crate) const TWICE: Code = Code::new("front-matter-twice");

/// More values than any article names, and few enough that an alias bomb ends at once.
const YAML_NODES_MAX: usize = 20_000;
const YAML_ALIASES_MAX: usize = 1_000;
/// More names than any article has.
const NAMES_MAX: usize = 1_000;
/// Deeper than any article nests its names.
const YAML_DEPTH_MAX: usize = 64;

/// How a front matter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Yaml,
    Toml,
    Json,
}

impl Syntax {
    fn name(self) -> &'static str {
        match self {
            Syntax::Yaml => "YAML",
            Syntax::Toml => "TOML",
            Syntax::Json => "JSON",
        }
    }
}

/// Where a document's parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) syntax: Syntax,
    /// Bytes of the front matter, without its delimiters.
    pub(super) range: Range<usize>,
    /// First byte of the body.
    pub(super) body: usize,
}

/// What is wrong in a front matter, and at which byte of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) help: String,
    pub(super) offset: usize,
}

/// Finds the front matter; a document may have none.
pub(super) fn find(text: &str) -> Result<Option<Head>, Mistake> {
    let start = text.len() - text.trim_start_matches(['\n', ' ', '\t']).len();
    let first = line_at(text, start);
    let opening = first.trim_end();
    if !text[..start].is_empty() && !text[..start].ends_with('\n') {
        return Ok(None);
    }
    let (syntax, closings): (Syntax, &[&str]) = match opening {
        "---" | "---yaml" | "---yml" => (Syntax::Yaml, &["---", "..."]),
        "---toml" => (Syntax::Toml, &["---"]),
        "---json" => (Syntax::Json, &["---"]),
        "+++" => (Syntax::Toml, &["+++"]),
        "---js" | "---javascript" => {
            return Err(Mistake {
                code: INVALID,
                message: "front matter in JavaScript can't be read".to_owned(),
                help: "write it in YAML between two lines \"---\"".to_owned(),
                offset: start,
            });
        }
        _ if is_json(&text[start..]) => return json(text, start),
        _ => return Ok(None),
    };
    let from = (start + first.len() + 1).min(text.len());
    let mut at = from;
    while at < text.len() {
        let line = line_at(text, at);
        if closings.contains(&line.trim_end()) {
            let body = (at + line.len() + 1).min(text.len());
            return Ok(Some(Head { syntax, range: from..at, body }));
        }
        at += line.len() + 1;
    }
    Err(Mistake {
        code: UNCLOSED,
        message: format!(
            "the front matter that begins here never ends: no line \"{}\" follows",
            closings[0]
        ),
        help: format!("put a line \"{}\" between the front matter and the text", closings[0]),
        offset: start,
    })
}

/// The line at a byte, without its end.
fn line_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    &rest[..rest.find('\n').unwrap_or(rest.len())]
}

/// `{` begins JSON only before a name or its own end; else it is a shortcode or plain text.
fn is_json(text: &str) -> bool {
    text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']))
}

fn json(text: &str, start: usize) -> Result<Option<Head>, Mistake> {
    let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Named>();
    match stream.next() {
        Some(Ok(_)) => {
            let end = start + stream.byte_offset();
            let rest = line_at(text, end);
            let body = if rest.trim().is_empty() { end + rest.len() + 1 } else { end };
            let body = body.min(text.len());
            Ok(Some(Head { syntax: Syntax::Json, range: start..end, body }))
        }
        Some(Err(error)) if error.is_eof() => Err(Mistake {
            code: UNCLOSED,
            message: "the front matter that begins here never ends: its last \"}\" is missing"
                .to_owned(),
            help: "close it with \"}\" before the text".to_owned(),
            offset: start,
        }),
        Some(Err(error)) => Err(json_mistake(&error, text, start)),
        None => Ok(None),
    }
}

fn json_mistake(error: &serde_json::Error, text: &str, start: usize) -> Mistake {
    let offset = start + offset_of(&text[start..], error.line(), error.column());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    invalid(Syntax::Json, message, offset)
}

/// Reads a front matter: a map, or what is wrong in it.
pub(super) fn parse(text: &str, head: &Head) -> Result<Vec<(String, Named)>, Mistake> {
    let source = &text[head.range.clone()];
    let start = head.range.start;
    let value = match head.syntax {
        Syntax::Yaml => yaml(source),
        Syntax::Toml => toml::from_str::<Named>(source).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            (error.message().to_owned(), at)
        }),
        Syntax::Json => serde_json::from_str::<Named>(source).map_err(|error| {
            let mistake = json_mistake(&error, source, 0);
            (mistake.message, mistake.offset)
        }),
    };
    match value {
        Ok(Named::Map(map)) if map.len() > NAMES_MAX => {
            Err(invalid(head.syntax, &format!("{} names are too many", map.len()), start))
        }
        Ok(Named::Map(map)) => Ok(map),
        Ok(Named::Null) => Ok(Vec::new()),
        Ok(_) => Err(Mistake {
            code: INVALID,
            message: "the front matter isn't a list of names with their values".to_owned(),
            help: "write one name a line, such as \"title: Fog over the harbour\"".to_owned(),
            offset: start,
        }),
        Err((message, at)) => Err(invalid(head.syntax, &message, start + at)),
    }
}

fn invalid(syntax: Syntax, message: &str, offset: usize) -> Mistake {
    let message = message.lines().next().unwrap_or_default().trim_end_matches('.');
    Mistake {
        code: INVALID,
        message: format!("the front matter isn't sound {}: {message}", syntax.name()),
        help: match syntax {
            Syntax::Yaml => {
                "quote a value that holds \": \", \" #\" or begins with a sign, and indent with spaces"
            }
            Syntax::Toml => "texts stand in quotes, and each name once",
            Syntax::Json => "names and texts stand in double quotes, with commas between",
        }
        .to_owned(),
        offset,
    }
}

/// YAML as people mean it: `no` and `on` are words, `010` and `1_000` aren't other numbers.
fn yaml(source: &str) -> Result<Named, (String, usize)> {
    if source.trim().is_empty() {
        return Ok(Named::Null);
    }
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_nodes: YAML_NODES_MAX,
            max_aliases: YAML_ALIASES_MAX,
            max_depth: YAML_DEPTH_MAX
        }
    };
    serde_saphyr::from_str_with_options::<Named>(source, options).map_err(|error| {
        let error = error.without_snippet();
        let at = error.location().map_or(0, |location| {
            offset_of(source, to_usize(location.line()), to_usize(location.column()))
        });
        let message = error.to_string();
        // The sentence ends with its place, which ours tells in its own way.
        let message = message.split(" at line ").next().unwrap_or_default();
        let message = match message.strip_prefix("error: ").unwrap_or(message) {
            budget if budget.starts_with("budget") => "it holds more than an article can name",
            message => message,
        };
        let message = message.to_owned();
        (message, at)
    })
}

fn to_usize(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// The byte at a line and a column, both from 1; columns count characters.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for (n, whole) in text.split_inclusive('\n').enumerate() {
        if n + 1 == line {
            let within = whole.char_indices().nth(column.saturating_sub(1));
            return start + within.map_or(whole.trim_end_matches('\n').len(), |(at, _)| at);
        }
        start += whole.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, Named)>, Mistake> {
        parse(text, &find(text)?.expect("front matter"))
    }

    #[test]
    fn the_three_syntaxes_are_one() {
        let expected = vec![
            ("title".to_owned(), Named::Text("Fog".to_owned())),
            ("weight".to_owned(), Named::Integer(3)),
        ];
        for text in [
            "---\ntitle: Fog\nweight: 3\n---\nx",
            "---\ntitle: Fog\nweight: 3\n...\nx",
            "+++\ntitle = 'Fog'\nweight = 3\n+++\nx",
            "---toml\ntitle = 'Fog'\nweight = 3\n---\nx",
            "{\"title\": \"Fog\",\n\"weight\": 3}\nx",
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected.as_slice()), "{text}");
            assert_eq!(&text[find(text).unwrap().unwrap().body..], "x");
        }
    }

    #[test]
    fn yaml_is_read_as_people_mean_it() {
        let text =
            "---\na: no\nb: [on, off]\nc: 010\nd: 12:30\ne: 2024-02-18\nf: 1_000\ng: ~\n---\n";
        let map = read(text).unwrap();
        let text = |s: &str| Named::Text(s.to_owned());
        let values: Vec<Named> = map.into_iter().map(|(_, v)| v).collect();
        assert_eq!(values[0], text("no"));
        assert_eq!(values[1], Named::List(vec![text("on"), text("off")]));
        assert_eq!(values[2..6], [text("010"), text("12:30"), text("2024-02-18"), text("1_000")]);
        assert_eq!(values[6], Named::Null);
    }

    #[test]
    fn dates_of_toml_are_texts() {
        let map = read("+++\na = 2024-02-18\nb = 2024-02-18T12:05:00+04:00\n+++\n").unwrap();
        assert_eq!(map[0].1, Named::Text("2024-02-18".to_owned()));
        assert_eq!(map[1].1, Named::Text("2024-02-18T12:05:00+04:00".to_owned()));
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, code, line) in [
            ("---\ntitle: x\n", UNCLOSED, 1),
            ("{\"title\": \"x\",\n", UNCLOSED, 1),
            ("---\ntitle: x\nb: a: c\n---\n", INVALID, 3),
            ("+++\ntitle = 'x'\nb = \n+++\n", INVALID, 3),
            ("{\"title\": \"x\",\n \"b\": oh}\n", INVALID, 2),
            ("---\n- a\n- b\n---\n", INVALID, 2),
            ("---js\n{}\n---\n", INVALID, 1),
        ] {
            let mistake = read(text).unwrap_err();
            assert_eq!(mistake.code, code, "{text}");
            let place = crate::problem::Place::in_text("x", text, mistake.offset);
            assert_eq!(place.line, line, "{text}: {mistake:?}");
        }
    }

    #[test]
    fn what_only_looks_like_front_matter_is_text() {
        for text in ["", "x\n---\n", "{{< figure >}}", "{% raw %}", "{", "----\n", "  ---\n"] {
            assert_eq!(find(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn alias_bombs_are_refused() {
        let mut text = "---\na: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, last) in
            ["b", "c", "d", "e", "f", "g"].iter().zip(["a", "b", "c", "d", "e", "f"])
        {
            let ten = vec![format!("*{last}"); 10].join(",");
            text.push_str(&format!("{name}: &{name} [{ten}]\n"));
        }
        text.push_str("---\n");
        assert_eq!(read(&text).unwrap_err().code, INVALID);
    }
}
