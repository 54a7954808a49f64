//! The family's table of operations, by which requests get to the handler.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::super::print::{Item, ident, module};
use super::super::types::{Types, attrs_module};
use super::handler::{do_name, dump_name, item, takes_request};
use crate::emit::kernel::handler::{ascending, header, is_liberal};
use crate::emit::kernel::policy::covered;
use crate::model::{Call, DontValidate, Op, Permission, SetId};

/// The table, and the policies.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let policies = Policies::of(types);
    let table = Item::Block {
        head: "impl<H: Handler> server::Serve for Served<H>".into(),
        members: vec![description(types), rows(types, &policies)],
    };
    [table].into_iter().chain(policies.module(types)).collect()
}

fn description(types: &Types<'_>) -> TokenStream {
    let family = types.family;
    let name = family.name.as_str();
    let version = Literal::u8_unsuffixed(family.version);
    let resv_start_op = Literal::u8_unsuffixed(family.resv_start_op);
    let header = match header(family) {
        Some(id) => {
            let header = types.structure(id);
            quote!(<super::#header as wire::Struct>::SIZE)
        }
        None => quote!(0),
    };
    let groups = family.groups.iter().map(|group| {
        let (name, permission) = (group.name.as_str(), permission(group.permission));
        quote!(server::Group { name: #name, permission: #permission })
    });
    quote! {
        const FAMILY: server::Description = server::Description {
            name: #name,
            version: #version,
            header: #header,
            resv_start_op: #resv_start_op,
            groups: &[#(#groups,)*],
        };
    }
}

fn permission(permission: Permission) -> TokenStream {
    match permission {
        Permission::Anyone => quote!(server::Permission::Anyone),
        Permission::Admin => quote!(server::Permission::Admin),
        Permission::NetnsAdmin => quote!(server::Permission::NetnsAdmin),
        Permission::NetnsSysAdmin => quote!(server::Permission::NetnsSysAdmin),
    }
}

fn rows(types: &Types<'_>, policies: &Policies) -> TokenStream {
    let rows = ascending(types.family).into_iter().flat_map(|op| {
        let do_ = op.do_.as_ref().map(|call| {
            let liberal = op.dont_validate.contains(&DontValidate::Strict);
            row(
                types,
                policies,
                op,
                call,
                liberal,
                &do_call(types, op, call),
            )
        });
        let dump = op.dump.as_ref().map(|call| {
            let liberal = is_liberal(types.family, op);
            row(
                types,
                policies,
                op,
                call,
                liberal,
                &dump_call(types, op, call),
            )
        });
        [do_, dump].into_iter().flatten()
    });
    quote! {
        const ROWS: &'static [server::Row<Self>] = &[#(#rows,)*];
    }
}

fn row(
    types: &Types<'_>,
    policies: &Policies,
    op: &Op,
    call: &Call,
    liberal: bool,
    served: &TokenStream,
) -> TokenStream {
    let name = op.name.as_str();
    let cmd = Literal::u8_unsuffixed(op.cmd);
    let permission = permission(op.permission);
    let policy = match covered(types.family, op, call) {
        Some((set, attrs)) => {
            let path = policies.path(set, &attrs);
            quote!(Some(&#path))
        }
        None => quote!(None),
    };
    let rules = rules(types, policies, call);
    quote! {
        server::Row {
            name: #name,
            cmd: #cmd,
            permission: #permission,
            policy: #policy,
            rules: #rules,
            liberal: #liberal,
            call: #served,
        }
    }
}

/// What the call's own attributes have to hold.
fn rules(types: &Types<'_>, policies: &Policies, call: &Call) -> TokenStream {
    let message = &types.family[call.request];
    let own: Vec<usize> = message.fields.iter().map(|field| field.attr).collect();
    if own.is_empty() {
        return quote!(genl_user::policy::Rules::NONE);
    }
    let path = policies.path(message.set, &own);
    let required = message.fields.iter().filter(|field| field.required);
    let required = required.map(|field| types.number(message.set, field.attr));
    quote! {
        genl_user::policy::Rules { policy: &#path, required: &[#(#required),*] }
    }
}

fn do_call(types: &Types<'_>, op: &Op, call: &Call) -> TokenStream {
    let (payload, request) = request(types, call);
    let method = do_name(op);
    let served = quote!(served.0.#method(#request op));
    match call.reply {
        Some(reply) => {
            let cmd = Literal::u8_unsuffixed(reply.cmd);
            quote! {
                server::Call::Do(|served, #payload, op| {
                    let reply = #served?;
                    op.reply(#cmd, &reply)
                })
            }
        }
        None => quote!(server::Call::Do(|served, #payload, op| #served)),
    }
}

fn dump_call(types: &Types<'_>, op: &Op, call: &Call) -> TokenStream {
    let (payload, request) = request(types, call);
    let method = dump_name(op);
    let cmd = Literal::u8_unsuffixed(call.reply.map_or(op.cmd, |reply| reply.cmd));
    let item = item(types, call);
    quote! {
        server::Call::Dump(|served, #payload, op| {
            let items: server::Items<H, #item> = served.0.#method(#request op)?;
            Ok(items.cursor(#cmd, |served| &mut served.0))
        })
    }
}

/// What a payload is called, and the first argument of the handler's method.
fn request(types: &Types<'_>, call: &Call) -> (Ident, TokenStream) {
    match takes_request(types, call) {
        true => (ident("payload"), quote!(server::Parse::parse(payload)?,)),
        false => (ident("_payload"), quote!()),
    }
}

/// Policies as the kernel half has them, each of them once.
struct Policies {
    tables: Vec<Table>,
}

struct Table {
    name: String,
    set: SetId,
    /// Places in the set, ascending.
    attrs: Vec<usize>,
}

impl Policies {
    fn of(types: &Types<'_>) -> Self {
        let family = types.family;
        let mut policies = Self { tables: Vec::new() };
        for op in &family.ops {
            for call in op.do_.iter().chain(&op.dump) {
                let message = &family[call.request];
                let name = message.name.shouty();
                let own = message.fields.iter().map(|field| field.attr).collect();
                policies.add(name.clone(), message.set, own);
                if let Some((set, attrs)) = covered(family, op, call) {
                    policies.add(format!("{name}_SHARED"), set, attrs);
                }
            }
        }
        policies
    }

    fn add(&mut self, name: String, set: SetId, attrs: Vec<usize>) {
        if !attrs.is_empty() && self.find(set, &attrs).is_none() {
            self.tables.push(Table { name, set, attrs });
        }
    }

    fn find(&self, set: SetId, attrs: &[usize]) -> Option<&Table> {
        let mut tables = self.tables.iter();
        tables.find(|table| (table.set, &*table.attrs) == (set, attrs))
    }

    fn path(&self, set: SetId, attrs: &[usize]) -> TokenStream {
        let table = self.find(set, attrs).expect("all tables were added");
        let name = ident(&table.name);
        quote!(policies::#name)
    }

    fn module(&self, types: &Types<'_>) -> Option<Item> {
        let statics = self.tables.iter().map(|table| {
            let name = ident(&table.name);
            let set = attrs_module(&types.family[table.set]);
            let numbers = table.attrs.iter().map(|at| types.number(table.set, *at));
            Item::Tokens(quote! {
                pub(super) static #name: Policy =
                    Policy::some_of(&#set::POLICY, &[#(#numbers),*]);
            })
        });
        let statics: Vec<_> = statics.collect();
        let head = "/// What requests may hold.\nmod policies";
        let uses = "use super::super::*;\nuse genl_user::policy::Policy;\n";
        (!statics.is_empty()).then(|| module(head, "", uses, statics))
    }
}
