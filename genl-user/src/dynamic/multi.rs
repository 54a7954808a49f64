//! Several requests at once.

use std::ops::Range;
use std::sync::Arc;
use std::{io, mem};

use super::client::{Client, Replies, Request, Sent};
use super::error::Error;
use super::lookup::Mode;
use crate::inbox::Arrived;
use crate::transport::{Deadline, Receive, now};

/// How many bytes of answers are asked to have room; the system may grant less.
const QUEUE: usize = 4 << 20;

/// Room in the receive queue for all that answers one request, in bytes as the kernel counts them:
/// three messages of a page each with what the kernel needs to keep them, and the ACK.
const ANSWER: usize = 16 << 10;

/// How many bytes of requests are sent together: a socket's send buffer holds more on any system.
const DATAGRAM: usize = 32 << 10;

type Answer = Result<Replies, Error>;

impl Client {
    /// Sends several requests together, and gives the answer of each, in order: one that is refused
    /// takes nothing from the others.
    ///
    /// The kernel answers all that it gets together before the first answer can be read. So they
    /// are sent in as many batches as it takes for the answers to fit into the socket's queue.
    /// Where that turns out too small nevertheless, requests without an answer are
    /// [`Error::Lost`]. The timeout is that of all of them together: those that are not answered
    /// within it are [`TimedOut`](crate::Error::TimedOut), and so are those behind them, which are
    /// not sent any more.
    ///
    /// # Errors
    ///
    /// One of the requests cannot be written, or what is left of a dump does not end in time, and
    /// nothing was sent; or the socket failed.
    pub fn multi(&mut self, requests: &[Request]) -> Result<Vec<Answer>, Error> {
        let mut deadline = self.deadline();
        let mut answers = self.multi_once(requests, &mut deadline)?;
        let is_stale = |answer: &Answer| {
            let refused = answer.as_ref().err().and_then(Error::refused);
            refused.is_some_and(|refused| refused.hints_at_stale_id())
        };
        let stale = (0..answers.len()).filter(|&at| is_stale(&answers[at]));
        let stale: Vec<_> = stale.collect();
        // Where the family is gone altogether, the refusals stand as they are.
        if let Some(&first) = stale.first()
            && matches!(self.renewed_after(&answers[first], &mut deadline), Ok(true))
        {
            let again: Vec<_> = stale.iter().map(|&at| requests[at].clone()).collect();
            let again = self.multi_once(&again, &mut deadline)?;
            for (at, answer) in stale.into_iter().zip(again) {
                answers[at] = answer;
            }
        }
        Ok(answers)
    }

    /// As [`Self::multi`], with the family's id as it is known.
    pub(super) fn multi_once(
        &mut self,
        requests: &[Request],
        deadline: &mut Deadline,
    ) -> Result<Vec<Answer>, Error> {
        if let Some(first) = requests.first() {
            self.settle(&first.operation, deadline)?;
        }
        let sent = requests
            .iter()
            .map(|request| self.write(request, Mode::Do))
            .collect::<Result<Vec<_>, _>>()?;
        let mut answers = Vec::with_capacity(sent.len());
        for batch in batches(&sent, self.batch_size(sent.len())?) {
            match answers.iter().any(is_late) {
                // Who has given up waiting is not to find more done later.
                true => answers.extend(sent[batch].iter().map(|unsent| {
                    let late = crate::Error::late().before_sending();
                    Err(self.told_of(&unsent.operation)(late).into())
                })),
                false => self.batch(&sent[batch], &mut answers, deadline)?,
            }
        }
        Ok(answers)
    }

    /// How many of `count` requests can be sent together.
    fn batch_size(&self, count: usize) -> Result<usize, Error> {
        if count < 2 {
            return Ok(1);
        }
        let set = self.transport.socket().set_queue_size(QUEUE);
        set.map_err(crate::Error::io("set the queue size"))?;
        let granted = self.transport.socket().queue_size();
        let granted = granted.map_err(crate::Error::io("ask for the queue size"))?;
        Ok((granted / ANSWER).max(1))
    }

    pub(super) fn batch(
        &mut self,
        sent: &[Sent],
        answers: &mut Vec<Answer>,
        deadline: &mut Deadline,
    ) -> Result<(), Error> {
        let together: Vec<u8> = sent.iter().flat_map(|sent| &sent.bytes).copied().collect();
        match now(self.transport.send(&together, deadline)) {
            Ok(()) => answers.extend(self.answers(sent, deadline)?),
            // Earlier batches keep their answers.
            Err(error) => answers.extend(sent.iter().map(|sent| {
                let code = error.raw_os_error();
                let again = code.map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
                let error = crate::Error::unsent(again, self.transport.socket(), &together);
                Err(self.told_of(&sent.operation)(error).into())
            })),
        }
        Ok(())
    }

