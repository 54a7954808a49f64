//! State of a socket.

use super::Lints;
use crate::diag::{Code, Diagnostic};

/// Warns of `sock-priv`: a module cannot have it, so its handlers do not.
pub(super) fn check(lints: &mut Lints<'_>) {
    let key = lints.spec.kernel_family.get().map(|own| &own.sock_priv);
    let Some((state, span)) = key.and_then(|key| key.here()) else {
        return;
    };
    let message = format!("no module can have the kernel keep `{state}` for a socket");
    let warning = Diagnostic::new(Code::SocketState, span, message)
        .label("`genl_sk_priv_get()` is not exported to modules")
        .help(
            "let the handlers keep it by the port that a request comes from; a module in C that \
             is part of the kernel can have it",
        );
    lints.warn(warning, &[]);
}
