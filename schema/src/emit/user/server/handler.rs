//! The trait that serves the family.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::doc::{errors, of_op, own_doc};
use super::super::print::{Item, ident};
use super::super::types::{self, Types};
use crate::model::{Call, Op};

/// The trait, and the type that ties it to the family.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let family = types.family;
    let methods = family.ops.iter().flat_map(|op| {
        let do_ = op.do_.as_ref().map(|call| do_method(types, op, call));
        let dump = op.dump.as_ref().map(|call| dump_method(types, op, call));
        [do_, dump].into_iter().flatten()
    });
    let doc = match family.ops.is_empty() {
        true => "/// What stands behind the family, which has no operations.",
        false => {
            "/// Serves the operations of the family; those that it leaves out answer EOPNOTSUPP."
        }
    };
    let served = own_doc(&format!("The family \"{}\", served by `H`.", family.name));
    vec![
        Item::Block {
            head: format!("{doc}\npub trait Handler: Sized + Send + 'static"),
            members: methods.collect(),
        },
        Item::Tokens(quote! {
            #served
            #[derive(Debug)]
            pub struct Served<H>(pub H);
        }),
    ]
}

/// The method that serves an operation's do.
pub(super) fn do_name(op: &Op) -> Ident {
    ident(&types::method(&op.name))
}

/// The method that serves an operation's dump.
pub(super) fn dump_name(op: &Op) -> Ident {
    ident(&types::method(&op.name.join("dump")))
}

/// There is something in the request to look at.
pub(super) fn takes_request(types: &Types<'_>, call: &Call) -> bool {
    let message = &types.family[call.request];
    !message.fields.is_empty() || message.header.is_some()
}

/// What a dump is made up of, of the client's types.
pub(super) fn item(types: &Types<'_>, call: &Call) -> TokenStream {
    answer(types, call).unwrap_or_else(|| quote!(genl_user::Unspecified))
}

/// What a call is answered with, of the client's types; `None` if with nothing.
fn answer(types: &Types<'_>, call: &Call) -> Option<TokenStream> {
    let reply = call.reply?;
    let owned = types.message(&types.family[reply.message]).owned;
    Some(quote!(super::#owned))
}

fn do_method(types: &Types<'_>, op: &Op, call: &Call) -> TokenStream {
    let answer = answer(types, call).unwrap_or_else(|| quote!(()));
    method(types, op, call, do_name(op), &answer)
}

fn dump_method(types: &Types<'_>, op: &Op, call: &Call) -> TokenStream {
    let item = item(types, call);
    let items = quote!(server::Items<Self, #item>);
    method(types, op, call, dump_name(op), &items)
}

fn method(
    types: &Types<'_>,
    op: &Op,
    call: &Call,
    name: Ident,
    answer: &TokenStream,
) -> TokenStream {
    let doc = of_op(op, &format!("Serves `{}`.", op.name));
    let errors = errors("Why the request is refused: EOPNOTSUPP, unless this is implemented.");
    let (request, arguments) = match takes_request(types, call) {
        true => {
            let request = types.message(&types.family[call.request]).request;
            (quote!(request: #request<'_>,), quote!((request, op)))
        }
        false => (quote!(), quote!(op)),
    };
    quote! {
        #doc
        #errors
        fn #name(
            &mut self,
            #request
            op: &mut server::Op<'_>,
        ) -> Result<#answer, server::Refusal> {
            let _ = #arguments;
            Err(server::Refusal::unsupported())
        }
    }
}