    /// Reads all that answers these requests, up to the end of each.
    fn answers(&mut self, sent: &[Sent], deadline: &mut Deadline) -> Result<Vec<Answer>, Error> {
        let mut answers: Vec<Answer> = sent.iter().map(|_| Ok(Vec::new())).collect();
        let mut ended = vec![false; sent.len()];
        let mut lost: Option<Arc<crate::Error>> = None;
        let mut received = false;
        // Requests are answered in order, so what comes is of the first that is open.
        while let Some(open) = ended.iter().position(|ended| !ended) {
            let arrived = match self.next_answer(lost.is_some(), &mut received, deadline) {
                Ok(Some(arrived)) => arrived,
                Ok(None) => break,
                Err(error) if error.errno() == Some(libc::ENOBUFS) => {
                    lost.get_or_insert(Arc::new(error));
                    continue;
                }
                // It is of one of them, and the others come still.
                Err(error @ (crate::Error::Truncated { .. } | crate::Error::Malformed { .. })) => {
                    let at = match error {
                        // Whose it is its first bytes tell.
                        crate::Error::Truncated { .. } => {
                            let seq = self.inbox.truncated_seq();
                            sent.iter().position(|sent| Some(sent.seq) == seq)
                        }
                        _ => Some(open),
                    };
                    if let Some(at) = at.filter(|&at| !ended[at]) {
                        answers[at] = Err(sent[at].lost(&Arc::new(error)));
                        ended[at] = true;
                    }
                    continue;
                }
                Err(error) if error.is_late() => break,
                Err(error) => return Err(error.into()),
            };
            // Their sequence numbers follow each other.
            let at = arrived.head.seq.wrapping_sub(sent[0].seq) as usize;
            if !sent
                .get(at)
                .is_some_and(|sent| self.is_answer(sent, &arrived))
            {
                continue;
            }
            let read = match arrived.is_end() {
                true => self.verdict(&sent[at], &arrived).map(|()| None),
                false => self.read(&sent[at], &arrived).map(Some),
            };
            if arrived.is_acknowledgement() && !mem::replace(&mut ended[at], true) {
                // All else may come without end.
                received = false;
            }
            match (read, &mut answers[at]) {
                (Ok(reply), Ok(replies)) => replies.extend(reply),
                (Err(error), Ok(_)) => answers[at] = Err(error),
                // What went wrong first is what is told.
                (_, Err(_)) => {}
            }
        }
        for at in (0..sent.len()).filter(|&at| !ended[at]) {
            if answers[at].is_ok() {
                answers[at] = Err(match &lost {
                    Some(cause) => sent[at].lost(cause),
                    None => self.late(&sent[at]),
                });
            }
        }
        Ok(answers)
    }

    fn late(&self, sent: &Sent) -> Error {
        self.told_of(&sent.operation)(crate::Error::late()).into()
    }

    /// The next message. Once the queue was full nothing is waited for: what was not lost is there,
    /// for the kernel acknowledges while it takes a request.
    fn next_answer(
        &mut self,
        lossy: bool,
        received: &mut bool,
        deadline: &mut Deadline,
    ) -> Result<Option<Arrived>, crate::Error> {
        if !lossy {
            return self.next(received, deadline).map(Some);
        }
        loop {
            if let Some(arrived) = self.inbox.unread()? {
                return Ok(Some(arrived));
            }
            if !self.inbox.try_receive(&self.transport)? {
                return Ok(None);
            }
        }
    }
}

impl Sent {
    fn lost(&self, cause: &Arc<crate::Error>) -> Error {
        Error::Lost {
            operation: self.operation.clone(),
            cause: Arc::clone(cause),
        }
    }
}

/// Parts of `sent` of at most `most` requests each, which fit into a datagram.
fn batches(sent: &[Sent], most: usize) -> Vec<Range<usize>> {
    let mut batches: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (at, request) in sent.iter().enumerate() {
        bytes += request.bytes.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < most && bytes <= DATAGRAM => batch.end = at + 1,
            _ => {
                batches.push(at..at + 1);
                bytes = request.bytes.len();
            }
        }
    }
    batches
}

