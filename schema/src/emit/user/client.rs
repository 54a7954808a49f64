//! The client: a method for each way to call an operation.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::doc::{errors, of_op, own_doc};
use super::print::{Item, ident};
use super::types::{Types, attrs_module, method};
use crate::model::{Call, Family, Message, Op};

/// The two clients: how operations are called is said with the blocking one.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let calls: Vec<_> = calls(types.family).collect();
    let operations = calls
        .iter()
        .map(|&(op, call, way)| operation(types, op, call, way));
    let mut items = client(types, Colour::Blocking, operations.collect());
    items.extend(client(types, Colour::Async, Vec::new()));
    items.extend(pipeline(types, &calls));
    items
}

/// The struct, and its methods behind what else it has.
fn client(types: &Types<'_>, colour: Colour, mut members: Vec<TokenStream>) -> Vec<Item> {
    let name = colour.client();
    let doc = own_doc(&format!(
        "A client of the family \"{}\"{}.",
        types.family.name,
        colour.whose()
    ));
    let (condition, connection) = (colour.condition(), colour.connection());
    let structure = quote! {
        #doc
        #condition
        #[derive(Debug)]
        pub struct #name {
            connection: genl_user::#connection,
        }
    };
    let open_doc = own_doc(colour.open());
    let open_errors = colour.open_errors("open");
    let open_with_errors = colour.open_errors("open_with");
    let (asyncness, wait) = (colour.asyncness(), colour.wait());
    members.push(quote! {
        #open_doc
        #open_errors
        pub #asyncness fn open() -> Result<Self, genl_user::Error> {
            Self::open_with(&genl_user::Options::new()) #wait
        }
    });
    members.push(quote! {
        /// Opens it in another way: elsewhere, or with other limits.
        #open_with_errors
        pub #asyncness fn open_with(
            options: &genl_user::Options
        ) -> Result<Self, genl_user::Error> {
            let connection = genl_user::#connection::open_with(&FAMILY, options) #wait?;
            Ok(Self { connection })
        }
    });
    members.push(quote! {
        /// Opens it once the kernel has the family, whose module may be loaded later; waits so long
        /// at most.
        #open_with_errors
        pub #asyncness fn open_when_available(
            timeout: std::time::Duration
        ) -> Result<Self, genl_user::Error> {
            Self::open_with(&genl_user::Options::new().wait_for_family(timeout)) #wait
        }
    });
    members.push(quote! {
        /// What the client is made of: its timeout, its port, its descriptor.
        pub fn connection(&mut self) -> &mut genl_user::#connection {
            &mut self.connection
        }
    });
    members.push(quote! {
        /// Lets the next call have these flags too, and that call alone.
        #[must_use = "it is about the call that comes next"]
        pub fn with_flags(&mut self, flags: genl_user::Flags) -> &mut Self {
            self.connection.with_flags(flags);
            self
        }
    });
    members.push(quote! {
        /// Lets the next call end after so long, and that call alone.
        ///
        /// Opening is no call: [`genl_user::Options::timeout`] is about that.
        #[must_use = "it is about the call that comes next"]
        pub fn within(&mut self, timeout: std::time::Duration) -> &mut Self {
            self.connection.within(timeout);
            self
        }
    });
    let transport = colour.transport();
    members.push(quote! {
        /// Begins calls that are to be sent together.
        pub fn pipeline(&mut self) -> Pipeline<'_ #transport> {
            Pipeline { calls: self.connection.pipeline() }
        }
    });
    members.extend(calls(types.family).map(|(op, call, way)| match way {
        Way::Do => do_method(types, colour, op, call),
        Way::Dump => dump_method(types, colour, op, call),
    }));
    let condition = match colour {
        Colour::Blocking => "",
        Colour::Async => "#[cfg(feature = \"tokio\")]\n",
    };
    vec![
        Item::Tokens(structure),
        Item::Block {
            head: format!("{condition}impl {name}"),
            members,
        },
        Item::Block {
            head: format!("{condition}impl genl_user::Reusable for {name}"),
            members: vec![quote! {
                fn forget_wishes(&mut self) {
                    genl_user::Reusable::forget_wishes(&mut self.connection);
                }
            }],
        },
    ]
}

