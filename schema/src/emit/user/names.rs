//! Names that are alike in the spelling of their kind get a mark, so that each is there once.

use std::collections::HashSet;

use proc_macro2::Ident;

use super::print::ident;

/// Methods of types in general, which an attribute's getter must not be taken for.
const METHODS: [&str; 6] = ["as_ref", "borrow", "clone", "deref", "len", "to_owned"];

/// The names that are taken, in one place of the module.
pub(super) struct Names(HashSet<String>);

impl Names {
    /// All names are free but these.
    pub(super) fn but(taken: &[&str]) -> Self {
        Self(taken.iter().map(|name| (*name).to_owned()).collect())
    }

    /// All names are free for a getter.
    pub(super) fn methods() -> Self {
        Self::but(&METHODS)
    }

    /// Takes a name that is known to be free.
    pub(super) fn take(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// Takes this name, or if it is no longer free, the name with underscores behind it.
    pub(super) fn ident(&mut self, mut name: String) -> Ident {
        while self.0.contains(&name) {
            name.push('_');
        }
        let ident = ident(&name);
        self.0.insert(name);
        ident
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_there_once() {
        let mut names = Names::methods();
        names.take("header");
        let given = ["clone", "name", "name", "name_", "header"];
        let given = given.map(|name| names.ident(name.to_owned()).to_string());
        assert_eq!(given, ["clone_", "name", "name_", "name__", "header_"]);
    }
}
