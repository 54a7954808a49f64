//! Families that are not there until they are asked for, as if their modules were loaded then.

use super::Serve;
use super::engine::{Engine, Served};
use super::op::Outbox;

/// What can be loaded.
#[derive(Default)]
pub(crate) struct Modules(Vec<Module>);

struct Module {
    family: &'static str,
    init: Box<dyn FnMut() -> Box<dyn Served> + Send>,
    /// The last number that its groups may have.
    last_group: u32,
}

impl Modules {
    /// Adds one, in place of the one of this family.
    pub(crate) fn install<S: Serve>(
        &mut self,
        mut init: impl FnMut() -> S + Send + 'static,
        last_group: u32,
    ) {
        let family = S::FAMILY.name;
        self.0.retain(|module| module.family != family);
        self.0.push(Module {
            family,
            init: Box::new(move || Box::new(init())),
            last_group,
        });
    }
}

impl Engine {
    /// Registers the family of this name if it is not there but its module is:
    /// `request_module("net-pf-16-proto-16-family-…")` in `ctrl_getfamily()`.
    pub(super) fn load(&mut self, family: &[u8], outbox: &mut dyn Outbox) {
        let mut modules = self.modules.0.iter();
        let Some(at) = modules.position(|module| module.family.as_bytes() == family) else {
            return;
        };
        if self.by_name(self.modules.0[at].family).is_some() {
            return;
        }
        let module = &mut self.modules.0[at];
        let (served, last_group) = ((module.init)(), module.last_group);
        // Where no numbers are left it stays away, as a module does that fails to load.
        let _ = self.register(served, last_group, outbox);
    }
}
