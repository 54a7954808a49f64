//! The fake kernel: families, ports, and what is to go wrong.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::mailbox::Mailbox;
use super::port::Port;
use crate::events::Group;
use crate::family::Operation;
use crate::server::{
    Caller, Engine, Event, Harm, Outbox, Outgoing, Queue, Refusal, Rights, Serve, To,
};

/// The last number that a group gets.
const LAST_GROUP: u32 = 1 << 16;

/// The last error number (`linux/err.h`).
const MAX_ERRNO: i32 = 4095;

/// A fake kernel; clones are the same one.
#[derive(Clone)]
pub struct Kernel(Arc<Shared>);

pub(super) struct Shared {
    /// No other kernel of the process has it.
    pub(super) number: u64,
    state: Mutex<State>,
    /// Ports that are gone, though the kernel could not take notice of it.
    gone: Mutex<Vec<u32>>,
    /// Something has come for some port.
    pub(super) arrived: Condvar,
}

/// All that the kernel knows.
pub(super) struct State {
    pub(super) engine: Engine,
    pub(super) ports: BTreeMap<u32, Mailbox>,
    next_port: u32,
    rights: Rights,
    /// What is held back, if it is.
    held: Option<Vec<Outgoing>>,
    /// So many answers are to be lost.
    losses: usize,
}

thread_local! {
    /// The kernels that the thread has locked: it may run a handler of each.
    static LOCKED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// A kernel's state, which nobody else has meanwhile.
pub(super) struct Locked<'k> {
    state: MutexGuard<'k, State>,
    _here: Here,
}

impl Locked<'_> {
    /// Lets others have it until they notify `arrived`, or so long.
    pub(super) fn wait(mut self, arrived: &Condvar, timeout: Option<Duration>) -> Self {
        self.state = match timeout {
            None => arrived
                .wait(self.state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = arrived.wait_timeout(self.state, timeout);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        self
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

/// The thread has locked the kernel of this number.
struct Here(u64);

impl Here {
    fn begin(number: u64) -> Self {
        // As a thread ends there may be no list any more, but its handlers have ended too.
        let _ = LOCKED.try_with(|locked| locked.borrow_mut().push(number));
        Self(number)
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let _ = LOCKED.try_with(|locked| locked.borrow_mut().retain(|number| *number != self.0));
    }
}

impl Shared {
    /// Locks it.
    ///
    /// # Panics
    ///
    /// If the thread has done so already.
    pub(super) fn lock(&self) -> Locked<'_> {
        assert!(
            !self.is_locked_here(),
            "a handler uses the fake kernel that it serves, or a client of it, which would wait for itself"
        );
        // A handler that panics has ended its own call, and the families are as they were.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut locked = Locked {
            state,
            _here: Here::begin(self.number),
        };
        // With it goes its dump, which may have a port too.
        let gone = mem::take(&mut *self.gone());
        for port in gone {
            locked.ports.remove(&port);
        }
        locked
    }

    /// The calling thread has locked it, and may run a handler of it.
    pub(super) fn is_locked_here(&self) -> bool {
        let locked = LOCKED.try_with(|locked| locked.borrow().contains(&self.number));
        locked.unwrap_or_default()
    }

    /// Closes a port: a handler may have it, and be dropped by who has locked the kernel.
    pub(super) fn close_port(&self, port: u32) {
        match self.is_locked_here() {
            true => self.gone().push(port),
            false => drop(self.lock().ports.remove(&port)),
        }
    }

    fn gone(&self) -> MutexGuard<'_, Vec<u32>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self::new()
    }
}

impl Kernel {
    /// A kernel that has no family but the controller.
    pub fn new() -> Self {
        static KERNELS: AtomicU64 = AtomicU64::new(0);
        let number = KERNELS.fetch_add(1, Ordering::Relaxed);
        let state = State {
            engine: Engine::new(),
            ports: BTreeMap::new(),
            next_port: 1,
            rights: Rights::ALL,
            held: None,
            losses: 0,
        };
        Self(Arc::new(Shared {
            number,
            state: Mutex::new(state),
            gone: Mutex::default(),
            arrived: Condvar::new(),
        }))
    }

    /// Registers a family with its handler, as loading its module does: `server::Served(handler)`.
    ///
    /// It stays until it is unregistered. A family that comes back has another id.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if a family of this name is there.
    pub fn register<S: Serve>(&self, served: S) -> io::Result<Registration<S>> {
        self.change(|state, outbox| {
            let served = Box::new(served);
            let numbers = state.engine.register(served, LAST_GROUP, outbox)?;
            Ok(Registration {
                kernel: self.clone(),
                id: numbers.id,
                served: PhantomData,
            })
        })
    }

