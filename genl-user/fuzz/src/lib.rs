//! What the fuzz targets and their seeds have in common: specs, types, and how an input chooses a message.
//!
//! To run a target, in genl-user/fuzz, with a nightly toolchain, or `RUSTC_BOOTSTRAP=1` and a stable one:
//!
//! ```text
//! RUSTFLAGS="--cfg fuzzing" cargo run --bin seed -- corpus
//! cargo fuzz run --features fuzzing message
//! ```
//!
//! | target | what it is given |
//! |---|---|
//! | `decode` | a message of any spec, to be read at run time; of the kernel tree's too with `GENL_KERNEL_SOURCE` |
//! | `message` | a datagram with messages for the generated clients |
//! | `extended_ack` | the end of an exchange, and the request that it is about |
//! | `dump` | the datagrams that answer a dump |
//! | `events` | the datagrams that come to who listens |

pub mod datagrams;
#[expect(dead_code, reason = "the targets do not call the kernel")]
#[path = "../../tests/vm/families/mod.rs"]
mod families;
#[path = "../../tests/property/netlink.rs"]
pub mod netlink;
pub mod told;
pub mod typed;

use std::path::{Path, PathBuf};

use genl_user::dynamic::genl_schema;
use genl_user::dynamic::genl_schema::model::{Family, Message};

/// An input's first bytes: which spec, and which of its messages.
pub const CHOICE: usize = 3;

/// The specs that ship, the one of the codec's tests, and with `$GENL_KERNEL_SOURCE` the kernel
/// tree's; always in the same order.
pub fn specs() -> Vec<Family> {
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
    specs: &'f [Family],
    input: &'b [u8],
) -> Option<(&'f Family, &'f Message, &'b [u8])> {
    let (&[spec, low, high], bytes) = input.split_first_chunk::<CHOICE>()?;
    let family = &specs[usize::from(spec) % specs.len()];
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

/// What the spec says of the messages of a generated type.
pub fn message<'f>(specs: &'f [Family], kind: &typed::Kind) -> (&'f Family, &'f Message) {
    let family = specs
        .iter()
        .find(|family| family.name.snake() == kind.family)
        .unwrap_or_else(|| panic!("no spec of {}", kind.family));
    let name = kind.owned.strip_suffix("Owned").expect("an owned type");
    let mut messages = family.messages.iter();
    let message = messages
        .find(|message| message.name.pascal() == name)
        .unwrap_or_else(|| panic!("{} has no {name}", kind.family));
    (family, message)
}
