//! Measures the program's units of work in time (`cargo bench`).

fn main() {
    divan::main();
}