    /// Lets the kernel load a family's module when a client asks for the family and it is not there,
    /// as the real one does by the alias that `MODULE_ALIAS_GENL_FAMILY` gives to a module.
    ///
    /// ```
    /// use genl_user::families::kvstore::{Client, server};
    /// use genl_user::{Error, Options, testing::Kernel};
    ///
    /// struct Nothing;
    ///
    /// impl server::Handler for Nothing {}
    ///
    /// let kernel = Kernel::new();
    /// let options = Options::new().kernel(&kernel);
    /// let absent = Client::open_with(&options).unwrap_err();
    /// assert!(matches!(absent, Error::UnknownFamily { .. }));
    /// kernel.install(|| server::Served(Nothing));
    /// Client::open_with(&options).unwrap();
    /// ```
    ///
    /// `module` must not use this kernel.
    pub fn install<S: Serve>(&self, module: impl FnMut() -> S + Send + 'static) {
        self.0.lock().engine.modules.install(module, LAST_GROUP);
    }

    /// Unregisters a family, as unloading its module does; false if there is none of this name.
    pub fn unregister(&self, family: &str) -> bool {
        let id = {
            let state = self.0.lock();
            state.engine.by_name(family).map(|family| family.numbers.id)
        };
        id.is_some_and(|id| self.unregister_id(id))
    }

    fn unregister_id(&self, id: u16) -> bool {
        self.change(|state, outbox| {
            let Some(gone) = state.engine.unregister(id, outbox) else {
                return false;
            };
            let first = gone.numbers.first_group;
            let groups = first..first + gone.numbers.family.groups.len() as u32;
            for mailbox in state.ports.values_mut() {
                mailbox.groups.retain(|group| !groups.contains(group));
            }
            true
        })
    }

    /// Takes CAP_NET_ADMIN from all clients, or gives it to them, as they have it from the start.
    pub fn set_admin(&self, admin: bool) {
        self.set_rights(|rights| (rights.admin, rights.netns_admin) = (admin, admin));
    }

    /// Takes CAP_SYS_ADMIN from all clients, or gives it to them: some groups ask for it
    /// (`x-cap: sys-admin`).
    pub fn set_sys_admin(&self, admin: bool) {
        self.set_rights(|rights| rights.netns_sys_admin = admin);
    }

    /// Tells handlers that all clients are of this user ([`Op::caller`](crate::server::Op::caller)), as a
    /// [`Server`](crate::server::Server) does of each of its own. What it may do is another matter:
    /// [`Self::set_admin`].
    pub fn set_caller(&self, caller: Caller) {
        self.set_rights(|rights| rights.caller = Some(caller));
    }

    fn set_rights(&self, set: impl FnOnce(&mut Rights)) {
        let mut state = self.0.lock();
        set(&mut state.rights);
        let rights = state.rights;
        for mailbox in state.ports.values_mut() {
            mailbox.peer.rights = rights;
        }
    }

    /// Lets the next call of an operation fail with an error number, though nothing is wrong with it; its
    /// handler does not hear of it.
    ///
    /// One way to call it is meant: `Client::GET` is the do, and `Client::GET_DUMP` the dump.
    ///
    /// # Panics
    ///
    /// If the kernel has no such error number: they are positive, and 4095 at most (`MAX_ERRNO`).
    #[track_caller]
    pub fn fail_next(&self, operation: &Operation, errno: i32) {
        self.fail_nth(operation, 1, errno);
    }

    /// As [`Self::fail_next`], of the `nth` call from now on.
    ///
    /// # Panics
    ///
    /// As [`Self::fail_next`], and if `nth` is 0: the next one is the first.
    #[track_caller]
    pub fn fail_nth(&self, operation: &Operation, nth: usize, errno: i32) {
        assert!(nth > 0, "calls are counted from 1");
        assert!(
            (1..=MAX_ERRNO).contains(&errno),
            "{errno} is no error number: these are 1 to {MAX_ERRNO}"
        );
        self.add_fault(operation, nth, Harm::Failure(errno));
    }

