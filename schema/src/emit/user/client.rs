//! The client: a method for each way to call an operation.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::doc::{docs, own_doc};
use super::print::{Item, ident};
use super::types::{Types, attrs_module, method};
use crate::model::{Call, Op};

/// The struct and its methods.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let family = types.family;
    let doc = own_doc(&format!("A client of the family \"{}\".", family.name));
    let structure = quote! {
        #doc
        #[derive(Debug)]
        pub struct Client {
            connection: genl_user::Connection,
        }
    };
    let (mut operations, mut methods) = (Vec::new(), Vec::new());
    for op in &family.ops {
        if let Some(call) = &op.do_ {
            operations.push(operation(types, op, call, Way::Do));
            methods.push(do_method(types, op, call));
        }
        if let Some(call) = &op.dump {
            operations.push(operation(types, op, call, Way::Dump));
            methods.push(dump_method(types, op, call));
        }
    }
    let open = quote! {
        /// Opens a socket in the calling thread's network namespace and resolves the family.
        pub fn open() -> Result<Self, genl_user::Error> {
            let connection = genl_user::Connection::open(&FAMILY)?;
            Ok(Self { connection })
        }
    };
    let connection = quote! {
        /// What the client is made of: its timeout, its port, its descriptor.
        pub fn connection(&mut self) -> &mut genl_user::Connection {
            &mut self.connection
        }
    };
    let mut members = operations;
    members.extend([open, connection]);
    members.extend(methods);
    vec![
        Item::Tokens(structure),
        Item::Block {
            head: "impl Client".into(),
            members,
        },
    ]
}

/// A way to call an operation.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Do,
    Dump,
}

impl Way {
    /// The name of the operation's constant.
    fn constant(self, op: &Op) -> Ident {
        match self {
            Self::Do => ident(&op.name.shouty()),
            Self::Dump => ident(&op.name.join("dump").shouty()),
        }
    }
}

fn operation(types: &Types<'_>, op: &Op, call: &Call, way: Way) -> TokenStream {
    let family = types.family;
    let constant = way.constant(op);
    let name = op.name.as_str();
    let cmd = proc_macro2::Literal::u8_unsuffixed(op.cmd);
    let module = attrs_module(&family[family[call.request].set]);
    let reply = call
        .reply
        .map(|reply| proc_macro2::Literal::u8_unsuffixed(reply.cmd));
    let header = match family[call.request].header {
        Some(id) => {
            let header = types.structure(id);
            quote!(<#header as wire::Struct>::SIZE)
        }
        None => quote!(0),
    };
    let answer = match reply {
        None => quote!(Ack),
        Some(cmd) if way == Way::Dump || family.reply_or_error => quote!(Reply(#cmd)),
        Some(cmd) => quote!(ReplyAndAck(#cmd)),
    };
    let method = match way {
        Way::Do => method(&op.name),
        Way::Dump => method(&op.name.join("dump")),
    };
    let doc = own_doc(&format!("How [`Client::{method}`] calls the kernel."));
    quote! {
        #doc
        pub const #constant: genl_user::Operation = genl_user::Operation {
            family: &FAMILY,
            name: #name,
            cmd: #cmd,
            header: #header,
            request: &#module::LAYOUT,
            answer: genl_user::Answer::#answer,
        };
    }
}

fn do_method(types: &Types<'_>, op: &Op, call: &Call) -> TokenStream {
    let doc = docs(&op.doc, &format!("Calls `{}`.", op.name));
    let (method, constant) = (ident(&method(&op.name)), Way::Do.constant(op));
    let request = request(types, call);
    match call.reply {
        None => quote! {
            #doc
            pub fn #method(&mut self, request: &#request) -> Result<(), genl_user::Error> {
                self.connection.order(&Self::#constant, request)
            }
        },
        Some(reply) => {
            let shape = types.message(&types.family[reply.message]);
            let (owned, view) = (&shape.owned, shape.view_type(&quote!(<'_>)));
            quote! {
                #doc
                pub fn #method(&mut self, request: &#request) -> Result<#view, genl_user::Error> {
                    self.connection.call::<#owned>(&Self::#constant, request)
                }
            }
        }
    }
}

fn dump_method(types: &Types<'_>, op: &Op, call: &Call) -> TokenStream {
    let doc = docs(&op.doc, &format!("Dumps `{}`.", op.name));
    let method = ident(&method(&op.name.join("dump")));
    let constant = Way::Dump.constant(op);
    let request = request(types, call);
    let owned = match call.reply {
        Some(reply) => {
            let owned = types.message(&types.family[reply.message]).owned;
            quote!(#owned)
        }
        None => quote!(genl_user::Unspecified),
    };
    quote! {
        #doc
        pub fn #method(
            &mut self,
            request: &#request
        ) -> Result<genl_user::Dump<'_, #owned>, genl_user::Error> {
            self.connection.dump(&Self::#constant, request)
        }
    }
}

fn request(types: &Types<'_>, call: &Call) -> TokenStream {
    types
        .message(&types.family[call.request])
        .request_type(&quote!(<'_>))
}
