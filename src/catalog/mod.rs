//! The last good version of every article, body included.
