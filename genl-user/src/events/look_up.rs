//! How a listener asks the controller for a family, between the events that come meanwhile.

use std::mem;
use std::time::Instant;

use super::aside::Aside;
use super::listener::{Listening, Receipt};
use crate::controller::{self, CONTROLLER_ID, NEWFAMILY};
use crate::error::Error;
use crate::extack::Verdict;
use crate::families::nlctrl::{Client, Getfamily};
use crate::family::Request;
use crate::inbox::Arrived;
use crate::socket::Socket;
use crate::transport::{self, Deadline, Transport};
use crate::wire::{Encoder, Head, finish, generic};

impl<T: Transport> Listening<T> {
    /// Asks the controller for each family, in case that one has got another id and the message
    /// that told of it was lost. The answers are dealt with as its notifications are.
    ///
    /// # Errors
    ///
    /// When one [is late](Error::is_late), as the process that is asked has no room, it is to be done again.
    pub(super) async fn ask_again(&mut self, deadline: &mut Deadline) -> Result<(), Error> {
        for place in 0..self.roster.len() {
            self.seq = self.seq.wrapping_add(1);
            write(
                self.port(),
                &mut self.request,
                self.seq,
                self.roster.name(place),
            )?;
            let sent = transport::send(&self.transport, &self.request, deadline).await;
            if let Err(error) = sent {
                self.unsure = error.is_late();
                if !self.unsure {
                    self.roster.ask_later(place);
                }
                return Err(error);
            }
            self.roster.asked(place, self.seq);
        }
        self.unsure = false;
        Ok(())
    }

    /// Asks the controller for a family, and waits for it if it is to be waited for.
    pub(super) async fn look_up(&mut self, family: &str) -> Result<Arrived, Error> {
        let room = self.socket().queue_size();
        let room = room.map_err(Error::io("ask for the queue size"))?;
        let (mut end, mut pauses) = (None, controller::PAUSES);
        loop {
            // It is older than the answer, for which there is no room before it is read: after an overrun
            // all is lost until the queue is empty, and nobody is told again (`netlink_overrun()`).
            let mut deadline = Deadline::after(self.timeout);
            let aside = self.put_queue_aside(room, &mut deadline).await;
            aside.map_err(Error::before_sending)?;
            let answer = self.ask_for(family, room, &mut deadline).await?;
            if !answer.is_acknowledgement() {
                return Ok(answer);
            }
            let patience = self.patience.filter(|_| self.is_unknown(&answer));
            match (patience, end) {
                (None, _) => return Err(self.refusal(family, &answer)),
                (Some(patience), None) => end = Some(Deadline::after(Some(patience))),
                (Some(_), Some(_)) => {}
            }
            if let Some(end) = &mut end {
                let again = match self.is_told {
                    // The controller's group was joined before it was asked.
                    true => self.wait_for_a_family(end, room).await?,
                    false => {
                        let mut pause = end.or_before(Instant::now() + pauses.take());
                        self.wait_for_a_family(&mut pause, room).await? || !end.has_passed()
                    }
                };
                if !again {
                    return Err(self.unknown(family));
                }
            }
        }
    }

