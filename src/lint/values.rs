//! What stands in an element or an attribute: numbers, words of a list, languages, e-mail addresses,
//! lengths. Dates, URLs, HTML and plain text have modules of their own.

use roxmltree::Node;

use super::elements::Home;
use super::sheet::{Sheet, quote};
use super::{Rule, dates, error, html, plain, urls, warning};
use crate::problem::Code;

const POSITIVE: Rule =
    error(Code::new("feed-invalid-positive-integer"), "write a whole number from 1, in digits");
const NON_NEGATIVE: Rule =
    error(Code::new("feed-invalid-non-negative-integer"), "write a whole number from 0, in digits");
const FLOAT: Rule = error(Code::new("feed-invalid-float"), "write a number, such as 44.1");
const LANGUAGE: Rule = error(
    Code::new("feed-invalid-language"),
    "write a tag of RFC 5646, such as `en`, `az` or `pt-BR`",
);
const CONTACT: Rule =
    error(Code::new("feed-invalid-contact"), "write an e-mail address: `desk@gazette.example`");
const REAL_NAME: Rule = warning(
    Code::new("feed-missing-real-name"),
    "add the name in brackets: `desk@gazette.example (The Desk)`",
);
const EMAIL_FORMAT: Rule = warning(
    Code::new("feed-email-format"),
    "write the address first and the name in brackets: `desk@gazette.example (The Desk)`",
);
const TRUE_FALSE: Rule = error(
    Code::new("feed-invalid-true-false"),
    "write `true` or `false`; `yes` and `clean` are gone",
);
const YES_NO: Rule = error(Code::new("feed-invalid-yes-no"), "write `yes` or `no`");
const DURATION: Rule = error(
    Code::new("feed-invalid-duration"),
    "write whole seconds, `1965`, or hours, minutes and seconds, `0:32:45`",
);
const TOO_LONG: Rule =
    error(Code::new("feed-too-long"), "shorten it; directories cut it, or refuse");
const KEYWORDS: Rule = warning(Code::new("feed-invalid-keywords"), "put commas between keywords");
const INTEGERS: Rule = error(
    Code::new("feed-invalid-comma-separated-integers"),
    "write whole numbers with commas between them",
);
pub(super) const MIME: Rule =
    error(Code::new("feed-invalid-mime-type"), "write a media type: `audio/mpeg`");

/// What a value has to be.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// Text, whatever it says.
    Text,
    /// Anything, elements too.
    Eaten,
    /// Elements, which a table of their own checks.
    Within,
    /// Text that holds no HTML.
    Plain,
    /// The same, of at most so many characters.
    PlainUpTo(usize),
    /// HTML, escaped.
    Html,
    /// An absolute URL.
    Url,
    /// A URL that may be relative.
    Reference,
    /// An absolute http or https URL with a host.
    Http,
    /// RFC 822 with a four-digit year.
    Rfc822,
    /// RFC 3339.
    Rfc3339,
    /// W3C date-time, of any precision.
    W3cdtf,
    Language,
    Positive,
    NonNegative,
    Float,
    Email,
    /// The same, without a name.
    AddrSpec,
    EmailWithName,
    TrueFalse,
    YesNo,
    Duration,
    Keywords,
    Integers,
    Mime,
    /// One of these; else the rule.
    OneOf(&'static [&'static str], fn() -> Rule),
}

/// Checks an element's text.
pub(super) fn check(
    sheet: &mut Sheet<'_>,
    value: Value,
    called: &str,
    text: &str,
    node: Node<'_, '_>,
    home: Home,
) {
    match value {
        Value::Plain => plain::check(sheet, called, text, node, home),
        Value::PlainUpTo(most) => {
            up_to(sheet, called, text, node, most);
            plain::check(sheet, called, text, node, home);
        }
        Value::Html => html::check(sheet, text, node.range()),
        _ => check_attribute(sheet, value, called, text, node),
    }
}

/// Tells that a text is too long, in characters.
pub(super) fn up_to(
    sheet: &mut Sheet<'_>,
    called: &str,
    text: &str,
    node: Node<'_, '_>,
    most: usize,
) {
    let length = text.chars().count();
    if length > most {
        let message = format!("`{called}` has {length} characters, and may have {most}");
        sheet.tell(&TOO_LONG, node.range().start, message);
    }
}