/// It was waited for in vain.
fn is_late(answer: &Answer) -> bool {
    matches!(answer, Err(Error::Netlink(crate::Error::TimedOut(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn batches_of(lengths: &[usize], most: usize) -> Vec<Range<usize>> {
        let sent = lengths.iter().map(|&length| Sent {
            seq: 0,
            operation: String::new(),
            mode: Mode::Do,
            bytes: vec![0; length],
        });
        batches(&sent.collect::<Vec<_>>(), most)
    }

    #[test]
    fn batches_are_neither_too_many_nor_too_long() {
        assert!(batches_of(&[], 2).is_empty());
        assert_eq!(batches_of(&[20; 5], 2), [0..2, 2..4, 4..5]);
        let half = DATAGRAM / 2;
        assert_eq!(batches_of(&[half, half, 20, 20], 9), [0..2, 2..4]);
        // What is too long is alone.
        assert_eq!(batches_of(&[20, 2 * DATAGRAM, 20], 9), [0..1, 1..2, 2..3]);
    }

    #[test]
    fn what_answers_something_else_is_not_read_without_end() {
        let text = include_str!("../../../schema/families/nlctrl.yaml");
        let mut client = Client::open(genl_schema::compile("nlctrl.yaml", text).unwrap()).unwrap();
        let values = serde_json::json!({"family-id": 9});
        let absent = Request::new("getfamily", values.as_object().cloned().unwrap());
        let sent = [(); 3].map(|()| client.write(&absent, Mode::Do).unwrap());
        client.set_timeout(Some(Duration::ZERO)).unwrap();
        let send = |client: &Client| {
            let send = |sent: &Sent| client.transport.socket().send(&sent.bytes).unwrap();
            sent.iter().for_each(send);
        };
        // Whatever ends one of them is no such thing.
        send(&client);
        let answers = client.answers(&sent, &mut client.deadline()).unwrap();
        let is_refused = |answer: &Answer| answer.as_ref().is_err_and(|it| it.refused().is_some());
        assert!(answers.iter().all(is_refused), "{answers:?}");
        let told = "nlctrl did not answer getfamily within 0ns";
        // Their answers are there already, behind one.
        send(&client);
        let late = client.answers(&sent[1..], &mut client.deadline()).unwrap();
        for late in late {
            assert_eq!(late.unwrap_err().to_string(), told);
        }
        send(&client);
        let late = client.answer(&sent[2], &mut client.deadline());
        let late = late.map(drop).unwrap_err();
        assert_eq!(late.to_string(), told);
    }

    #[test]
    fn answers_that_did_not_fit_are_lost_and_the_others_are_not() {
        let text = include_str!("../../../schema/families/nlctrl.yaml");
        let mut client = Client::open(genl_schema::compile("nlctrl.yaml", text).unwrap()).unwrap();
        let values = serde_json::json!({"family-id": 16});
        let request = Request::new("getfamily", values.as_object().cloned().unwrap());
        let sent: Vec<_> = (0..100)
            .map(|_| client.write(&request, Mode::Do).unwrap())
            .collect();
        client.transport.socket().set_queue_size(ANSWER).unwrap();
        let mut answers = Vec::new();
        let mut deadline = client.deadline();
        client.batch(&sent, &mut answers, &mut deadline).unwrap();
        let read = answers.iter().take_while(|answer| answer.is_ok()).count();
        assert!((1..100).contains(&read), "{read}");
        for answer in &answers[read..] {
            assert!(matches!(answer, Err(Error::Lost { .. })), "{answer:?}");
        }
        // Nothing of it stands in the way of the next.
        assert_eq!(client.call(&request).unwrap().len(), 1);
    }
}

#[cfg(all(test, feature = "server"))]
mod tests_of_a_peer {
    use super::*;
    use std::thread;
    use std::time::Duration;

    use neli::consts::socket::NlFamily;
    use neli::socket::NlSocket;
    use neli::utils::Groups;
    use serde_json::Map;

    use crate::options::Options;
    use crate::sys::tests::alone;
    use crate::wire::Head;
    use crate::{sys, transport};

    #[test]
    fn what_cannot_be_read_takes_nothing_from_what_comes_later() {
        let _alone = alone();
        let text = include_str!("../../../schema/families/nlctrl.yaml");
        let mut client = Client::open(genl_schema::compile("nlctrl.yaml", text).unwrap()).unwrap();
        let peer = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
        let options = Options::new().peer(peer.pid().unwrap());
        client.transport = transport::open(&options).unwrap();
        let port = client.transport.socket().port();
        let request = Request::new("getfamily", Map::new());
        let sent = [(); 3].map(|()| client.write(&request, Mode::Do).unwrap());
        let tell = |bytes: &[u8]| sys::send_to(sys::fd(&peer), bytes, 0, (port, 0)).unwrap();
        let ack = |seq, len| {
            let head = Head {
                len: 0,
                kind: libc::NLMSG_ERROR as u16,
                flags: 0,
                seq,
                port,
            };
            head.with_body(&vec![0; len])
        };
        let answers = thread::scope(|scope| {
            scope.spawn(|| {
                // The first one's, for nobody else's is due.
                tell(&[0; 16]);
                tell(&ack(sent[1].seq, 70_000));
                thread::sleep(Duration::from_millis(20));
                tell(&ack(sent[2].seq, 20));
            });
            client.answers(&sent, &mut client.deadline()).unwrap()
        });
        assert!(
            matches!(
                answers[..],
                [Err(Error::Lost { .. }), Err(Error::Lost { .. }), Ok(_)]
            ),
            "{answers:?}"
        );
    }
}
