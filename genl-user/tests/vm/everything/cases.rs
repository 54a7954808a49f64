//! Every request that shows where a limit of the spec is: one on each side of it.
//!
//! Nothing here is listed by hand: the model is walked, and what it says of each attribute of each
//! request, however deep it stands, is tried.

use genl_user::dynamic::Mode;
use genl_user::dynamic::genl_schema::model::{
    Attr, AttrKind, Call, Family, Field, KernelPolicy, Message, Op, SetId,
};

use super::message::{Body, Node, payload};
use super::policy::Policy;
use super::probes::{self, Culprit, Probe, Verdict};
use super::valid::Valid;
use crate::hostile::random::Random;

/// What stands for the numbers in arrays, and for the values that are types.
const NUMBER: u16 = 5;

/// How often a set is entered on the way to an attribute: once more than where nothing is nested in
/// itself.
const TURNS: usize = 2;

/// A request, and what the kernel is to make of it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) operation: String,
    pub(super) mode: Mode,
    /// The attribute that it is about, and what is special about it.
    pub(super) what: String,
    pub(super) payload: Vec<u8>,
    pub(super) outcome: Outcome,
}

/// What the kernel makes of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Taken,
    /// The attribute of this name is missing.
    Missing(String),
    Refused {
        errno: i32,
        /// The path of the attribute at fault.
        attribute: Option<String>,
        policy: Option<Policy>,
    },
}

/// All cases of a family's operations that are validated as they should be.
pub(super) fn of(family: &Family) -> Vec<Case> {
    let mut cases = Vec::new();
    for op in family.ops.iter().filter(|op| is_strict(op)) {
        for (mode, call) in [(Mode::Do, &op.do_), (Mode::Dump, &op.dump)] {
            if let Some(call) = call {
                Request::new(family, op, mode, call).add(&mut cases);
            }
        }
    }
    cases
}

/// The kernel has the operation, and validates all of its requests.
fn is_strict(op: &Op) -> bool {
    op.dont_validate.is_empty() && super::is_built(op)
}

/// An attribute somewhere in a request.
struct Site<'f> {
    /// As the client calls it: `leaf-array[5].name`, `names[0]`.
    path: String,
    kind: &'f AttrKind,
    multi: bool,
    /// How often it may be there, where that is limited.
    max_count: Option<u32>,
    /// The types of the attributes on the way, and its own.
    types: Vec<u16>,
    /// How many of the types, the last ones, are numbers that no policy knows.
    numbers: usize,
}

struct Request<'f> {
    family: &'f Family,
    op: &'f Op,
    mode: Mode,
    message: &'f Message,
    header: Vec<u8>,
    required: Vec<Node>,
}

impl<'f> Request<'f> {
    fn new(family: &'f Family, op: &'f Op, mode: Mode, call: &Call) -> Self {
        let message = &family[call.request];
        let random = Random::new(0, 0);
        let mut valid = Valid { family, random };
        Self {
            family,
            op,
            mode,
            message,
            header: valid.header(message),
            required: valid.required(message),
        }
    }

    fn add(&self, cases: &mut Vec<Case>) {
        cases.push(self.case("nothing else", &[], Outcome::Taken));
        for field in &self.message.fields {
            self.add_sites(field, cases);
            if field.required {
                cases.push(self.without(field));
            }
        }
        self.add_strangers(cases);
        for len in 0..self.header.len() {
            cases.push(Case {
                payload: self.header[..len].to_vec(),
                ..self.case(format!("{len} bytes of the header"), &[], refused(None))
            });
        }
    }

    fn case(&self, what: impl Into<String>, nodes: &[Node], outcome: Outcome) -> Case {
        let own = |node: &&Node| !nodes.iter().any(|own| own.id() == node.id());
        let required = self.required.iter().filter(own).cloned();
        let nodes: Vec<_> = required.chain(nodes.iter().cloned()).collect();
        Case {
            operation: self.op.name.to_string(),
            mode: self.mode,
            what: what.into(),
            payload: payload(&self.header, &nodes),
            outcome,
        }
    }

