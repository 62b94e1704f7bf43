//! Whether one folder lies in another, by their paths alone: no file is looked at, links are not
//! resolved, and where a path begins is not known.

use std::path::{Component, Path, PathBuf};

/// How a folder lies in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Within {
    /// It doesn't, as far as the paths say.
    No,
    /// It is that folder.
    Same,
    /// At this path below it.
    Below(PathBuf),
    /// Below it, by folders whose names the paths don't say.
    Somewhere,
}

/// How `inner` lies in `outer`.
pub(super) fn within(inner: &Path, outer: &Path) -> Within {
    let (inner, outer) = (Plain::of(inner), Plain::of(outer));
    if outer.ups > inner.ups && !outer.rest.has_root() && !inner.rest.has_root() {
        return if outer.rest.as_os_str().is_empty() { Within::Somewhere } else { Within::No };
    }
    match inner.rest.strip_prefix(&outer.rest) {
        Ok(_) if inner.ups != outer.ups => Within::No,
        Ok(below) if below.as_os_str().is_empty() => Within::Same,
        Ok(below) if below.has_root() => Within::No,
        Ok(below) => Within::Below(below.to_owned()),
        Err(_) => Within::No,
    }
}

/// A path without `.` and `..`.
struct Plain {
    /// So many folders above where it begins …
    ups: usize,
    /// … and from there.
    rest: PathBuf,
}

impl Plain {
    fn of(path: &Path) -> Plain {
        let mut plain = Plain { ups: 0, rest: PathBuf::new() };
        for part in path.components() {
            match part {
                Component::CurDir => {}
                // Above the root is the root.
                Component::ParentDir if plain.rest.parent().is_none() && plain.rest.has_root() => {}
                Component::ParentDir => plain.ups += usize::from(!plain.rest.pop()),
                part => plain.rest.push(part),
            }
        }
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_lies_in_what() {
        let below = |path: &str| Within::Below(PathBuf::from(path));
        for (inner, outer, expected) in [
            ("public", "content", Within::No),
            ("public", ".", below("public")),
            ("./a/../public", "", below("public")),
            ("a/b/c", "a/./b", below("c")),
            ("a/b", "a/b/", Within::Same),
            ("a", "a/b", Within::No),
            ("public", "..", Within::Somewhere),
            ("../public", "..", below("public")),
            ("../public", "../..", Within::Somewhere),
            ("../public", "../content", Within::No),
            ("public", "../content", Within::No),
            ("..", ".", Within::No),
            ("../public", "public", Within::No),
            ("/srv/a", "/srv", below("a")),
            ("/srv/../a", "/srv", Within::No),
            ("/../a", "/", below("a")),
            ("/srv/a", ".", Within::No),
            ("a", "/srv", Within::No),
            ("ab", "a", Within::No),
        ] {
            assert_eq!(within(Path::new(inner), Path::new(outer)), expected, "{inner} in {outer}");
        }
    }
}
