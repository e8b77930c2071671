//! The compact protocol of Thrift, in which Parquet writes footers and the heads of pages. Every step takes at least one
//! byte, so no input costs more than its length.
//!
//! # Source
//! thrift-compact-protocol.md of Apache Thrift 0.22.

/// How deep things may lie within each other that are passed over.
const MOST_DEPTH: u8 = 16;

/// What breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);

const SHORT: Broken = Broken("it ends within a field");

/// Bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thrift<'a> {
    rest: &'a [u8],
}

/// What a field or an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Byte,
    /// Of 16, 32 or 64 bits.
    Number,
    Double,
    Binary,
    /// Or a set.
    List,
    Structure,
}

impl Kind {
    fn of(nibble: u8) -> Result<Self, Broken> {
        Ok(match nibble {
            1 | 2 => Self::Bool,
            3 => Self::Byte,
            4..=6 => Self::Number,
            7 => Self::Double,
            8 => Self::Binary,
            9 | 10 => Self::List,
            12 => Self::Structure,
            _ => return Err(Broken("it has a field of a type that Parquet does not use")),
        })
    }
}

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// Calls `field` with the number and the kind of every field of a structure; it must read or skip the field.
    pub(super) fn structure(
        &mut self,
        mut field: impl FnMut(&mut Self, i16, Kind) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let mut id: i16 = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            let next = match head >> 4 {
                0 => i16::try_from(self.number()?).ok(),
                step => id.checked_add(i16::from(step)),
            };
            id = next.ok_or(Broken("it has a field of an impossible number"))?;
            field(self, id, Kind::of(head & 15)?)?;
        }
    }

    /// Calls `element` for every element of a list of structures.
    pub(super) fn structures(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let (kind, count) = self.list()?;
        if kind != Kind::Structure && count > 0 {
            return Err(Broken("it has a list of another type"));
        }
        (0..count).try_for_each(|_| element(self))
    }

    /// A number, signs alternating.
    pub(super) fn number(&mut self) -> Result<i64, Broken> {
        let value = self.length()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Bytes behind their length.
    pub(super) fn binary(&mut self) -> Result<&'a [u8], Broken> {
        let len = usize::try_from(self.length()?).map_err(|_| SHORT)?;
        self.take(len)
    }

    /// Passes over a field.
    pub(super) fn skip(&mut self, kind: Kind) -> Result<(), Broken> {
        self.skip_within(kind, MOST_DEPTH)
    }

    fn skip_within(&mut self, kind: Kind, depth: u8) -> Result<(), Broken> {
        let depth = depth.checked_sub(1).ok_or(Broken("it is nested too deeply"))?;
        match kind {
            // Of a field it is said by the kind.
            Kind::Bool => Ok(()),
            Kind::Byte => self.byte().map(drop),
            Kind::Number => self.length().map(drop),
            Kind::Double => self.take(8).map(drop),
            Kind::Binary => self.binary().map(drop),
            Kind::Structure => self.structure(|thrift, _, kind| thrift.skip_within(kind, depth)),
            Kind::List => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| match kind {
                    Kind::Bool => self.byte().map(drop),
                    kind => self.skip_within(kind, depth),
                })
            }
        }
    }

    /// The kind and the number of the elements that follow, each of at least one byte.
    fn list(&mut self) -> Result<(Kind, usize), Broken> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.length()?).unwrap_or(usize::MAX),
            count => usize::from(count),
        };
        if count > self.rest.len() {
            return Err(Broken("it has a list of more elements than bytes"));
        }
        // Some writers give an empty list no kind.
        let kind = if count == 0 { Kind::Byte } else { Kind::of(head & 15)? };
        Ok((kind, count))
    }

    /// A number without a sign, seven bits a byte.
    fn length(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken("it has a number of more than 64 bits"))
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        let (byte, rest) = self.rest.split_first().ok_or(SHORT)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A field with a number, behind its head.
    pub(in crate::table) fn number(head: u8, number: i64) -> Vec<u8> {
        let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
        let mut bytes = vec![head];
        while rest > 0x7f {
            bytes.push(0x80 | rest.to_le_bytes()[0]);
            rest >>= 7;
        }
        bytes.push(rest.to_le_bytes()[0]);
        bytes
    }

    #[test]
    fn fields_are_found_by_their_numbers() {
        // 1: 150, 3: "ab", 20: [true, false], 21: {1: -1}
        let bytes = [0x16, 0xac, 0x02, 0x28, 2, b'a', b'b', 0x09, 40, 0x21, 1, 2, 0x1c, 0x16, 1, 0, 0, 99];
        let mut thrift = Thrift::new(&bytes);
        let mut found = Vec::new();
        let read = thrift.structure(|thrift, id, kind| {
            match (id, kind) {
                (1, Kind::Number) => found.push((id, thrift.number()?.to_string())),
                (3, Kind::Binary) => found.push((id, thrift.binary()?.escape_ascii().to_string())),
                _ => thrift.skip(kind)?,
            }
            Ok(())
        });
        assert_eq!(read, Ok(()));
        assert_eq!(found, [(1, "150".to_owned()), (3, "ab".to_owned())]);
        assert_eq!(thrift.len(), 1, "only what lies behind the structure is left");
    }

    #[test]
    fn no_length_is_believed() {
        let skip = |bytes: &[u8]| Thrift::new(bytes).skip(Kind::Structure);
        assert_eq!(skip(&[0x19, 0xf1, 0xff, 0xff, 0x03, 1]), Err(Broken("it has a list of more elements than bytes")));
        assert_eq!(skip(&[0x18, 0xff, 0xff, 0xff, 0xff, 0x07, 1]), Err(SHORT));
        assert_eq!(skip(&[0x15; 40]), Err(SHORT));
        assert_eq!(skip(&[0x1c; 40]), Err(Broken("it is nested too deeply")));
        assert_eq!(skip(&[&[0x16][..], &[0xff; 11]].concat()), Err(Broken("it has a number of more than 64 bits")));
    }
}
