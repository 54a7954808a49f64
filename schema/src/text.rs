//! From a file's bytes to text, or to what is wrong with the bytes.

use crate::diag::{Code, Diagnostic, Report, Span};

/// The text of a spec's file; `file` is the path that diagnostics show.
///
/// # Errors
///
/// The bytes are not UTF-8: [`Code::NotUtf8`] says what they seem to be instead.
pub fn text(file: &str, bytes: Vec<u8>) -> Result<String, Report> {
    if let Some((text, encoding)) = utf16(&bytes) {
        let message = format!("the file is {encoding}, not UTF-8");
        let help = format!("save it as UTF-8; `iconv -f {encoding} -t UTF-8` converts it");
        let fault = Diagnostic::new(Code::NotUtf8, Span::default(), message).help(help);
        return Err(Report::new(file, &text, vec![fault]));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let byte = error.as_bytes()[good];
        let span = Span {
            start: good,
            end: good + char::REPLACEMENT_CHARACTER.len_utf8(),
        };
        let fault = Diagnostic::new(Code::NotUtf8, span, "the file is not UTF-8")
            .label(format!(
                "byte {byte:#04x}, in Latin-1 `{}`",
                char::from(byte)
            ))
            .help("save it as UTF-8; `iconv -f LATIN1 -t UTF-8` converts Latin-1");
        let text = String::from_utf8_lossy(error.as_bytes());
        Report::new(file, &text, vec![fault])
    })
}

/// UTF-16 as text, and its exact name; ASCII with a zero in every other byte is taken for it, too.
fn utf16(bytes: &[u8]) -> Option<(String, &'static str)> {
    let (little, bytes) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        [1..=255, 0, 1..=255, 0, ..] => (true, bytes),
        [0, 1..=255, 0, 1..=255, ..] => (false, bytes),
        _ => return None,
    };
    let unit = match little {
        true => u16::from_le_bytes,
        false => u16::from_be_bytes,
    };
    let units = bytes.as_chunks().0.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    let order = if little { "UTF-16LE" } else { "UTF-16BE" };
    Some((text, order))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[track_caller]
    fn refused(bytes: &[u8], why: &str, place: &str) {
        let report = text("x.yaml", bytes.to_vec()).unwrap_err();
        let rendered = report.render(false);
        assert!(rendered.contains(why), "{rendered}");
        assert!(rendered.contains(place), "{rendered}");
    }

    #[test]
    fn utf8_is_text() {
        for good in ["", "a", "name: é\n", "\u{feff}name: x\n"] {
            assert_eq!(text("x.yaml", good.into()).as_deref(), Ok(good));
        }
    }

    #[test]
    fn other_encodings_are_named() {
        let spec = "name: demo\ndoc: déjà vu\n";
        let big: Vec<u8> = spec.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = spec.encode_utf16().flat_map(u16::to_le_bytes).collect();
        refused(&big, "UTF-16BE", "1 | name: demo");
        refused(&little, "UTF-16LE", "1 | name: demo");
        refused(
            &[&[0xfe, 0xff], &big[..]].concat(),
            "UTF-16BE",
            "1 | name: demo",
        );
        refused(
            &[&[0xff, 0xfe], &little[..]].concat(),
            "UTF-16LE",
            "1 | name: demo",
        );
        refused(
            b"name: demo\ndoc: d\xe9j\xe0 vu\n",
            "byte 0xe9, in Latin-1 `é`",
            "x.yaml:2:7",
        );
        refused(b"\xe9", "byte 0xe9, in Latin-1 `é`", "x.yaml:1:1");
    }
}