    /// Asks the controller for a family. What comes before the answer is put aside, of which there may
    /// be so many bytes.
    async fn ask_for(
        &mut self,
        family: &str,
        room: usize,
        deadline: &mut Deadline,
    ) -> Result<Arrived, Error> {
        let mut received = false;
        'asking: loop {
            self.seq = self.seq.wrapping_add(1);
            write(self.port(), &mut self.request, self.seq, family)?;
            transport::send(&self.transport, &self.request, deadline).await?;
            let mut lost = false;
            loop {
                while let Some(arrived) = self.inbox.unread()? {
                    match self.is_answer(&arrived) {
                        true => return Ok(arrived),
                        false => self.put_aside(&arrived, room),
                    }
                }
                // Events may come without end.
                if mem::replace(&mut received, true) && deadline.has_passed() {
                    return Err(Error::late());
                }
                let receipt = match lost {
                    false => self.receive(deadline).await?,
                    true => self.receive_at_once().await?,
                };
                match receipt {
                    Receipt::Datagram => {}
                    // The answer may be what there was no room for; there is when all is read.
                    Receipt::Overrun => {
                        self.lose();
                        lost = true;
                    }
                    Receipt::Nothing if lost => {
                        self.read_to_its_end();
                        continue 'asking;
                    }
                    Receipt::Nothing => return Err(Error::late()),
                }
            }
        }
    }

    /// Waits until some family has come, or it may be that one has; false if none has until then.
    async fn wait_for_a_family(&mut self, end: &mut Deadline, room: usize) -> Result<bool, Error> {
        let mut received = false;
        loop {
            while let Some(arrived) = self.inbox.unread()? {
                self.put_aside(&arrived, room);
                let cmd = generic(self.inbox.bytes(&arrived)).map(|(cmd, _)| cmd);
                if arrived.head.kind == CONTROLLER_ID && cmd == Ok(NEWFAMILY) {
                    return self.put_rest_aside(room).map(|()| true);
                }
            }
            if mem::replace(&mut received, true) && end.has_passed() {
                return Ok(false);
            }
            match self.receive(end).await? {
                Receipt::Datagram => {}
                Receipt::Nothing => return Ok(false),
                Receipt::Overrun => {
                    self.lose();
                    return Ok(true);
                }
            }
        }
    }

    /// Whether it answers the last question.
    fn is_answer(&self, arrived: &Arrived) -> bool {
        arrived.head.port == self.socket().port()
            && arrived.head.seq == self.seq
            && (arrived.head.kind == CONTROLLER_ID || arrived.is_acknowledgement())
    }

    /// Whether the controller says that there is no such family.
    fn is_unknown(&self, answer: &Arrived) -> bool {
        let verdict = Verdict::read(&answer.head, self.inbox.bytes(answer));
        verdict.is_ok_and(|verdict| verdict.errno == libc::ENOENT)
    }

    /// Why the controller does not describe a family.
    fn refusal(&self, family: &str, answer: &Arrived) -> Error {
        match Verdict::read(&answer.head, self.inbox.bytes(answer)) {
            Err(malformed) => Error::bad_header(malformed),
            Ok(verdict) => match verdict.errno {
                0 => Client::GETFAMILY.unexpected("an ACK but no reply"),
                libc::ENOENT => self.unknown(family),
                _ => refused(&verdict, &self.request, self.socket()),
            },
        }
    }

    fn unknown(&self, family: &str) -> Error {
        Error::UnknownFamily {
            name: family.into(),
            peer: self.socket().peer(),
        }
    }

    /// Puts aside what has been received, and what is in the queue.
    async fn put_queue_aside(&mut self, room: usize, deadline: &mut Deadline) -> Result<(), Error> {
        loop {
            self.put_rest_aside(room)?;
            match self.receive_at_once().await? {
                Receipt::Datagram if deadline.has_passed() => return Err(Error::late()),
                Receipt::Datagram => {}
                Receipt::Overrun => self.lose(),
                Receipt::Nothing => {
                    self.read_to_its_end();
                    return Ok(());
                }
            }
        }
    }

    fn put_rest_aside(&mut self, room: usize) -> Result<(), Error> {
        while let Some(arrived) = self.inbox.unread()? {
            self.put_aside(&arrived, room);
        }
        Ok(())
    }

    fn put_aside(&mut self, arrived: &Arrived, room: usize) {
        let aside = Aside {
            head: arrived.head,
            nsid: self.inbox.nsid(),
            message: self.inbox.bytes(arrived).to_vec(),
        };
        if !self.aside.put(aside, room) && self.lost_behind.is_none() {
            self.lose();
        }
    }
}

/// The error that the controller refuses a question.
pub(super) fn refused(verdict: &Verdict<'_>, request: &[u8], socket: &Socket) -> Error {
    let mut refused = verdict.refused(&Client::GETFAMILY, request);
    refused.peer = socket.peer();
    Box::new(refused).into()
}

/// Writes the question for a family to the controller.
pub(super) fn write(port: u32, request: &mut Vec<u8>, seq: u32, family: &str) -> Result<(), Error> {
    let head = Head {
        len: 0,
        kind: CONTROLLER_ID,
        flags: libc::NLM_F_REQUEST as u16,
        seq,
        port,
    };
    let operation = &Client::GETFAMILY;
    head.begin(operation.cmd, operation.family.version, request);
    let question = Getfamily {
        family_name: Some(family),
        ..Getfamily::default()
    };
    let encoded = question.encode(&mut Encoder::new(request));
    finish(request);
    encoded.map_err(|unfit| Error::unfit(operation, request, unfit))
}
