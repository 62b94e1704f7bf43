//! Parts of a file that lies elsewhere, read as if all of it were here. Whoever reads beyond them fails,
//! and the place is noted, so that it can be got and read once more. Pure.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

/// A file of which some blocks are here.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    total: u64,
    /// By where they begin.
    blocks: BTreeMap<u64, Vec<u8>>,
    at: u64,
    /// The first place that was asked for and isn't here.
    missing: Cell<Option<u64>>,
}

impl Blocks {
    /// A file of so many bytes, of which none is here.
    pub(super) fn of(total: u64) -> Blocks {
        Blocks { total, ..Blocks::default() }
    }

    /// Adds what stands at a place.
    pub(super) fn put(&mut self, at: u64, block: Vec<u8>) {
        self.blocks.insert(at, block);
        self.missing.set(None);
        self.at = 0;
    }

    /// Where reading failed since something was added.
    pub(super) fn missing(&self) -> Option<u64> {
        self.missing.get()
    }
}

impl Read for Blocks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.total || into.is_empty() {
            return Ok(0);
        }
        let before = self.blocks.range(..=self.at).next_back();
        let here = before.and_then(|(begin, block)| {
            let rest = block.get(usize::try_from(self.at - begin).ok()?..)?;
            Some(rest).filter(|rest| !rest.is_empty())
        });
        let Some(rest) = here else {
            if self.missing.get().is_none() {
                self.missing.set(Some(self.at));
            }
            return Err(io::Error::other("this part of the file isn't here"));
        };
        let left = usize::try_from(self.total - self.at).unwrap_or(usize::MAX);
        let count = rest.len().min(into.len()).min(left);
        into[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Blocks {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.total.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_is_read_and_the_first_gap_is_told() {
        let mut file = Blocks::of(10);
        file.put(0, vec![0, 1, 2]);
        let mut all = Vec::new();
        assert!(file.read_to_end(&mut all).is_err());
        assert_eq!((all.as_slice(), file.missing()), (&[0, 1, 2][..], Some(3)));
        file.seek(SeekFrom::End(-1)).unwrap();
        assert!(file.read(&mut [0; 4]).is_err());
        assert_eq!(file.missing(), Some(3), "the first");
        // A block may be longer than the file is said to be.
        file.put(3, vec![3; 20]);
        assert_eq!((file.missing(), file.at), (None, 0));
        all.clear();
        assert_eq!(file.read_to_end(&mut all).unwrap(), 10);
        assert_eq!(file.seek(SeekFrom::Start(99)).unwrap(), 99);
        assert_eq!(file.read(&mut [0; 4]).unwrap(), 0);
        assert!(file.seek(SeekFrom::Current(-100)).is_err());
    }
}
