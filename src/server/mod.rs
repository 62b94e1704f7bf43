//! A request and a shelf become a response.
