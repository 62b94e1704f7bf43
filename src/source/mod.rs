//! Where documents are: a directory is walked, a database is queried. Known stamps come in,
//! documents that changed go out, in one order; what was found wrong goes beside. How a document is
//! read is [`document`](crate::document)'s.

pub mod database;
pub mod directory;
