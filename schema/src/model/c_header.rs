//! What a spec says of names and places in the family's uAPI header, as it says it.
//!
//! Where a key is absent the C generator of the kernel tree has rules for the name; they are
//! `emit::uapi`'s.

/// Of the family and its operations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CFamily {
    /// `uapi-header`: the header's path within include/uapi.
    pub header: Option<String>,
    /// `c-family-name`: the macro that is the family's name.
    pub family_name: Option<String>,
    /// `c-version-name`: the macro that is the family's version.
    pub version_name: Option<String>,
    /// `max-by-define`: the highest value is a macro rather than an entry.
    pub max_by_define: bool,
    /// `cmd-max-name`.
    pub cmd_max_name: Option<String>,
    /// `cmd-cnt-name`.
    pub cmd_cnt_name: Option<String>,
    /// `operations.name-prefix`.
    pub op_prefix: Option<String>,
    /// `operations.enum-name`.
    pub op_enum: CName,
    /// `operations.async-prefix`.
    pub async_prefix: Option<String>,
    /// `operations.async-enum`.
    pub async_enum: CName,
}

/// Of a constant, an enum, flags, a struct or an attribute set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CDefinition {
    /// `header`: another header defines it.
    pub header: Option<String>,
    /// `scope`.
    pub scope: Scope,
    /// `name-prefix`.
    pub prefix: Option<String>,
    /// `enum-name`.
    pub enum_name: CName,
    /// `enum-cnt-name` or `attr-cnt-name`.
    pub cnt_name: Option<String>,
    /// `attr-max-name`.
    pub max_name: Option<String>,
    /// `render-max`.
    pub render_max: bool,
}

/// The name of a C enum.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum CName {
    /// Made from the name in the spec.
    #[default]
    Derived,
    /// It has none.
    Anonymous,
    /// Given.
    Given(String),
}

/// Which C header shows a definition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// The family's uAPI header.
    #[default]
    Uapi,
    /// The kernel's own only.
    Kernel,
    /// Userspace's only.
    User,
}
