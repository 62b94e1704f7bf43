//! Documents as files below a directory.
