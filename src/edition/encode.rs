//! One address's bytes in all codings. The same bytes in give the same bytes out, on any machine
//! and on any day: the coders' settings are fixed, and gzip's header names no time and no system.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use rayon::prelude::*;

use super::{Coding, Edition};
use crate::article::ContentHash;
use crate::feed::address::Address;

/// A coder failed. Memory aside, nothing can cause it.
#[derive(Debug, thiserror::Error)]
#[error("{address} could not be coded as {coding}: {reason}")]
pub struct Error {
    /// What was coded.
    pub address: Address,
    /// The coding's name.
    pub coding: &'static str,
    /// What the coder said.
    #[source]
    pub reason: std::io::Error,
}

/// gzip's default: three quarters of the way to its best for a third of the time.
const GZIP_LEVEL: u32 = 6;
/// Beyond it each percent costs several times the time (brotli 11: thirty times).
const BROTLI_QUALITY: i32 = 5;
/// Brotli's windows; the largest has a whole feed within reach. One beyond the bytes gains nothing,
/// and costs more than coding them.
const BROTLI_WINDOW_LOG2: std::ops::RangeInclusive<u32> = 16..=22;
/// zstd's default.
const ZSTD_LEVEL: i32 = 3;
/// RFC 1952's "unknown", whatever system this is.
const GZIP_OS_UNKNOWN: u8 = 255;

/// An address's bytes, not coded yet.
#[must_use]
pub fn identity(address: Address, identity: Bytes) -> Edition {
    Edition { hash: ContentHash::of(&identity), address, identity, coded: Vec::new() }
}

/// Codes an edition in all codings.
///
/// # Errors
/// Fails only where a coder does.
pub fn complete(edition: &mut Edition) -> Result<(), Error> {
    let coded = Coding::CODED.par_iter().map(|&coding| Ok((coding, coded(edition, coding)?)));
    edition.coded = coded.collect::<Result<_, Error>>()?;
    Ok(())
}

/// An edition's bytes in one coding.
///
/// # Errors
/// Fails only where a coder does.
pub fn coded(edition: &Edition, coding: Coding) -> Result<Bytes, Error> {
    let identity = &edition.identity;
    let coded = match coding {
        Coding::Identity => return Ok(identity.clone()),
        Coding::Gzip => gzip(identity),
        Coding::Brotli => brotli(identity),
        Coding::Zstd => zstd::bulk::compress(identity, ZSTD_LEVEL),
    };
    coded.map(Bytes::from).map_err(|reason| Error {
        address: edition.address.clone(),
        coding: coding.token(),
        reason,
    })
}

fn gzip(identity: &[u8]) -> std::io::Result<Vec<u8>> {
    let out = Vec::with_capacity(identity.len() / 2 + 64);
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(GZIP_OS_UNKNOWN)
        .write(out, Compression::new(GZIP_LEVEL));
    encoder.write_all(identity)?;
    encoder.finish()
}

fn brotli(mut identity: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(identity.len() / 2 + 64);
    // A window is 16 bytes less than its power of two (RFC 7932 §9.1).
    let fit = (identity.len() + 16).next_power_of_two().ilog2();
    let window = fit.clamp(*BROTLI_WINDOW_LOG2.start(), *BROTLI_WINDOW_LOG2.end());
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: window.cast_signed(),
        size_hint: identity.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut identity, &mut out, &params)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn whole(bytes: Bytes) -> Edition {
        let mut edition = identity(Address::Index, bytes);
        complete(&mut edition).unwrap();
        edition
    }

    fn decode(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match coding {
            Coding::Identity => out.extend_from_slice(bytes),
            Coding::Gzip => {
                flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
            }
            Coding::Brotli => {
                brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out).unwrap();
            }
            Coding::Zstd => out = zstd::stream::decode_all(bytes).unwrap(),
        }
        out
    }

    fn samples() -> Vec<Vec<u8>> {
        vec![
            Vec::new(),
            b"x".to_vec(),
            "<item>ä</item>".repeat(20_000).into_bytes(),
            (0..100_000_u32)
                .flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..2].to_vec())
                .collect(),
        ]
    }

    #[test]
    fn what_is_coded_comes_back() {
        for sample in samples() {
            let edition = whole(sample.clone().into());
            assert_eq!(edition.hash, ContentHash::of(&sample));
            assert_eq!(edition.identity, sample);
            assert_eq!(edition.coded.iter().map(|(c, _)| *c).collect::<Vec<_>>(), Coding::CODED);
            for (coding, bytes) in &edition.coded {
                assert_eq!(decode(*coding, bytes), sample, "{}", coding.token());
            }
        }
    }

    /// Coded bytes are published under a tag that names the coder's version. If this fails, the
    /// coder's bytes changed: raise [`Coding::tag_suffix`].
    #[test]
    fn coded_bytes_are_those_that_their_tags_name() {
        let sample = "<item>ä</item>".repeat(2_000);
        let edition = whole(sample.into());
        let hashes: Vec<(&str, String)> =
            edition.coded.iter().map(|(c, b)| (c.tag_suffix(), ContentHash::of(b).hex())).collect();
        assert_eq!(
            hashes,
            [
                ("-gz1", "fbac0c0a2d5ad414f6d7b1db4b5f2fa7".to_owned()),
                ("-br2", "66a81f94637fd8e1b63f1c7b8334111e".to_owned()),
                ("-zs1", "142e0bb73d2548a80954bc650a336bce".to_owned()),
            ]
        );
    }

    #[test]
    fn gzip_names_no_time_and_no_system() {
        let edition = whole(Bytes::from_static(b"x"));
        assert_eq!(edition.coded[0].1[3..10], [0, 0, 0, 0, 0, 0, 255]);
    }
}
