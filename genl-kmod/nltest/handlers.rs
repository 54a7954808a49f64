// SPDX-License-Identifier: GPL-2.0

//! The family's operations. There is nothing to remember between two of them.

use crate::{
    generated::{
        self,
        cmd,
        Audience,
        Broadcast,
        CountDump,
        CountItems,
        Echo,
        EchoReply,
        Handler,
        Hello,
        HelloReply,
        Message,
        Remark,
        Repeat,
        RepeatReply,
        Sleep,
        Unicast,
        MAX_COUNTED_LEN, //
    },
    genl::{
        self,
        log::may_log,
        Call,
        Do,
        Op,
        Put,
        Replied,
        Reply, //
    },
    module_parameters::max_sleep_ms,
};
use kernel::{
    prelude::*,
    str::BStr,
    sync::Arc,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// Serves the family; the same in all network namespaces.
pub struct NlTest;

impl genl::PerNet for NlTest {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        Ok(Self)
    }
}

/// Calls the setter of each attribute that the request has.
macro_rules! copy_present {
    ($request:ident to $reply:ident: $($attr:ident)*) => {
        $(if let Some(value) = $request.$attr() {
            $reply = $reply.$attr(value)?;
        })*
    };
}

impl Handler for NlTest {
    type CountCursor = Position;

    // A number and a blob, with their headers.
    const COUNT_ITEM_LEN: usize = (4 + 4) + (4 + MAX_COUNTED_LEN);

    fn hello<'r>(
        &self,
        request: Hello<'r>,
        reply: HelloReply<Reply<'r>>,
        op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        // Anyone may say hello, as often as they like.
        if may_log() {
            // Shown as a `BStr`, whatever is not printable is escaped: it is user space's text.
            let text = BStr::from_bytes(request.text().to_bytes());
            pr_info!("port {} says \"{}\"\n", op.portid(), text);
        }
        Ok(reply.text(request.text())?.send())
    }

    fn echo<'r>(
        &self,
        request: Echo<'r>,
        reply: EchoReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply:
            u8 u16 u32 u64 s8 s16 s32 s64 uint sint be16 be32 string binary enum_ range);
        if let Some(inner) = request.nest() {
            reply = reply.nest(|mut nest| {
                copy_present!(inner to nest: number text);
                Ok(nest)
            })?;
        }
        Ok(reply.flag(request.flag())?.multi(request.multi())?.send())
    }

    fn unicast<'r>(&self, request: Unicast<'r>, op: &Op<'r>) -> Result {
        generated::message_to(request.portid(), op.net(), GFP_KERNEL, |message| {
            message.portid(op.portid())?.text(request.text())
        })
    }

    fn broadcast<'r>(&self, request: Broadcast<'r>, op: &Op<'r>) -> Result {
        match request.audience().unwrap_or(Audience::Namespace) {
            Audience::Namespace => {
                generated::message(op.net(), GFP_KERNEL, |message| say(message, &request, op))
            }
            Audience::Everywhere => {
                generated::message_all(GFP_KERNEL, |message| say(message, &request, op))
            }
            Audience::SenderToo => {
                generated::message_for(op, GFP_KERNEL, |message| say(message, &request, op))?
            }
        }
        Ok(())
    }

    fn repeat<'r>(
        &self,
        request: Repeat<'r>,
        reply: RepeatReply<Reply<'r>>,
        op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        if request.at_once() {
            let all = (0..request.times()).map(|_| request.text());
            return Ok(reply.all(all)?.send());
        }
        let mut reply = reply.text(request.text())?.number(0)?;
        for number in 1..request.times() {
            let next = reply.and_another(op)?;
            reply = next.text(request.text())?.number(number)?;
        }
        Ok(reply.send())
    }

    fn sleep<'r>(&self, request: Sleep<'r>, op: &Op<'r>) -> Result {
        let longest = *max_sleep_ms.value_ref();
        if request.milliseconds() > longest {
            return Err(op.bad_attr(
                request.milliseconds_attr(),
                ERANGE,
                fmt!("nobody may sleep longer than {longest} ms"),
            ));
        }
        fsleep(Delta::from_millis(request.milliseconds().into()));
        Ok(())
    }

    fn count_dump_start<'r>(&self, request: CountDump<'r>, _op: &Op<'r>) -> Result<Position> {
        let mut blob = KVec::new();
        blob.resize(
            request.blob_len().unwrap_or(0) as usize,
            0xb1,
            GFP_KERNEL_ACCOUNT,
        )?;
        let plan = Plan {
            to: request.to(),
            blob,
            fail_at: request.fail_at(),
        };
        Ok(Position {
            next: 0,
            plan: Arc::new(plan, GFP_KERNEL_ACCOUNT)?,
        })
    }

    fn count_dump(&self, mut items: CountItems<'_, Position>, op: &Op<'_>) -> Result {
        let plan = items.cursor().plan.clone();
        for number in items.cursor().next..plan.to {
            if plan.fail_at == Some(number) {
                return Err(op.error(EDOM, fmt!("{number} is where it was to fail")));
            }
            items.add(
                |item| {
                    let item = item.number(number)?;
                    match plan.blob.is_empty() {
                        true => Ok(item),
                        false => item.blob(&plan.blob),
                    }
                },
                |position| position.next = number + 1,
            )?;
        }
        Ok(())
    }

    fn remark<'r>(&self, request: Remark<'r>, op: &Op<'r>) -> Result {
        if let Some(cookie) = request.cookie() {
            op.cookie(&cookie.to_ne_bytes());
        }
        if let Some(attr) = request.number_attr().filter(|attr| attr.u8() == Some(13)) {
            let policy = <Call<{ cmd::REMARK }> as Do<Self>>::POLICY;
            return Err(op.bad_attr_by(policy, attr, EINVAL, c"13 brings bad luck"));
        }
        match request.number() {
            Some(14) => return Err(EMSGSIZE),
            Some(15) => return Err(EINTR),
            Some(16) => return Err(EPROBE_DEFER),
            Some(17) => return Err(ENOTSUPP),
            Some(18) => return Err(EBADHANDLE),
            _ => {}
        }
        let text = request.text();
        match text.to_str() {
            Ok(text) => op.warn(fmt!("remark: {text}")),
            // Escaped, as the kernel's log has it.
            Err(_) => op.warn(fmt!("remark: {}", BStr::from_bytes(text.to_bytes()))),
        }
        Ok(())
    }
}

/// Puts what a broadcast asks to be said.
fn say<M: Put>(message: Message<M>, request: &Broadcast<'_>, op: &Op<'_>) -> Result<Message<M>> {
    message.portid(op.portid())?.text(request.text())
}

/// What a dump of `count` sends: shared by all its chunks, and by nobody else.
struct Plan {
    to: u32,
    blob: KVec<u8>,
    fail_at: Option<u32>,
}

/// Where a dump of `count` stands.
pub struct Position {
    next: u32,
    plan: Arc<Plan>,
}