    /// The attribute of a field and all that can stand inside of it.
    fn add_sites(&self, field: &Field, cases: &mut Vec<Case>) {
        let attr = self.family.attr(self.message, field);
        let mut sites = Vec::new();
        let mut walk = Walk {
            family: self.family,
            sites: &mut sites,
        };
        walk.attr(attr, None, &mut Vec::new());
        for site in &sites {
            let probes = match site.numbers {
                0 => probes::of(self.family, site.kind),
                depth => probes::of_element(self.family, site.kind, depth),
            };
            let taken = probes.iter().find(|probe| probe.verdict == Verdict::Taken);
            let other = taken.filter(|_| site.multi).map(|probe| &probe.body);
            for probe in &probes {
                let what = format!("{} {}", site.path, probe.what);
                let outcome = self.outcome(site, probe);
                cases.push(self.case(what, &site.nodes(probe, other), outcome));
            }
            if let (Some(most), Some(body)) = (site.max_count, other) {
                let one_more = Outcome::Refused {
                    errno: libc::ERANGE,
                    attribute: Some(format!("{}[{most}]", site.path.trim_end_matches("[0]"))),
                    policy: None,
                };
                for (count, outcome) in [(most, Outcome::Taken), (most + 1, one_more)] {
                    let what = format!("{} {count} times", site.path);
                    cases.push(self.case(what, &site.times(body, count), outcome));
                }
            }
        }
    }

    fn outcome(&self, site: &Site<'_>, probe: &Probe) -> Outcome {
        match &probe.verdict {
            Verdict::Taken => Outcome::Taken,
            Verdict::Refused {
                errno,
                culprit,
                policy,
            } => Outcome::Refused {
                errno: *errno,
                attribute: match culprit {
                    Culprit::Nobody => None,
                    Culprit::Itself => Some(site.path.clone()),
                    Culprit::Inside(id) => {
                        let set = site.kind.inside().expect("something stands inside");
                        Some(format!("{}.{}", site.path, name(self.family, set, *id)))
                    }
                },
                policy: policy.clone(),
            },
        }
    }

    /// The request without an attribute that is required.
    fn without(&self, field: &Field) -> Case {
        let attr = self.family.attr(self.message, field);
        let missing = Outcome::Missing(attr.name.to_string());
        let others = self.required.iter().filter(|node| node.id() != attr.id);
        let others: Vec<_> = others.cloned().collect();
        Case {
            payload: payload(&self.header, &others),
            ..self.case(format!("no {}", attr.name), &[], missing)
        }
    }

    /// Attributes that the operation does not take.
    fn add_strangers(&self, cases: &mut Vec<Case>) {
        let set = &self.family[self.message.set];
        let covered = self.covered();
        let known = set.attrs.iter().map(|attr| attr.id);
        let unknown = [0, set.max_id() + 1, 0x3fff];
        for id in known.filter(|id| !covered.contains(id)).chain(unknown) {
            let name = name(self.family, self.message.set, id);
            let node = Node::new(id, Body::Bytes(vec![0; 4]));
            cases.push(self.case(format!("with {name}"), &[node], refused(Some(name))));
        }
    }

    /// The types of the attributes that the policy covers, also for the sake of other requests.
    fn covered(&self) -> Vec<u16> {
        let ops: Vec<_> = match self.family.kernel.policy {
            KernelPolicy::Global => self.family.ops.iter().collect(),
            KernelPolicy::PerOp | KernelPolicy::Split => vec![self.op],
        };
        let calls = ops.iter().flat_map(|op| [&op.do_, &op.dump]).flatten();
        let messages = calls.map(|call| &self.family[call.request]);
        let messages = messages.filter(|message| match self.family.kernel.policy {
            KernelPolicy::Split => message.name == self.message.name,
            KernelPolicy::PerOp | KernelPolicy::Global => true,
        });
        messages
            .flat_map(|message| {
                let attr = |field| self.family.attr(message, field).id;
                message.fields.iter().map(attr)
            })
            .collect()
    }
}

