//! The `pixtwin` program.
fn main() {}
