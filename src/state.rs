//! The state folder, `.feedwright/`: the names in it, its version, and the exclusive right to a run
//! in it, which is called its turn.
