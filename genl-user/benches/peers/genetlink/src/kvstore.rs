//! kvstore, written by hand as genetlink has its users do.

use netlink_packet_core::{
    DecodeError, DefaultNla, Emitable, Nla, NlaBuffer, NlasIterator, Parseable,
    ParseableParametrized, emit_u32, emit_u64, parse_string, parse_u32, parse_u64,
};
use netlink_packet_generic::{GenlFamily, GenlHeader};

const GET: u8 = 1;
const SET: u8 = 2;

#[derive(Debug, Clone)]
pub(crate) struct Store {
    cmd: u8,
    pub(crate) attrs: Vec<Attr>,
}

impl Store {
    pub(crate) fn get(attrs: Vec<Attr>) -> Self {
        Self { cmd: GET, attrs }
    }

    pub(crate) fn set(attrs: Vec<Attr>) -> Self {
        Self { cmd: SET, attrs }
    }
}

impl GenlFamily for Store {
    fn family_name() -> &'static str {
        "kvstore"
    }

    fn command(&self) -> u8 {
        self.cmd
    }

    fn version(&self) -> u8 {
        1
    }
}

impl Emitable for Store {
    fn emit(&self, buffer: &mut [u8]) {
        self.attrs.as_slice().emit(buffer);
    }

    fn buffer_len(&self) -> usize {
        self.attrs.as_slice().buffer_len()
    }
}

impl ParseableParametrized<[u8], GenlHeader> for Store {
    fn parse_with_param(buf: &[u8], header: GenlHeader) -> Result<Self, DecodeError> {
        Ok(Self {
            cmd: header.cmd,
            attrs: attrs(buf)?,
        })
    }
}

fn attrs<T: for<'a> Parseable<NlaBuffer<&'a [u8]>>>(bytes: &[u8]) -> Result<Vec<T>, DecodeError> {
    NlasIterator::new(bytes)
        .map(|nla| T::parse(&nla?))
        .collect()
}

#[derive(Debug, Clone)]
pub(crate) enum Attr {
    Key(String),
    Value(Vec<u8>),
    Revision(u64),
    Flags(u32),
    Meta(Vec<MetaAttr>),
    Other(DefaultNla),
}

impl Nla for Attr {
    fn value_len(&self) -> usize {
        match self {
            Self::Key(key) => key.len() + 1,
            Self::Value(value) => value.len(),
            Self::Revision(_) => 8,
            Self::Flags(_) => 4,
            Self::Meta(meta) => meta.as_slice().buffer_len(),
            Self::Other(other) => other.value_len(),
        }
    }

    fn kind(&self) -> u16 {
        match self {
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Revision(_) => 3,
            Self::Flags(_) => 4,
            Self::Meta(_) => 5,
            Self::Other(other) => other.kind(),
        }
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        match self {
            Self::Key(key) => {
                buffer[..key.len()].copy_from_slice(key.as_bytes());
                buffer[key.len()] = 0;
            }
            Self::Value(value) => buffer.copy_from_slice(value),
            Self::Revision(revision) => emit_u64(buffer, *revision).expect("8 bytes"),
            Self::Flags(flags) => emit_u32(buffer, *flags).expect("4 bytes"),
            Self::Meta(meta) => meta.as_slice().emit(buffer),
            Self::Other(other) => other.emit_value(buffer),
        }
    }

    fn is_nested(&self) -> bool {
        matches!(self, Self::Meta(_))
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for Attr {
    fn parse(buf: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let value = buf.value();
        Ok(match buf.kind() {
            1 => Self::Key(parse_string(value)?),
            2 => Self::Value(value.to_vec()),
            3 => Self::Revision(parse_u64(value)?),
            4 => Self::Flags(parse_u32(value)?),
            5 => Self::Meta(attrs(value)?),
            _ => Self::Other(DefaultNla::parse(buf)?),
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) enum MetaAttr {
    CreatedNs(u64),
    Hits(u64),
    Label(String),
    Other(DefaultNla),
}

impl Nla for MetaAttr {
    fn value_len(&self) -> usize {
        match self {
            Self::CreatedNs(_) | Self::Hits(_) => 8,
            Self::Label(label) => label.len() + 1,
            Self::Other(other) => other.value_len(),
        }
    }

    fn kind(&self) -> u16 {
        match self {
            Self::CreatedNs(_) => 1,
            Self::Hits(_) => 2,
            Self::Label(_) => 3,
            Self::Other(other) => other.kind(),
        }
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        match self {
            Self::CreatedNs(number) | Self::Hits(number) => {
                emit_u64(buffer, *number).expect("8 bytes");
            }
            Self::Label(label) => {
                buffer[..label.len()].copy_from_slice(label.as_bytes());
                buffer[label.len()] = 0;
            }
            Self::Other(other) => other.emit_value(buffer),
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for MetaAttr {
    fn parse(buf: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let value = buf.value();
        Ok(match buf.kind() {
            1 => Self::CreatedNs(parse_u64(value)?),
            2 if value.len() == 4 => Self::Hits(u64::from(parse_u32(value)?)),
            2 => Self::Hits(parse_u64(value)?),
            3 => Self::Label(parse_string(value)?),
            _ => Self::Other(DefaultNla::parse(buf)?),
        })
    }
}