/// A refusal in which no policy is told.
fn refused(attribute: Option<String>) -> Outcome {
    Outcome::Refused {
        errno: libc::EINVAL,
        attribute,
        policy: None,
    }
}

/// What the client calls an attribute type of a set.
fn name(family: &Family, set: SetId, id: u16) -> String {
    let mut attrs = family[set].attrs.iter();
    match attrs.find(|attr| attr.id == id) {
        Some(attr) => attr.name.to_string(),
        None => format!("UnknownAttr({id})"),
    }
}

impl<'f> Site<'f> {
    /// What stands within so many numbers in it.
    fn inside(&self, kind: &'f AttrKind, numbers: usize, multi: bool) -> Self {
        Self {
            path: format!("{}{}", self.path, format!("[{NUMBER}]").repeat(numbers)),
            kind,
            multi,
            max_count: None,
            types: [&self.types[..], &vec![NUMBER; numbers]].concat(),
            numbers,
        }
    }

    /// The probe in all that it stands in. If there can be many, `other` follows, since each of them
    /// has to be checked and not only the last.
    fn nodes(&self, probe: &Probe, other: Option<&Body>) -> Vec<Node> {
        let own = self.own();
        let node = Node::new(own, probe.body.clone());
        let node = match probe.other_flag {
            true => node.with_other_flag(),
            false => node,
        };
        let other = other.map(|body| Node::new(own, body.clone()));
        self.wrapped([node].into_iter().chain(other).collect())
    }

    /// So many of it.
    fn times(&self, body: &Body, count: u32) -> Vec<Node> {
        let one = |_| Node::new(self.own(), body.clone());
        self.wrapped((0..count).map(one).collect())
    }

    fn own(&self) -> u16 {
        *self.types.last().expect("it has a type")
    }

    /// The attributes in all that they stand in.
    fn wrapped(&self, nodes: Vec<Node>) -> Vec<Node> {
        let outer = self.types.iter().rev().skip(1);
        outer.fold(nodes, |nodes, &id| vec![Node::new(id, Body::Nest(nodes))])
    }
}

struct Walk<'f, 's> {
    family: &'f Family,
    sites: &'s mut Vec<Site<'f>>,
}

impl<'f> Walk<'f, '_> {
    /// Adds an attribute, and all that can stand in it.
    fn attr(&mut self, attr: &'f Attr, outer: Option<&Site<'f>>, sets: &mut Vec<SetId>) {
        let name = match attr.multi {
            true => format!("{}[0]", attr.name),
            false => attr.name.to_string(),
        };
        let path = match outer {
            None => name,
            Some(outer) => format!("{}.{name}", outer.path),
        };
        let outer = outer.map_or(&[][..], |outer| &outer.types);
        let site = Site {
            path,
            kind: &attr.kind,
            multi: attr.multi,
            max_count: attr.max_count,
            types: [outer, &[attr.id]].concat(),
            numbers: 0,
        };
        self.site(site, sets);
    }

    fn site(&mut self, site: Site<'f>, sets: &mut Vec<SetId>) {
        match site.kind {
            AttrKind::Pad | AttrKind::Unused => return,
            AttrKind::Nest(set) => {
                let turns = sets.iter().filter(|outer| *outer == set).count();
                if turns < TURNS {
                    sets.push(*set);
                    for attr in &self.family[*set].attrs {
                        self.attr(attr, Some(&site), sets);
                    }
                    sets.pop();
                }
            }
            AttrKind::IndexedArray(element) => self.site(site.inside(element, 1, true), sets),
            AttrKind::TypeValue(levels, inside) => {
                self.site(site.inside(inside, levels.len(), false), sets);
            }
            _ => {}
        }
        self.sites.push(site);
    }
}
