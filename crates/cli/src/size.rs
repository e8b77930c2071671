//! Sizes as people write them and read them.

pub(crate) use pixtwin_planning::size::{count, counted, shown};

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
}