/// The calls that are sent together, whoever waits for their answers.
fn pipeline(types: &Types<'_>, calls: &[(&Op, &Call, Way)]) -> Vec<Item> {
    let doc = own_doc(&format!(
        "Calls of the family \"{}\" that are sent together; see [`Client::pipeline`].",
        types.family.name
    ));
    let structure = quote! {
        #doc
        #[derive(Debug)]
        #[must_use = "nothing is sent before `send`"]
        pub struct Pipeline<'c, T: genl_user::Transport = genl_user::Blocking> {
            calls: genl_user::Pipeline<'c, T>,
        }
    };
    let dos = calls.iter().filter(|(_, _, way)| *way == Way::Do);
    let mut members: Vec<_> = dos
        .map(|(op, call, _)| adding_method(types, op, call))
        .collect();
    members.push(quote! {
        /// Lets the next call that is added have these flags too, and that call alone.
        #[must_use = "it is about the call that comes next"]
        pub fn with_flags(&mut self, flags: genl_user::Flags) -> &mut Self {
            self.calls.with_flags(flags);
            self
        }
    });
    let mut items = vec![
        Item::Tokens(structure),
        Item::Block {
            head: "impl<T: genl_user::Transport> Pipeline<'_, T>".into(),
            members,
        },
    ];
    items.extend([Colour::Blocking, Colour::Async].map(|colour| {
        let (condition, transport) = (colour.condition(), colour.transport());
        let (asyncness, wait) = (colour.asyncness(), colour.wait());
        Item::Tokens(quote! {
            #condition
            impl<'c> Pipeline<'c #transport> {
                /// Sends the calls and waits for all answers, which are taken by their tickets.
                ///
                /// # Errors
                ///
                /// Those of [`genl_user::Pipeline::send`].
                pub #asyncness fn send(
                    self
                ) -> Result<genl_user::Answers<'c #transport>, genl_user::Error> {
                    self.calls.send() #wait
                }
            }
        })
    }));
    items
}

fn adding_method(types: &Types<'_>, op: &Op, call: &Call) -> TokenStream {
    let (method, constant) = (method(&op.name), Way::Do.constant(op));
    let doc = own_doc(&format!("Adds a call of [`Client::{method}`]."));
    let errors = errors("Those of [`genl_user::Pipeline::add`].");
    let (method, request) = (ident(&method), request(types, call));
    let owned = match call.reply {
        Some(reply) => {
            let owned = types.message(&types.family[reply.message]).owned;
            quote!(#owned)
        }
        None => quote!(()),
    };
    quote! {
        #doc
        #errors
        pub fn #method(
            &mut self,
            request: &#request
        ) -> Result<genl_user::Ticket<#owned>, genl_user::Error> {
            self.calls.add(&Client::#constant, request)
        }
    }
}

/// Every way to call every operation.
fn calls(family: &Family) -> impl Iterator<Item = (&Op, &Call, Way)> {
    family.ops.iter().flat_map(|op| {
        let do_ = op.do_.as_ref().map(|call| (op, call, Way::Do));
        let dump = op.dump.as_ref().map(|call| (op, call, Way::Dump));
        do_.into_iter().chain(dump)
    })
}

/// Who waits: the thread, or a task.
#[derive(Clone, Copy, PartialEq)]
enum Colour {
    Blocking,
    Async,
}

impl Colour {
    fn client(self) -> Ident {
        ident(match self {
            Self::Blocking => "Client",
            Self::Async => "AsyncClient",
        })
    }

    fn connection(self) -> Ident {
        ident(match self {
            Self::Blocking => "Connection",
            Self::Async => "AsyncConnection",
        })
    }

    fn dump(self) -> Ident {
        ident(match self {
            Self::Blocking => "Dump",
            Self::Async => "AsyncDump",
        })
    }

    /// What stands behind the lifetime of types for both.
    fn transport(self) -> TokenStream {
        match self {
            Self::Blocking => quote!(),
            Self::Async => quote!(, genl_user::Tokio),
        }
    }

