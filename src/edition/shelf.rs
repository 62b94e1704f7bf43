//! The shelf: published editions, ready to be served.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{Coding, Validators};
use crate::feed::address::Address;

/// Published editions by address. Immutable: a new state of the tree is a new shelf.
#[derive(Debug, Default)]
pub struct Shelf {
    /// What stands where.
    pub items: HashMap<Address, Arc<Shelved>>,
}

/// One published edition.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// Where it stands.
    pub address: Address,
    /// Its validators.
    pub validators: Validators,
    /// Bytes by coding, identity among them.
    pub bodies: Vec<(Coding, Bytes)>,
    /// The value of `Link` (RFC 8288), where there is one.
    pub link: Option<String>,
}
