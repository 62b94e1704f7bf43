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
/// Brotli's largest window of the standard, so that a whole feed is within reach.
const BROTLI_WINDOW_LOG2: i32 = 22;
/// zstd's default.
const ZSTD_LEVEL: i32 = 3;
/// RFC 1952's "unknown", whatever system this is.
const GZIP_OS_UNKNOWN: u8 = 255;

/// Codes an edition.
///
/// # Errors
/// Fails only where a coder does.
pub fn encode(address: Address, identity: Bytes) -> Result<Edition, Error> {
    encode_unless(address, identity, None)
}

/// The same, but bytes that have this hash stand already in all codings, and aren't coded again.
///
/// # Errors
/// Fails only where a coder does.
pub fn encode_unless(
    address: Address,
    identity: Bytes,
    standing: Option<ContentHash>,
) -> Result<Edition, Error> {
    let hash = ContentHash::of(&identity);
    let mut edition = Edition { address, hash, identity, coded: Vec::new() };
    if standing != Some(hash) {
        complete(&mut edition)?;
    }
    Ok(edition)
}

/// Codes an edition that isn't yet.
///
/// # Errors
/// Fails only where a coder does.
pub fn complete(edition: &mut Edition) -> Result<(), Error> {
    let coded = Coding::CODED.par_iter().map(|coding| {
        let failed =
            |reason| Error { address: edition.address.clone(), coding: coding.token(), reason };
        Ok((*coding, code(*coding, &edition.identity).map_err(failed)?))
    });
    edition.coded = coded.collect::<Result<_, Error>>()?;
    Ok(())
}

fn code(coding: Coding, identity: &Bytes) -> std::io::Result<Bytes> {
    Ok(match coding {
        Coding::Identity => identity.clone(),
        Coding::Gzip => gzip(identity)?.into(),
        Coding::Brotli => brotli(identity)?.into(),
        Coding::Zstd => zstd::bulk::compress(identity, ZSTD_LEVEL)?.into(),
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
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW_LOG2,
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
            let edition = encode(Address::Index, sample.clone().into()).unwrap();
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
        let edition = encode(Address::Index, sample.into()).unwrap();
        let hashes: Vec<(&str, String)> =
            edition.coded.iter().map(|(c, b)| (c.tag_suffix(), ContentHash::of(b).hex())).collect();
        assert_eq!(
            hashes,
            [
                ("-gz1", "fbac0c0a2d5ad414f6d7b1db4b5f2fa7".to_owned()),
                ("-br1", "2df64ed9f5dab5cbed0409fbf59bcd15".to_owned()),
                ("-zs1", "142e0bb73d2548a80954bc650a336bce".to_owned()),
            ]
        );
    }

    #[test]
    fn gzip_names_no_time_and_no_system() {
        let edition = encode(Address::Index, Bytes::from_static(b"x")).unwrap();
        assert_eq!(edition.coded[0].1[3..10], [0, 0, 0, 0, 0, 0, 255]);
    }
}
