//! Draws pictures, writes them in every format, and runs the program on them: what the tests share.
//!
//! Only tests use this crate; nothing of it is in the program.
