//! Checks of what the kernel's policies cannot reach, as the kernel half's generated code makes them
//! (`schema/src/emit/kernel/checks.rs`): how often attributes are there, what stands in nests whose
//! numbers are values, and what is required.

use super::extack::Extack;
use super::nla::told;
use super::number;
use super::validate::{
    BINARY_SIZE, Checked, FAILED, INVALID_LENGTH, MAX_DEPTH, Strictness, Validator,
};
use super::{Kind, Policy, Rule, Rules};
use crate::wire::{Attr, Attrs};

/// The longest text, as no attribute is longer.
const LONGEST: u16 = u16::MAX;

/// Checks a request's attributes, of which those of `rules` are the operation's own.
pub(crate) fn request(attrs: Attrs<'_>, rules: &Rules, extack: &mut Extack) -> Checked {
    let mut checks = Checks { extack };
    for (number, rule) in rules.policy.all() {
        checks.count(attrs, *number, rule)?;
    }
    for (number, rule) in rules.policy.all() {
        if are_for(rule) {
            let found = attrs.all(*number);
            let skipped = match rule.many {
                true => 0,
                false => found.clone().count().saturating_sub(1),
            };
            for attr in found.skip(skipped) {
                checks.attr(attr, rule, 0)?;
            }
        }
    }
    let absent = |number: &&u16| attrs.all(**number).next().is_none();
    match rules.required.iter().find(absent) {
        Some(number) => {
            checks.extack.miss(*number);
            Err(libc::EINVAL)
        }
        None => Ok(()),
    }
}

/// There is something to check in an attribute.
fn are_for(rule: &Rule) -> bool {
    match rule.kind {
        Kind::Values(..) => true,
        Kind::Nest(policy) | Kind::Array(policy) => are_in(policy),
        _ => false,
    }
}

/// There is something to check in a nest, however deep.
fn are_in(policy: &'static Policy) -> bool {
    let mut seen = Vec::new();
    let mut pending = vec![policy];
    while let Some(policy) = pending.pop() {
        if seen.contains(&policy) {
            continue;
        }
        seen.push(policy);
        for (_, rule) in policy.all() {
            match rule.kind {
                _ if rule.max_count.is_some() => return true,
                Kind::Values(..) => return true,
                Kind::Nest(inner) | Kind::Array(inner) => pending.push(inner),
                _ => {}
            }
        }
    }
    false
}

/// The set whose attributes stand inside, if something in them is to be checked.
fn goes_deeper(rule: &Rule) -> bool {
    match rule.kind {
        Kind::Nest(policy) | Kind::Array(policy) => are_in(policy),
        Kind::Values(_, element) => goes_deeper(element),
        _ => false,
    }
}

struct Checks<'e> {
    extack: &'e mut Extack,
}

impl Checks<'_> {
    fn count(&mut self, attrs: Attrs<'_>, number: u16, rule: &Rule) -> Checked {
        let Some(most) = rule.max_count else {
            return Ok(());
        };
        match attrs.all(number).nth(most as usize) {
            Some(surplus) => {
                let words = "attribute is there too often";
                self.extack.blame_unruled(surplus, words);
                Err(libc::ERANGE)
            }
            None => Ok(()),
        }
    }

    /// Checks an attribute in which there is something to check.
    fn attr(&mut self, attr: Attr<'_>, rule: &'static Rule, depth: u8) -> Checked {
        match rule.kind {
            Kind::Nest(policy) => self.nest(attr, policy, depth),
            Kind::Array(policy) => {
                let entries = attr.nested().map_while(Result::ok);
                for entry in entries {
                    self.nest(entry, policy, depth)?;
                }
                Ok(())
            }
            Kind::Values(levels, element) => self.values(attr, levels, element, depth),
            _ => Ok(()),
        }
    }

    fn nest(&mut self, nest: Attr<'_>, policy: &'static Policy, depth: u8) -> Checked {
        if !are_in(policy) {
            return Ok(());
        }
        let attrs = nest.nested();
        let depth = match policy.all().any(|(_, rule)| goes_deeper(rule)) {
            true => self.descend(depth)?,
            false => depth,
        };
        for (number, rule) in policy.all() {
            self.count(attrs, *number, rule)?;
        }
        for attr in attrs.map_while(Result::ok) {
            if let Some(rule) = policy.rule(attr.kind()) {
                self.attr(attr, rule, depth)?;
            }
        }
        Ok(())
    }

    fn descend(&mut self, depth: u8) -> Result<u8, i32> {
        match depth < MAX_DEPTH {
            true => Ok(depth + 1),
            false => {
                self.extack.say("allowed policy recursion depth exceeded");
                Err(libc::EINVAL)
            }
        }
    }

    /// Goes through `levels` of nests, and checks what stands in the last.
    fn values(&mut self, attr: Attr<'_>, levels: u8, element: &'static Rule, depth: u8) -> Checked {
        if attr.nested().any(|inside| inside.is_err()) {
            self.extack.say("bytes leftover after parsing attributes");
            return Err(libc::EINVAL);
        }
        for inside in attr.nested().map_while(Result::ok) {
            match levels {
                0 | 1 => self.element(inside, element, depth)?,
                _ => self.values(inside, levels - 1, element, depth)?,
            }
        }
        Ok(())
    }

    /// Checks one value, of which the kernel has seen nothing.
    fn element(&mut self, attr: Attr<'_>, rule: &'static Rule, depth: u8) -> Checked {
        let mut validator = Validator {
            strictness: Strictness::Strict,
            extack: &mut *self.extack,
        };
        let nla = rule.nla();
        match rule.kind {
            Kind::Nest(policy) => {
                validator.attrs(attr.nested(), policy)?;
                self.nest(attr, policy, depth)
            }
            Kind::Int(form, limits) => {
                if !number::fits(form, attr.payload().len()) {
                    let told = told(form, limits);
                    self.extack.blame_by(Some(told), attr, INVALID_LENGTH);
                    return Err(libc::EINVAL);
                }
                validator.limits(attr, form, limits)
            }
            Kind::Text { min, max, .. } => {
                validator.text_len(attr, nla, min.into(), max.unwrap_or(LONGEST).into())
            }
            Kind::Bytes { min, max } => {
                let len = attr.payload().len();
                let words = match min {
                    _ if (min.into()..=max.unwrap_or(LONGEST).into()).contains(&len) => {
                        return Ok(());
                    }
                    0 => FAILED,
                    _ => BINARY_SIZE,
                };
                self.extack.blame_by(Some(nla), attr, words);
                Err(libc::ERANGE)
            }
            _ => Ok(()),
        }
    }
}