    fn whose(self) -> &'static str {
        match self {
            Self::Blocking => "",
            Self::Async => ", for tasks of tokio's",
        }
    }

    fn open(self) -> &'static str {
        match self {
            Self::Blocking => {
                "Opens a socket in the calling thread's network namespace and resolves the family."
            }
            Self::Async => "As [`Client::open`], in a task of tokio's.",
        }
    }

    /// What goes wrong where the connection is made by this function of its type.
    fn open_errors(self, function: &str) -> TokenStream {
        let errors = errors(&format!("Those of [`genl_user::Connection::{function}`]."));
        match self {
            Self::Blocking => errors,
            Self::Async => quote! {
                #errors
                ///
                /// # Panics
                ///
                /// Outside of a tokio runtime that has its I/O driver.
            },
        }
    }

    /// What the app has to have chosen.
    fn condition(self) -> TokenStream {
        match self {
            Self::Blocking => quote!(),
            Self::Async => quote!(#[cfg(feature = "tokio")]),
        }
    }

    fn asyncness(self) -> TokenStream {
        match self {
            Self::Blocking => quote!(),
            Self::Async => quote!(async),
        }
    }

    fn wait(self) -> TokenStream {
        match self {
            Self::Blocking => quote!(),
            Self::Async => quote!(.await),
        }
    }
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

/// The constant of the operation that a message is a request to.
pub(super) fn operation_of(family: &Family, message: &Message) -> Option<Ident> {
    let (op, _, way) =
        calls(family).find(|(_, call, _)| std::ptr::eq(&family[call.request], message))?;
    Some(way.constant(op))
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
    let (is_dump, method) = match way {
        Way::Do => (false, method(&op.name)),
        Way::Dump => (true, method(&op.name.join("dump"))),
    };
    let capability = match op.permission.capability() {
        Some(capability) => quote!(Some(#capability)),
        None => quote!(None),
    };
    let doc = own_doc(&format!("How [`Client::{method}`] calls the kernel."));
    quote! {
        #doc
        pub const #constant: genl_user::Operation = genl_user::Operation {
            family: &FAMILY,
            name: #name,
            cmd: #cmd,
            is_dump: #is_dump,
            header: #header,
            request: &#module::LAYOUT,
            answer: genl_user::Answer::#answer,
            capability: #capability,
        };
    }
}

fn do_method(types: &Types<'_>, colour: Colour, op: &Op, call: &Call) -> TokenStream {
    let doc = of_op(op, &format!("Calls `{}`.", op.name));
    let (method, constant) = (ident(&method(&op.name)), Way::Do.constant(op));
    let request = request(types, call);
    let (asyncness, wait) = (colour.asyncness(), colour.wait());
    match call.reply {
        None => {
            let errors = errors("Those of [`genl_user::Connection::order`].");
            quote! {
                #doc
                #errors
                pub #asyncness fn #method(
                    &mut self,
                    request: &#request
                ) -> Result<(), genl_user::Error> {
                    self.connection.order(&Client::#constant, request) #wait
                }
            }
        }
        Some(reply) => {
            let shape = types.message(&types.family[reply.message]);
            let (owned, view) = (&shape.owned, shape.view_type(&quote!(<'_>)));
            let errors = errors("Those of [`genl_user::Connection::call`].");
            quote! {
                #doc
                #errors
                pub #asyncness fn #method(
                    &mut self,
                    request: &#request
                ) -> Result<#view, genl_user::Error> {
                    self.connection.call::<#owned>(&Client::#constant, request) #wait
                }
            }
        }
    }
}

fn dump_method(types: &Types<'_>, colour: Colour, op: &Op, call: &Call) -> TokenStream {
    let doc = of_op(op, &format!("Dumps `{}`.", op.name));
    let errors = errors("Those of [`genl_user::Connection::dump`].");
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
    let (asyncness, wait, dump) = (colour.asyncness(), colour.wait(), colour.dump());
    quote! {
        #doc
        #errors
        pub #asyncness fn #method(
            &mut self,
            request: &#request
        ) -> Result<genl_user::#dump<'_, #owned>, genl_user::Error> {
            self.connection.dump(&Client::#constant, request) #wait
        }
    }
}

fn request(types: &Types<'_>, call: &Call) -> TokenStream {
    types
        .message(&types.family[call.request])
        .request_type(&quote!(<'_>))
}
