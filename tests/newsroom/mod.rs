//! Newsrooms as they come: hostile documents, captures of the same page, a desk's database. What is
//! good in them is published, and what isn't is told.

mod captures;
mod database;
mod hostile;
