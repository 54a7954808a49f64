//! What the kernel says of a request: that it refuses it and why, or what it minds about it.

use std::borrow::Cow;
use std::{fmt, io};

use crate::families::nlctrl::PolicyOwned;
use crate::limits::Limits;
use crate::value::Value;

/// A request that the kernel refused, and what it said about it (its extended ACK).
///
/// What it says it says by `struct nlmsgerr` and `enum nlmsgerr_attrs`; the names are those of the
/// family's spec.
///
/// ```
/// use genl_user::families::nlctrl::{Client, Getfamily};
///
/// # fn main() -> Result<(), genl_user::Error> {
/// let mut nlctrl = Client::open()?;
/// let request = Getfamily { family_name: Some("much-too-long-a-name"), ..Default::default() };
/// let error = nlctrl.getfamily(&request).unwrap_err();
/// let refused = error.refused().unwrap();
///
/// assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
/// assert_eq!(refused.attribute.as_deref(), Some("getfamily.family-name"));
/// assert_eq!(refused.policy.as_ref().and_then(|policy| policy.max_length), Some(15));
/// assert_eq!(
///     error.to_string(),
///     "nlctrl refused getfamily: Invalid argument: Attribute failed policy validation; \
///      at getfamily.family-name, which is \"much-too-long-a-name\" (20 bytes) \
///      and takes nul-string, at most 15 bytes",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refused {
    /// The family.
    pub family: Cow<'static, str>,
    /// The operation.
    pub operation: Cow<'static, str>,
    /// The error number, positive: `EPERM`.
    pub errno: i32,
    /// The kernel's own words.
    pub message: Option<String>,
    /// The attribute at fault: `set.meta.label[2]`, where those that may stand there several times
    /// are counted from 0.
    ///
    /// In requests by a spec that is read at run time `meta.label[2]`.
    pub attribute: Option<String>,
    /// What stood in the attribute at fault, if it is no nest.
    pub value: Option<Value>,
    /// The attribute that should have been there: `set.key`.
    pub missing: Option<String>,
    /// What the kernel's policy asks of the attribute at fault; [`Limits`] puts it into words.
    pub policy: Option<PolicyOwned>,
    /// Bytes by which the kernel lets a program know what it cannot say in words; few families do.
    pub cookie: Option<Vec<u8>>,
    /// The capability that the caller needs, where the spec tells: `CAP_NET_ADMIN`.
    ///
    /// Of an EPERM that the kernel has no words for, as `genl_rcv_msg()` gives it.
    pub capability: Option<&'static str>,
    /// The port of the process that refused it in place of the kernel.
    pub peer: Option<u32>,
    /// The request was sent, and the kernel refused it; else
    /// [`Request::check`](crate::Request::check) did so in its stead.
    pub is_sent: bool,
}

impl Refused {
    /// The kind of [`io::Error`] that the errno is.
    pub fn kind(&self) -> io::ErrorKind {
        io::Error::from_raw_os_error(self.errno).kind()
    }

    /// What it looks like if the family's id is no longer the family's: the core says nothing but
    /// the errno, that it does not know the id, or that its new owner lacks the command.
    pub(crate) fn hints_at_stale_id(&self) -> bool {
        matches!(self.errno, libc::ENOENT | libc::EOPNOTSUPP)
            && [&self.message, &self.attribute, &self.missing]
                .iter()
                .all(|words| words.is_none())
    }

    fn write_attribute(&self, attribute: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "; at {attribute}")?;
        let mask = self.policy.as_ref().and_then(|policy| policy.mask);
        match (&self.value, mask) {
            (Some(Value::Number(bits)), Some(_)) => write!(f, ", which is {bits:#x}")?,
            (Some(value), _) => write!(f, ", which is {value}")?,
            (None, _) => {}
        }
        let and = match self.value {
            Some(_) => " and",
            None => ", which",
        };
        match &self.policy {
            Some(policy) => write!(f, "{and} takes {}", Limits(policy)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = io::Error::from_raw_os_error(self.errno).to_string();
        // "Invalid argument (os error 22)": the number helps nobody who reads the name.
        let errno = errno.split(" (os error").next().unwrap_or_default();
        let refused = if self.is_sent {
            "refused"
        } else {
            "would refuse"
        };
        f.write_str(&self.family)?;
        if let Some(port) = self.peer {
            write!(f, " at port {port}")?;
        }
        write!(f, " {refused} {}: {errno}", self.operation)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(attribute) = &self.attribute {
            self.write_attribute(attribute, f)?;
        }
        if let Some(missing) = &self.missing {
            write!(f, "; {missing} is missing")?;
        }
        match (self.capability, self.peer) {
            (Some(capability), None) => write!(f, "; it takes {capability}"),
            // To another process a capability is nothing.
            (Some(_), Some(_)) => f.write_str("; it is for those whom that process lets in"),
            (None, _) => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

/// What the kernel minds about a request that it carried out nevertheless.
///
/// It says so in the ACK, so the request has to ask for one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The family.
    pub family: Cow<'static, str>,
    /// The operation.
    pub operation: Cow<'static, str>,
    /// The kernel's own words.
    pub message: String,
    /// Bytes by which the kernel lets a program know what it cannot say in words; few families do.
    pub cookie: Option<Vec<u8>>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            family,
            operation,
            message,
            ..
        } = self;
        write!(f, "{family} carried out {operation}, but: {message}")
    }
}