    /// Marks the next dump of an operation as not consistent, as if what it lists was changed meanwhile;
    /// the next but one too if it is called twice. One that is refused is none.
    ///
    /// # Panics
    ///
    /// If it is no dump, as `Client::GET_DUMP` is.
    #[track_caller]
    pub fn interrupt_next_dump(&self, operation: &Operation) {
        let name = operation.name;
        assert!(operation.is_dump, "a do is not interrupted: {name}");
        self.add_fault(operation, 1, Harm::Interruption);
    }

    fn add_fault(&self, operation: &Operation, nth: usize, harm: Harm) {
        self.0.lock().engine.faults.add(operation, nth, harm);
    }

    /// What [`Self::fail_next`] and its like have asked for and no call has met yet, in the order in which
    /// it was asked for: `kvstore dump get`. Behind it are the answers that [`Self::drop_next_answer`] has
    /// yet to lose: `an answer to be lost`.
    ///
    /// A test that ends with `assert!(kernel.faults_left().is_empty())` knows that it has tested what it
    /// was to test.
    pub fn faults_left(&self) -> Vec<String> {
        let state = self.0.lock();
        let mut left = state.engine.faults.left();
        left.resize(left.len() + state.losses, "an answer to be lost".into());
        left
    }

    /// Lets the port of a listener lose what comes next, as if its queue were full, until it has read what
    /// is there: behind that it hears of an overrun.
    ///
    /// # Panics
    ///
    /// If nobody has the port.
    #[track_caller]
    pub fn overrun(&self, port: u32) {
        let lost = self.lose(|mailbox| mailbox.peer.port == port);
        assert!(lost, "nobody has the port {port}");
    }

    /// As [`Self::overrun`], of all that listen to a group.
    ///
    /// # Panics
    ///
    /// If nobody does.
    #[track_caller]
    pub fn overrun_group<G: Group>(&self, group: G) {
        let (family, name) = (G::FAMILY.name, group.name());
        let number = self.0.lock().engine.group_number(family, name);
        let lost =
            self.lose(|mailbox| number.is_some_and(|number| mailbox.groups.contains(&number)));
        assert!(
            lost,
            "nobody listens to the group \"{name}\" of \"{family}\""
        );
    }

    /// Lets ports lose what comes next; false if there are no such ports.
    fn lose(&self, is_meant: impl Fn(&Mailbox) -> bool) -> bool {
        let mut state = self.0.lock();
        let mut lost = false;
        for mailbox in state.ports.values_mut().filter(|it| is_meant(it)) {
            mailbox.lose();
            lost = true;
        }
        drop(state);
        self.0.arrived.notify_all();
        lost
    }

    /// Loses the next answer to a request: who waits for it does so in vain.
    pub fn drop_next_answer(&self) {
        self.0.lock().losses += 1;
    }

    /// Holds back all that would be sent, answers and events, until [`Self::release`].
    pub fn hold(&self) {
        self.0.lock().held.get_or_insert_default();
    }

    /// Sends what was held back, and holds nothing back any more.
    pub fn release(&self) {
        let mut state = self.0.lock();
        let held = state.held.take().unwrap_or_default();
        state.deliver(held);
        drop(state);
        self.0.arrived.notify_all();
    }

    /// Opens a port.
    pub(crate) fn open_port(&self) -> io::Result<Port> {
        let mut state = self.0.lock();
        let number = state.next_port;
        let (mailbox, polled) = Mailbox::new(number, state.rights)?;
        state.next_port += 1;
        state.ports.insert(number, mailbox);
        Ok(Port::new(Arc::clone(&self.0), number, polled))
    }

    /// Changes something, and sends what is to be told of it.
    fn change<T>(&self, change: impl FnOnce(&mut State, &mut dyn Outbox) -> T) -> T {
        let mut outbox = Queue::default();
        let mut state = self.0.lock();
        let changed = change(&mut state, &mut outbox);
        state.send(outbox);
        drop(state);
        self.0.arrived.notify_all();
        changed
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        let families = state.engine.families();
        let names = families.map(|family| family.numbers.family.name);
        f.debug_struct("Kernel")
            .field("families", &names.collect::<Vec<_>>())
            .field("ports", &state.ports.keys())
            .finish()
    }
}

impl State {
    /// Serves a datagram from a port.
    pub(super) fn receive(&mut self, port: u32, datagram: &[u8]) {
        let mut outbox = Queue::default();
        if let Some(Mailbox { peer, .. }) = self.ports.get_mut(&port) {
            let was_dumping = peer.is_dumping();
            self.engine.receive(peer, datagram, &mut outbox);
            if lose_answers(&mut self.losses, port, &mut outbox) && !was_dumping {
                // Its beginning is lost, and so is all of it.
                peer.forget_dump();
            }
            if self.held.is_some() {
                peer.let_dump_give_way();
            }
        }
        self.send(outbox);
    }

