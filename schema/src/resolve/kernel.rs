//! What the kernel's core asks of a family that is to be registered.
//!
//! The rules are those of `genl_validate_ops` (net/netlink/genetlink.c), and of what the generated
//! kernel code can do. A family of protocol `genetlink-legacy` is the kernel's already, so no kernel
//! code is made for it.

use super::numbers::Operations;
use super::{not_supported, policy};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic};
use crate::model::{self, Family, KernelSide, Protocol};
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

pub(super) fn check(
    family: &Family,
    spec: &spec::Family,
    numbered: &Operations<'_>,
    faults: &mut Vec<Diagnostic>,
) {
    check_count(spec, numbered, faults);
    if family.protocol == Protocol::GenetlinkLegacy {
        let span = spec.protocol.span().unwrap_or_default();
        let fault = not_supported("protocol `genetlink-legacy`", span)
            .help("such a family is the kernel's already; a new one is of protocol `genetlink`");
        faults.push(fault);
        return;
    }
    check_headers(spec, faults);
    check_validation(family, numbered, faults);
    check_hooks(spec, numbered, faults);
    check_dumps(numbered, faults);
    policy::check(family, spec, faults);
}

/// A header of the family's own stands before the attributes, of requests and replies alike.
fn check_headers(spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    let Some(operations) = spec.operations.get() else {
        return;
    };
    let of_ops = operations.list.items().map(|(op, _)| &op.fixed_header);
    for header in of_ops.chain([&operations.fixed_header]) {
        refuse("a fixed header", header, faults);
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
        if flags.is_empty() {
            continue;
        }
        if op.request < family.resv_start_op {
            faults.push(not_supported("`dont-validate` on the kernel side", span));
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

/// What the C generator has and ours has not.
fn check_hooks(spec: &spec::Family, numbered: &Operations<'_>, faults: &mut Vec<Diagnostic>) {
    for op in &numbered.ops {
        refuse("`config-cond`", &op.spec.config_cond, faults);
        for call in [&op.spec.do_, &op.spec.dump]
            .into_iter()
            .filter_map(Key::get)
        {
            refuse("a hook before the handler (`pre`)", &call.pre, faults);
            refuse("a hook behind the handler (`post`)", &call.post, faults);
        }
    }
    if let Some(kernel_family) = spec.kernel_family.get() {
        refuse("`sock-priv`", &kernel_family.sock_priv, faults);
    }
}

/// The items of a dump are what its reply says.
fn check_dumps(numbered: &Operations<'_>, faults: &mut Vec<Diagnostic>) {
    for op in &numbered.ops {
        let dump = &op.spec.dump;
        let lacks_reply = dump.get().is_some_and(|call| !call.reply.is_present());
        if let (true, Some(span)) = (lacks_reply, dump.span()) {
            faults.push(
                not_supported("a dump without a `reply`", span)
                    .help("say in `reply` which attributes its items have"),
            );
        }
    }
}

fn refuse<T>(construct: &str, key: &Key<T>, faults: &mut Vec<Diagnostic>) {
    if let Some(span) = key.span() {
        faults.push(not_supported(construct, span));
    }
}
