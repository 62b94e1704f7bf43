//! Documents as rows of a database.
