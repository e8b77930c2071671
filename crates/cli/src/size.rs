//! Sizes as people write them and read them.

/// Parses `4096`, `10k`, `1.5M`, `2G`, with or without `B` or `iB`; k, M, G, T are powers of 1024.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_end_matches("iB").trim_end_matches('B');
    let shift = match unit {
        "" => 0,
        "k" | "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(format!("`{unit}` is no unit of size: use k, M, G or T")),
    };
    let exact = number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    let bytes = exact.or_else(|| fraction(number, shift));
    bytes.ok_or_else(|| format!("`{text}` is no size: write it like 500k, 100M or 2G"))
}

/// A number with a decimal point, in units of `1 << shift` bytes.
fn fraction(number: &str, shift: u32) -> Option<u64> {
    let (whole, part) = number.split_once('.')?;
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let thousandths: u64 = format!("{whole}{part}").parse().ok()?;
    Some(thousandths.checked_mul(1 << shift)? / scale)
}

/// A number of bytes in at most four digits: `999 B`, `1.5 KiB`, `24 MiB`.
pub(crate) fn shown(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = UNITS.iter();
    let mut name = unit.next().copied().unwrap_or_default();
    while tenths >= 10 * 1024 {
        let Some(next) = unit.next() else { break };
        (tenths, name) = (tenths / 1024, next);
    }
    if tenths < 100 { format!("{}.{} {name}", tenths / 10, tenths % 10) } else { format!("{} {name}", tenths / 10) }
}

/// A count with its thousands set apart: `93,878`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A count and the noun it counts: `1 file`, `2 files`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [("0", 0), ("4096", 4096), ("10k", 10_240), ("1.5M", 1_572_864), ("2GiB", 2 << 30)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "-1", "1x", "1.2.3k", "99999999999G", "."] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown() {
        let expected = [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (10_239, "9.9 KiB"), (u64::MAX, "16383 PiB")];
        for (bytes, text) in expected {
            assert_eq!(shown(bytes), text);
        }
        assert_eq!((count(7), count(1234), count(93_878_000)), ("7".into(), "1,234".into(), "93,878,000".into()));
        assert_eq!((counted(1, "file"), counted(2, "file")), ("1 file".into(), "2 files".into()));
    }
}