/// Checks an attribute's value, or that of an element which isn't text for people.
pub(super) fn check_attribute(
    sheet: &mut Sheet<'_>,
    value: Value,
    called: &str,
    text: &str,
    node: Node<'_, '_>,
) {
    let at = node.range().start;
    let mut wrong = |rule: &Rule, what: &str| {
        sheet.tell_value(rule, at, text, format!("`{called}` is {}, {what}", quote(text)));
    };
    match value {
        Value::Positive if !is_integer(text) || text.parse() == Ok(0_u64) => {
            wrong(&POSITIVE, "and not a positive whole number");
        }
        Value::NonNegative if !is_integer(text) => wrong(&NON_NEGATIVE, "and not a whole number"),
        Value::Float if !is_float(text) => wrong(&FLOAT, "and not a number"),
        Value::TrueFalse
            if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") =>
        {
            wrong(&TRUE_FALSE, "and not `true` or `false`");
        }
        Value::YesNo
            if !["yes", "no", "clean"].iter().any(|known| text.eq_ignore_ascii_case(known)) =>
        {
            wrong(&YES_NO, "and not `yes` or `no`");
        }
        Value::Duration if !is_duration(text) => wrong(&DURATION, "and not a duration"),
        Value::Keywords if text.chars().count() > 255 => up_to(sheet, called, text, node, 255),
        Value::Keywords if text.contains(' ') && !text.contains(',') => {
            wrong(&KEYWORDS, "which has no commas");
        }
        Value::Integers if !text.split(',').all(|n| is_integer(n.trim_start())) => {
            wrong(&INTEGERS, "and not a list of numbers");
        }
        Value::Mime => media_type(sheet, called, text, at),
        Value::Language => language(sheet, called, text, at),
        Value::Email if !is_email(address(text)) => wrong(&CONTACT, "and not an e-mail address"),
        Value::AddrSpec if !is_email(text) => wrong(&CONTACT, "and not an e-mail address alone"),
        Value::EmailWithName => {
            email_with_name(sheet, called, text, at);
            plain::check(sheet, called, text, node, Home::Rss);
        }
        Value::OneOf(known, rule) => {
            super::elements::one_of(sheet, &rule(), node, called, text, known);
        }
        Value::Url => urls::absolute(sheet, called, text, at),
        Value::Reference => {
            urls::reference(sheet, called, text, at);
        }
        Value::Http => urls::http(sheet, called, text, at),
        Value::Rfc822 => dates::rfc822(sheet, called, text, at),
        Value::Rfc3339 => dates::rfc3339(sheet, called, text, at),
        Value::W3cdtf => dates::w3cdtf(sheet, called, text, at),
        _ => {}
    }
}

/// A language tag (RFC 5646): its shape, and of two letters whether there is such a language.
pub(super) fn language(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    if !is_language(text) {
        let message = format!("`{called}` is {}, and not a language tag", quote(text));
        sheet.tell_value(&LANGUAGE, at, text, message);
    }
}

/// A media type.
pub(super) fn media_type(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    if !is_media_type(text) {
        let message = format!("`{called}` is {}, and not a media type", quote(text));
        sheet.tell_value(&MIME, at, text, message);
    }
}

/// Two-letter codes of ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch \
    co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he \
    hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko \
    kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl \
    nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn \
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh \
    yi yo za zh zu";

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default().to_ascii_lowercase();
    let known = match first.len() {
        2 => LANGUAGES.split_ascii_whitespace().any(|known| known == first),
        3 => first.bytes().all(|b| b.is_ascii_alphabetic()),
        1 => matches!(first.as_str(), "x" | "i") && tag.contains('-'),
        _ => false,
    };
    known
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn email_with_name(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    let bare = text.strip_prefix("mailto:").map(|rest| {
        let address = rest.split('?').next().unwrap_or_default();
        percent_encoding::percent_decode_str(address).decode_utf8_lossy().into_owned()
    });
    let text = bare.as_deref().unwrap_or(text);
    let is = |what: &str| format!("`{called}` is {}, {what}", quote(text));
    if text.find('@').is_some_and(|at| at > 0) && !text.ends_with(')') {
        if text.contains(' ') {
            sheet.tell_value(&EMAIL_FORMAT, at, text, is("which isn't `ADDRESS (NAME)`"));
        } else {
            sheet.tell_value(&REAL_NAME, at, text, is("without a name"));
        }
    } else if !is_email(address(text)) {
        sheet.tell_value(&CONTACT, at, text, is("and not an e-mail address"));
    }
}

/// The address in `ADDRESS (NAME)` and `NAME <ADDRESS>`.
fn address(text: &str) -> &str {
    if let Some((_, rest)) = text.split_once('<') {
        return rest.split('>').next().unwrap_or_default().trim();
    }
    text.split('(').next().unwrap_or_default().trim()
}

/// Whether this is an e-mail address (RFC 5322, addr-spec, as far as it occurs).
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = |c: char| c.is_alphanumeric() || "_-+.'!#$%&*/=?^`{|}~".contains(c);
    let labels: Vec<&str> = domain.split('.').collect();
    !local.is_empty()
        && local.chars().all(is_local)
        && labels.len() > 1
        && labels.iter().all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

pub(super) fn is_integer(text: &str) -> bool {
    !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_float(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// `SECONDS`, `MINUTES:SECONDS` or `HOURS:MINUTES:SECONDS`.
fn is_duration(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let short = |p: &str| p.len() == 2 && p.starts_with(|c: char| ('0'..='5').contains(&c));
    parts.len() <= 3
        && parts.iter().all(|p| is_integer(p))
        && parts.iter().skip(1).all(|p| short(p))
}

/// Whether this is a media type, parameters included.
pub(super) fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let is_token = |t: &str| {
        !t.is_empty() && t.chars().all(|c| !c.is_whitespace() && !"()<>,;:\\\"/[]?=".contains(c))
    };
    essence.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
}
