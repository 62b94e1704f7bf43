//! How names become slugs. Slugs are part of addresses and of derived ids, so under `feeds.lock 1`
//! nothing here ever changes.

use unicode_normalization::UnicodeNormalization;

/// Names that begin addresses of their own, so that neither a declared feed nor a section can have
/// them.
pub const RESERVED_NAMES: [&str; 6] = ["tag", "author", "series", "archive", "p", "hub"];

/// The slug of a name: NFC, lower case, letters and digits of every script, all else `-`, none at
/// either end. Empty where the name has neither letter nor digit.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    let mut gap = false;
    // Lower-casing can decompose (İ → i + U+0307), so compose again after it.
    for c in name.nfc().flat_map(char::to_lowercase).collect::<String>().nfc() {
        if c.is_alphanumeric() || is_mark(c) && !slug.is_empty() && !gap {
            if gap && !slug.is_empty() {
                slug.push('-');
            }
            gap = false;
            slug.push(c);
        } else if !is_ignorable(c) {
            gap = true;
        }
    }
    slug
}

/// Marks that belong to the letter before them: without the vowel signs of Indic scripts or the
/// points of Hebrew and Arabic a word would fall apart.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Joiners and soft hyphens stand inside words and show nothing.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{00ad}')
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_become_slugs() {
        for (name, expected) in [
            ("World", "world"),
            ("  Arts & Culture! ", "arts-culture"),
            ("Türkiye", "türkiye"),
            ("I\u{307}stanbul", "i\u{307}stanbul"),
            ("Мир 2024", "мир-2024"),
            ("العالم", "العالم"),
            ("हिन्दी", "हिन्दी"),
            ("Reader\u{2019}s letters", "reader-s-letters"),
            ("C++", "c"),
            ("—", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
