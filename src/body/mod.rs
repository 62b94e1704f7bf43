//! A stored body made fit for readers: sanitised as a browser would parse it, every URL absolute,
//! nothing executable, nothing that asks the reader for more than it gave. Pure, and the same on
//! any machine.
