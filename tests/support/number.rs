//! DESIGN decision 1: where the same input now means other output, the constant that stands for that
//! is raised. A file beside the golden cases keeps what each case made of its input, under which
//! number.

use std::fs;
use std::path::Path;

use feedwright::article::ContentHash;

/// Holds a constant to its cases: name, input and output of each. `UPDATE=1` writes the file anew,
/// except where the number stayed and an output didn't.
pub(crate) fn stands_for(kept_in: &Path, number: u32, cases: &[(String, Vec<u8>, Vec<u8>)]) {
    let mut made = format!("{number}\n");
    for (name, input, output) in cases {
        made += &format!("{name} {} {}\n", ContentHash::of(input), ContentHash::of(output));
    }
    let kept = fs::read_to_string(kept_in).unwrap_or_default();
    if kept.lines().next() == made.lines().next() {
        for line in kept.lines().skip(1) {
            let (input, output) = line.rsplit_once(' ').unwrap();
            let now = made.lines().find_map(|l| l.strip_prefix(input)).map(str::trim);
            assert!(
                now.is_none_or(|now| now == output),
                "{input} makes another output: raise the constant, with a line in CHANGELOG. (While \
                 this number is unreleased: delete {}.)",
                kept_in.display()
            );
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(kept_in, made).unwrap();
    } else {
        assert_eq!(made, kept, "UPDATE=1 writes {} anew", kept_in.display());
    }
}
