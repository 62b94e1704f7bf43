//! `${NAME}` in the strings of `feeds.toml`: secrets and what differs between machines stay out of
//! the file. Only parsed strings are filled in, never the text, so a variable can't add a key.

use super::codes;
use super::text::Wrong;

/// Fills `${NAME}` in; `$${` stands for `${` itself.
pub(super) fn variables(
    written: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Wrong> {
    let mut filled = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        filled.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        let Some(end) = rest.find('}') else {
            return Err(Wrong::new(
                codes::VARIABLE,
                "begins a variable and doesn't end it",
                "write `${NAME}`, or `$${` for these two characters themselves",
            ));
        };
        let name = &rest[..end];
        rest = &rest[end + 1..];
        if !is_name(name) {
            return Err(Wrong::new(
                codes::VARIABLE,
                "holds a variable whose name can't be one",
                "a variable's name has letters, digits and `_`: `${DESK_DATABASE_URL}`",
            ));
        }
        match env(name) {
            Some(value) => filled.push_str(&value),
            None => {
                return Err(Wrong::new(
                    codes::VARIABLE,
                    format!("needs the environment variable `{name}`, which isn't set"),
                    format!("set it, as in `{name}=… feedwright check`"),
                ));
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn variables_are_filled_in_once() {
        let env = |name: &str| (name == "A").then(|| "${B}".to_owned());
        for (written, filled) in
            [("", ""), ("x${A}y${A}", "x${B}y${B}"), ("$${A}", "${A}"), ("$A {A}", "$A {A}")]
        {
            assert_eq!(variables(written, &env).as_deref(), Ok(filled));
        }
        for wrong in ["${", "${A", "${}", "${ A }", "${B}", "${1}"] {
            assert!(variables(wrong, &env).is_err(), "{wrong}");
        }
    }
}
