//! What the fuzz target and its seeds have in common: specs, and how an input chooses a message.

use std::path::{Path, PathBuf};

use genl_user::dynamic::genl_schema;
use genl_user::dynamic::genl_schema::model::{Family, Message};

/// An input's first bytes: which spec, and which of its messages.
pub const CHOICE: usize = 3;

/// The specs that ship, the one of the codec's tests, and with `$GENL_KERNEL_SOURCE` the kernel
/// tree's; always in the same order.
pub fn families() -> Vec<Family> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![
        root.join("../tests/dynamic"),
        root.join("../../schema/families"),
    ];
    if let Some(kernel) = std::env::var_os("GENL_KERNEL_SOURCE") {
        folders.push(PathBuf::from(kernel).join("Documentation/netlink/specs"));
    }
    folders.iter().flat_map(|folder| read(folder)).collect()
}

/// The message that an input chooses, and the bytes that are left for it.
pub fn choose<'f, 'b>(
    families: &'f [Family],
    input: &'b [u8],
) -> Option<(&'f Family, &'f Message, &'b [u8])> {
    let (&[spec, low, high], bytes) = input.split_first_chunk::<CHOICE>()?;
    let family = &families[usize::from(spec) % families.len()];
    let message = usize::from(u16::from_le_bytes([low, high])) % family.messages.len();
    Some((family, &family.messages[message], bytes))
}

fn read(folder: &Path) -> Vec<Family> {
    let entries = std::fs::read_dir(folder).expect("a folder of specs");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect();
    files.sort();
    // Those that are no generic netlink are refused.
    let texts = files.iter().map(std::fs::read_to_string);
    let texts = texts.map(|text| text.expect("a text"));
    texts
        .filter_map(|text| genl_schema::compile("fuzz.yaml", &text).ok())
        .collect()
}
