//! nltest, served in userspace, as far as its suite asks for it.

use genl_user::families::nltest::server::{
    Broadcast, Echo, Event, Handler, Hello, Remark, Unicast,
};
use genl_user::families::nltest::{EchoReplyOwned, HelloReplyOwned, InnerOwned, MessageOwned};
use genl_user::server::{Op, Refusal};

/// Says what it is asked to say.
pub(crate) struct Talker;

impl Handler for Talker {
    fn hello(&mut self, request: Hello<'_>, _: &mut Op<'_>) -> Result<HelloReplyOwned, Refusal> {
        let text = Some(request.text().to_owned());
        Ok(HelloReplyOwned { text })
    }

    fn echo(&mut self, request: Echo<'_>, _: &mut Op<'_>) -> Result<EchoReplyOwned, Refusal> {
        Ok(EchoReplyOwned {
            u8: request.u8(),
            u16: request.u16(),
            u32: request.u32(),
            u64: request.u64(),
            s8: request.s8(),
            s16: request.s16(),
            s32: request.s32(),
            s64: request.s64(),
            uint: request.uint(),
            sint: request.sint(),
            be16: request.be16(),
            be32: request.be32(),
            string: request.string().map(str::to_owned),
            binary: request.binary().map(<[u8]>::to_vec),
            flag: request.flag(),
            enum_: request.enum_(),
            nest: request.nest().map(|nest| InnerOwned {
                number: nest.number(),
                text: nest.text().map(str::to_owned),
            }),
            multi: request.multi().collect(),
            range: request.range(),
        })
    }

    fn unicast(&mut self, request: Unicast<'_>, op: &mut Op<'_>) -> Result<(), Refusal> {
        let message = message(request.text(), op);
        op.tell_to(request.portid(), &Event::Message(&message))
    }

    fn broadcast(&mut self, request: Broadcast<'_>, op: &mut Op<'_>) -> Result<(), Refusal> {
        let message = message(request.text(), op);
        op.tell(&Event::Message(&message))
    }

    fn remark(&mut self, request: Remark<'_>, op: &mut Op<'_>) -> Result<(), Refusal> {
        if let Some(cookie) = request.cookie() {
            op.cookie(&cookie.to_ne_bytes());
        }
        if let Some(unlucky) = request
            .number_attr()
            .filter(|_| request.number() == Some(13))
        {
            let refusal = Refusal::new(libc::EINVAL).at(unlucky);
            return Err(refusal.because("13 brings bad luck"));
        }
        op.warn(format!("remark: {}", request.text()));
        Ok(())
    }
}

fn message(text: &str, op: &Op<'_>) -> MessageOwned {
    MessageOwned {
        text: Some(text.to_owned()),
        portid: Some(op.port()),
    }
}
