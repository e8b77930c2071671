//! What is written is read back, in every form, whatever the texts hold; and a file that was cut says so.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs::File,
    io::{self, Seek, Write},
};

use pixtwin_export::{Entry, Error, Form, MOST_PATH_BYTES, MOST_TEXT_BYTES, Reader, Writer};
use proptest::{collection::vec, option, prelude::*};

fn written(form: Form, entries: &[Entry]) -> Vec<u8> {
    let mut writer = Writer::new(form, Vec::new()).unwrap();
    entries.iter().for_each(|entry| writer.write(entry).unwrap());
    writer.finish().unwrap()
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

/// The entries, and what ended them.
fn read(bytes: &[u8]) -> (Vec<Entry>, Option<Error>) {
    let mut reader = match Reader::open(file_of(bytes)) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut entries = Vec::new();
    for entry in &mut reader {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                assert!(reader.next().is_none(), "there is something behind an error");
                return (entries, Some(error));
            }
        }
    }
    (entries, None)
}

/// Texts that are hard on quotes, lines and terminals.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-zA-Z0-9 ]{0,12}",
        "[\",'\\\\\n\r\t\u{1b}\u{0}\u{7f}\u{202e}\u{feff}é日 ;=]{0,12}",
        any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        text().prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40),
        text().prop_map(|text| ["/a/", &text, "\u{1b}[31m\n\".png"].concat().into_bytes()),
    ]
}

prop_compose! {
    fn entry()(
        (rules, host, volume, format) in (text(), option::of(text()), text(), text()),
        path in path(),
        (size, inode, modified_ns, changed_ns) in (any::<u64>(), any::<u64>(), any::<i64>(), any::<i64>()),
        (width, height, frames) in (any::<u32>(), any::<u32>(), option::of(any::<u32>())),
        ([digest, payload, blake3, pdq], first_rows) in any::<([Option<[u8; 32]>; 4], Option<[u8; 8]>)>(),
        pdq_quality in option::of(any::<u32>()),
    ) -> Entry {
        Entry {
            rules, host, volume, path, size, modified_ns, changed_ns, inode, format, width, height, frames, digest,
            payload, blake3, first_rows, pdq, pdq_quality,
        }
    }
}

proptest! {
    #[test]
    fn every_entry_comes_back(entries in vec(entry(), 0..20)) {
        for form in Form::ALL {
            let (back, error) = read(&written(form, &entries));
            prop_assert!(error.is_none(), "{:?}: {:?}", form, error);
            prop_assert_eq!(&back, &entries, "{:?}", form);
        }
    }
}

fn three() -> Vec<Entry> {
    let entry = |number: u8| Entry {
        rules: "pixtwin pixels 1".to_owned(),
        path: [b"/a,\"\n\xff", &[number][..]].concat(),
        format: "P\n\"NG".to_owned(),
        digest: Some([number; 32]),
        first_rows: Some([number; 8]),
        pdq: Some([number; 32]),
        pdq_quality: Some(100),
        ..Entry::default()
    };
    (0..3).map(entry).collect()
}

#[test]
fn the_form_is_told_by_the_content() {
    for form in Form::ALL {
        assert_eq!(Reader::open(file_of(&written(form, &three()))).unwrap().form(), form);
    }
}

#[test]
fn a_file_cut_at_any_length_is_known_to_be() {
    for form in Form::ALL {
        let (entries, whole) = (three(), written(form, &three()));
        for len in 0..whole.len() {
            let (back, error) = read(&whole[..len]);
            assert_eq!(back, entries[..back.len()], "{form:?} cut to {len}");
            // Without its last line feed JSON is whole, and CSV between two rows is a shorter CSV.
            let is_known = match form {
                Form::Parquet => true,
                Form::JsonLines => len + 1 < whole.len(),
                Form::Csv => {
                    !whole[..len].ends_with(b"\n") || whole[..len].split(|byte| *byte == b'"').count() % 2 == 0
                }
            };
            assert_eq!(error.is_some(), is_known, "{form:?} cut to {len}: {error:?}");
        }
    }
}

#[test]
fn the_longest_texts_come_back_and_longer_ones_are_refused() {
    let text = |bytes: usize| "\u{1}".repeat(bytes);
    for form in Form::ALL {
        let longest = Entry {
            rules: text(MOST_TEXT_BYTES),
            host: Some(text(MOST_TEXT_BYTES)),
            volume: text(MOST_TEXT_BYTES),
            format: text(MOST_TEXT_BYTES),
            path: text(MOST_PATH_BYTES).into_bytes(),
            ..Entry::default()
        };
        let bytes = Entry { path: vec![0xff; MOST_PATH_BYTES], ..Entry::default() };
        let mut writer = Writer::new(form, Vec::new()).unwrap();
        writer.write(&longest).unwrap();
        let too_long = Entry { path: vec![b'/'; MOST_PATH_BYTES + 1], ..Entry::default() };
        let error = writer.write(&too_long).unwrap_err();
        assert_eq!(error.to_string(), "the path has 65537 bytes, and an export takes 65536");
        let error = writer.write(&Entry { host: Some(text(1025)), ..Entry::default() }).unwrap_err();
        assert_eq!(error.to_string(), "the host has 1025 bytes, and an export takes 1024");
        writer.write(&bytes).unwrap();
        let (back, error) = read(&writer.finish().unwrap());
        assert!(error.is_none(), "{error:?}");
        assert_eq!(back, [longest, bytes], "{form:?}");
    }
}

/// Takes so many bytes, and then no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_is_full_is_never_silent() {
    for form in Form::ALL {
        let entries = three();
        for room in 0..written(form, &entries).len() {
            let result = Writer::new(form, Full(room)).and_then(|mut writer| {
                // A caller that does not look.
                entries.iter().for_each(|entry| drop(writer.write(entry)));
                writer.finish()
            });
            assert!(matches!(result, Err(Error::Io(_))), "{form:?} with room for {room} bytes");
        }
    }
}

#[test]
fn what_is_no_export_is_not_read() {
    for bytes in
        [&b""[..], b"\n", b"\x89PNG\r\n\x1a\n", b"PAR", b"{}", b"{\"type\":\"group\"}\n", b"a,b\n1,2\n", b"\xff\xfe"]
    {
        let (entries, error) = read(bytes);
        assert!(entries.is_empty());
        assert!(matches!(error, Some(Error::NotAnExport(_))), "{error:?}");
    }
}
