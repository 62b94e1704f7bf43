//! One feed becomes one edition: select, finish bodies, render, verify, encode.