    /// Goes on with a port's dump, if one is running and there is room.
    pub(super) fn continue_dump(&mut self, port: u32) {
        let mut outbox = Queue::default();
        let Some(mailbox) = self.ports.get_mut(&port) else {
            return;
        };
        if mailbox.has_room()
            && let Some(chunk) = self.engine.chunk(&mut mailbox.peer, &mut outbox)
        {
            self.engine
                .send_chunk(&mut mailbox.peer, chunk, &mut outbox);
            if self.held.is_some() {
                mailbox.peer.let_dump_give_way();
            }
        }
        self.send(outbox);
    }

    fn send(&mut self, outbox: Queue) {
        match &mut self.held {
            Some(held) => held.extend(outbox.0),
            None => self.deliver(outbox.0),
        }
    }

    fn deliver(&mut self, messages: Vec<Outgoing>) {
        for Outgoing { to, bytes } in messages {
            match to {
                To::Port(port) => {
                    if let Some(mailbox) = self.ports.get_mut(&port) {
                        mailbox.deliver(bytes);
                    }
                }
                To::Group { number, but } => {
                    let ports = self.ports.iter_mut();
                    let members = ports.filter(|(port, mailbox)| {
                        Some(**port) != but && mailbox.groups.contains(&number)
                    });
                    for (_, mailbox) in members {
                        mailbox.deliver(bytes.clone());
                    }
                }
            }
        }
    }
}

/// Takes away what answers a request, if such are to be lost: then it is true.
fn lose_answers(losses: &mut usize, port: u32, outbox: &mut Queue) -> bool {
    let answers = |outgoing: &Outgoing| outgoing.to == To::Port(port);
    let loses = *losses > 0 && outbox.0.iter().any(answers);
    if loses {
        *losses -= 1;
        outbox.0.retain(|outgoing| !answers(outgoing));
    }
    loses
}

/// A family that was registered with a [`Kernel`]; clones are the same one.
///
/// Dropping it changes nothing: [`Kernel::unregister`] does.
pub struct Registration<S> {
    kernel: Kernel,
    id: u16,
    served: PhantomData<fn() -> S>,
}

impl<S: Serve> Registration<S> {
    /// The id of the family.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// Looks at the handler, or changes it; `None` once the family is unregistered.
    ///
    /// Nobody is served meanwhile, so `look` must not use a client of this kernel.
    pub fn with<R>(&self, look: impl FnOnce(&mut S) -> R) -> Option<R> {
        let mut state = self.kernel.0.lock();
        let registered = state.engine.by_id_mut(self.id)?;
        let served: &mut dyn Any = &mut *registered.served;
        served.downcast_mut().map(look)
    }

    /// Sends an event to its group.
    ///
    /// # Errors
    ///
    /// ENODEV once the family is unregistered, or why the event cannot be written.
    pub fn tell(&self, event: &impl Event) -> Result<(), Refusal> {
        self.kernel.change(|state, outbox| {
            let registered = state.engine.by_id(self.id);
            let registered = registered.ok_or_else(|| Refusal::new(libc::ENODEV))?;
            registered.numbers.tell(event, outbox)
        })
    }

    /// Sends an event to one port.
    ///
    /// # Errors
    ///
    /// As of [`Self::tell`]; ECONNREFUSED if there is no such port.
    pub fn tell_to(&self, port: u32, event: &impl Event) -> Result<(), Refusal> {
        self.kernel.change(|state, outbox| {
            let registered = state.engine.by_id(self.id);
            let registered = registered.ok_or_else(|| Refusal::new(libc::ENODEV))?;
            if !state.ports.contains_key(&port) {
                return Err(Refusal::new(libc::ECONNREFUSED));
            }
            registered.numbers.tell_to(port, event, outbox)
        })
    }

    /// Unregisters the family, as unloading its module does; false if it is not there any more.
    pub fn unregister(&self) -> bool {
        self.kernel.unregister_id(self.id)
    }
}

impl<S> Clone for Registration<S> {
    fn clone(&self) -> Self {
        Self {
            kernel: self.kernel.clone(),
            id: self.id,
            served: PhantomData,
        }
    }
}

impl<S> fmt::Debug for Registration<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
