//! What the kernel's core asks of a family that is to be registered.
//!
//! The rules are those of `genl_validate_ops` (net/netlink/genetlink.c), and of `struct genl_family`.

use super::numbers::{Numbered, Operations};
use super::policy;
use crate::decode::Key;
use crate::diag::{Code, Diagnostic};
use crate::model::{self, Family, KernelSide};
use crate::spec;

/// What the spec says to those who write the kernel side in C.
pub(super) fn side(spec: &spec::Family) -> KernelSide {
    let own = spec.kernel_family.get();
    KernelSide {
        policy: match spec.kernel_policy.get() {
            Some(spec::KernelPolicy::PerOp) => model::KernelPolicy::PerOp,
            Some(spec::KernelPolicy::Global) => model::KernelPolicy::Global,
            Some(spec::KernelPolicy::Split) | None => model::KernelPolicy::Split,
        },
        headers: own
            .into_iter()
            .flat_map(|own| own.headers.items())
            .map(|(header, _)| header.clone())
            .collect(),
        sock_priv: own.and_then(|own| own.sock_priv.get().cloned()),
    }
}

/// `genl_family.resv_start_op`: from here on the core is strict with an operation, and takes none
/// that asks it not to be.
///
/// The kernel has families of protocol `genetlink-legacy` already, with numbers that no spec tells;
/// the least that does for such a family is what is taken.
pub(super) fn resv_start_op(spec: &spec::Family, numbered: &Operations<'_>) -> u8 {
    let liberal = numbered.ops.iter().filter(|op| {
        let flags = op.spec.dont_validate.get();
        !op.is_async() && flags.is_some_and(|flags| !flags.is_empty())
    });
    match spec.x_resv_start_op.get() {
        Some(given) => *given,
        None if is_legacy(spec) => liberal
            .map(|op| op.request.saturating_add(1))
            .max()
            .unwrap_or(0),
        None => 0,
    }
}

fn is_legacy(spec: &spec::Family) -> bool {
    spec.protocol.get() == Some(&spec::Protocol::GenetlinkLegacy)
}

pub(super) fn check(
    family: &Family,
    spec: &spec::Family,
    numbered: &Operations<'_>,
    faults: &mut Vec<Diagnostic>,
) {
    check_name(spec, faults);
    check_structs(family, spec, faults);
    check_count(spec, numbered, faults);
    check_headers(family, spec, numbered, faults);
    check_validation(family, numbered, faults);
    policy::check(family, spec, faults);
}

/// Families that the core gives numbers of their own. It stops the machine if one of them has not
/// exactly one group (`genl_validate_assign_mc_groups`).
const KEPT_NAMES: [&str; 3] = ["NET_DM", "VFS_DQUOT", "pmcraid"];

fn check_name(spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    if let Some((name, span)) = spec.name.here()
        && KEPT_NAMES.contains(&name.as_str())
    {
        let message = format!("the kernel keeps the name `{name}` for a family of its own");
        faults.push(
            Diagnostic::new(Code::NotSupported, span, message).help("give the family another name"),
        );
    }
}

/// How long a struct may be, in bytes: kernel code has it on the stack, several times over, and
/// that has 16 KiB for all that runs. `genl::layout::MAX_STRUCT_LEN` is the same.
const MAX_STRUCT_LEN: usize = 256;

fn check_structs(family: &Family, spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    for (definition, _) in spec.definitions.items() {
        if definition.type_.get() != Some(&spec::DefinitionType::Struct) {
            continue;
        }
        let Some((name, span)) = definition.name.here() else {
            continue;
        };
        let mut structs = family.structs.iter();
        let Some(known) = structs.find(|known| known.name.as_str() == name) else {
            continue;
        };
        if known.size > MAX_STRUCT_LEN {
            let message = format!(
                "struct `{name}` has {} bytes, and kernel code takes structs of {MAX_STRUCT_LEN} \
                 at most",
                known.size
            );
            faults.push(
                Diagnostic::new(Code::NotSupported, span, message)
                    .label("too large for the kernel's stack")
                    .help("give what is long an attribute of its own, of type `binary`"),
            );
        }
    }
}

/// The core knows one size for what stands before the attributes (`genl_family.hdrsize`).
fn check_headers(
    family: &Family,
    spec: &spec::Family,
    numbered: &Operations<'_>,
    faults: &mut Vec<Diagnostic>,
) {
    let common = spec
        .operations
        .get()
        .map_or(&Key::Absent, |section| &section.fixed_header);
    let size = |op: &Numbered<'_>| {
        let name = op.spec.fixed_header.or(common).get()?;
        let mut structs = family.structs.iter();
        let header = structs.find(|header| header.name.as_str() == name)?;
        Some(header.size)
    };
    // A notification has the header of what it repeats.
    let mut ops = numbered
        .ops
        .iter()
        .filter(|op| !op.spec.notify.is_present());
    let Some(first) = ops.next() else { return };
    for op in ops.filter(|op| size(op) != size(first)) {
        let message = format!(
            "`{}` and `{}` have headers of different sizes, and the kernel knows one size for a \
             family",
            first.name, op.name
        );
        let at = op.spec.fixed_header.span().unwrap_or(op.span);
        faults.push(
            Diagnostic::new(Code::NotSupported, at, message)
                .related(first.span, "this operation")
                .help("give all operations of the family one `fixed-header`"),
        );
    }
}

/// The kernel counts do and dump apart, in a u8 (`genl_family.n_split_ops`).
fn check_count(spec: &spec::Family, numbered: &Operations<'_>, faults: &mut Vec<Diagnostic>) {
    let calls =
        |op: &spec::Op| usize::from(op.do_.is_present()) + usize::from(op.dump.is_present());
    let count: usize = numbered.ops.iter().map(|op| calls(op.spec)).sum();
    let place = spec
        .operations
        .get()
        .and_then(|section| section.list.span());
    if let (true, Some(span)) = (count > u8::MAX.into(), place) {
        let message = format!("{count} dos and dumps are more than the kernel counts");
        faults.push(
            Diagnostic::new(Code::TooMany, span, message).help("a family has at most 255 of them"),
        );
    }
}

/// Only operations below `resv_start_op` may do without validation.
fn check_validation(family: &Family, numbered: &Operations<'_>, faults: &mut Vec<Diagnostic>) {
    for op in numbered.ops.iter().filter(|op| !op.is_async()) {
        let Some((flags, span)) = op.spec.dont_validate.here() else {
            continue;
        };
        if flags.is_empty() || op.request < family.resv_start_op {
            continue;
        }
        let message = format!("the kernel does not register `{}` with this", op.name);
        faults.push(
            Diagnostic::new(Code::BadDontValidate, span, message)
                .label("every operation from `x-resv-start-op` on is validated")
                .help("remove `dont-validate`: new operations validate their requests"),
        );
    }
}
