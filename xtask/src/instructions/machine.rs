//! What counts depend on beside the program.

use std::{env, ffi::OsString, process::Command};

use crate::command::output;

/// The compiler, the C library, valgrind and the processor, in one line. Counts made under two names do not compare.
///
/// # Errors
/// If one of them does not tell its version.
pub(super) fn name() -> Result<String, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let rustc = first_line(Command::new(rustc).arg("--version"))?;
    // The rest of the line is a commit and a date.
    let rustc = rustc.split(" (").next().unwrap_or(&rustc);
    let libc = first_line(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let valgrind = first_line(Command::new("valgrind").arg("--version"))?.replace('-', " ");
    Ok(format!("{rustc}, {libc}, {valgrind}, {}", processor()))
}

fn first_line(command: &mut Command) -> Result<String, String> {
    let text = output(command)?;
    Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned())
}

/// Valgrind shows the program one processor of each kind, whatever the real one is: with AVX2 or without, never with
/// AVX-512.
fn processor() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "x86_64 with AVX2";
    }
    env::consts::ARCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_name() {
        assert!(processor().starts_with(env::consts::ARCH));
    }
}
