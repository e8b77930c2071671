//! The MPI library: loaded, started and called. The only file of this crate with `unsafe` in it.
//!
//! What is handed out is safe to use: a buffer belongs to its [`Transfer`] until the library is done with it, a
//! [`Session`] exists from `MPI_Init_thread` to `MPI_Finalize` and stays on the thread that started it, and nothing
//! that was loaded is unloaded.
#![expect(unsafe_code, reason = "functions of a C library that is loaded at run time")]

use super::family::{self, Handles, Numbers};
use super::{StartError, one_line};
use crate::world::link::LinkError;
use libloading::os::unix::{Library as Object, RTLD_GLOBAL, RTLD_NOW};
use std::ffi::{OsString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};

/// All messages carry this tag: the order that MPI promises holds between messages that a receive matches alike.
const TAG: c_int = 0;
/// More than the longest text of any family: `MPI_MAX_LIBRARY_VERSION_STRING` is 8192 in MPICH and the standard ABI.
const TEXT_BYTES: usize = 8192 + 1;
/// Set by the first start: MPI allows one in the life of a process, even after an end.
static STARTED: AtomicBool = AtomicBool::new(false);

/// An MPI library in memory, not started.
pub(super) struct Library {
    name: String,
    calls: Box<dyn Calls>,
    is_mpich: bool,
}

impl Library {
    /// Loads the first of these libraries that can be loaded.
    pub(super) fn load(candidates: &[OsString]) -> Result<Self, StartError> {
        let mut tried = Vec::new();
        for candidate in candidates {
            let name = one_line(candidate.as_bytes());
            // SAFETY: the code that runs while loading is that of an MPI library, named by the user or by the names
            // such libraries have in the system's folders; it is made to be loaded by any program.
            // Global, for Open MPI loads parts of its own that look for the symbols of the first.
            match unsafe { Object::open(Some(candidate), RTLD_NOW | RTLD_GLOBAL) } {
                Ok(object) => return Self::of(name, object),
                Err(cause) => tried.push(one_line(said(&cause, &name).as_bytes())),
            }
        }
        Err(StartError::NoLibrary { tried })
    }

    fn of(name: String, object: Object) -> Result<Self, StartError> {
        // Never unloaded: the library may have threads and handlers that outlive every use of it here.
        let object: &'static Object = Box::leak(Box::new(object));
        let not_mpi = |cause: libloading::Error| {
            let reason = one_line(said(&cause, &name).as_bytes());
            StartError::NotMpi { library: name.clone(), reason }
        };
        let mut is_mpich = false;
        let calls: Box<dyn Calls> = if is_standard(object, &name) {
            let functions = Functions::<*mut c_void>::find(object).map_err(not_mpi)?;
            Box::new(Bound { functions, numbers: family::STANDARD_NUMBERS, handles: family::STANDARD_HANDLES })
        } else if let Some(handles) = open_mpi_handles(object) {
            let functions = Functions::<*mut c_void>::find(object).map_err(not_mpi)?;
            Box::new(Bound { functions, numbers: family::OPEN_MPI_NUMBERS, handles })
        } else {
            let functions = Functions::<c_int>::find(object).map_err(not_mpi)?;
            is_mpich = true;
            Box::new(Bound { functions, numbers: family::MPICH_NUMBERS, handles: family::MPICH_HANDLES })
        };
        Ok(Self { name, calls, is_mpich })
    }

    /// Starts MPI, on the one thread that may call it from now on. A library that cannot start may end the process.
    pub(super) fn start(self) -> Result<Session, StartError> {
        if STARTED.swap(true, Ordering::SeqCst) {
            return Err(StartError::Again);
        }
        let session = Session { calls: self.calls, thread: PhantomData };
        let start = || -> Result<c_int, LinkError> {
            let (code, provided) = session.calls.init_thread();
            session.check("MPI_Init_thread", code)?;
            session.check("MPI_Comm_set_errhandler", session.calls.return_errors())?;
            Ok(provided)
        };
        let library = self.name;
        let wanted = session.calls.numbers().thread_funneled;
        match start() {
            Ok(provided) if provided < wanted => Err(StartError::Threads { library, provided, wanted }),
            Ok(_) => Ok(session),
            Err(cause) => Err(StartError::Call { library, cause }),
        }
    }

    /// Whether it has the interface of MPICH, which no library of Open MPI has.
    pub(super) fn is_mpich(&self) -> bool {
        self.is_mpich
    }

    /// The name that it was loaded by, in one line.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// What the loader says; it names the library itself, mostly.
fn said(cause: &libloading::Error, library: &str) -> String {
    let text = match std::error::Error::source(cause) {
        Some(source) => source.to_string(),
        None => cause.to_string(),
    };
    if text.contains(library) { text } else { format!("{library}: {text}") }
}

/// Whether the library keeps the standard ABI. A library of another ABI that knows the question says no.
fn is_standard(object: &Object, name: &str) -> bool {
    type AbiGetVersion = unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int;
    // SAFETY: the type is that of the function in the standard (MPI 5.0, section 20.2).
    match unsafe { object.get::<AbiGetVersion>("MPI_Abi_get_version") } {
        Ok(version) => {
            let (mut major, mut minor) = (0, 0);
            // SAFETY: both addresses are those of numbers; the function may be called before MPI is started.
            unsafe { version(&raw mut major, &raw mut minor) == 0 && major > 0 }
        }
        // MPICH 4.3 has a first form of the ABI, without the question.
        Err(_) => name.contains("mpi_abi"),
    }
}

/// Where the handles of Open MPI lie; nothing in a library of another family.
fn open_mpi_handles(object: &Object) -> Option<Handles> {
    let [world, itself, errors_return, byte] = family::OPEN_MPI_SYMBOLS.map(|symbol| {
        // SAFETY: only the address is taken, whatever lies there.
        let found = unsafe { object.get::<*mut c_void>(symbol) };
        found.ok().map(|found| found.into_raw().expose_provenance())
    });
    Some(Handles { world: world?, itself: itself?, errors_return: errors_return?, byte: byte? })
}

/// MPI, started: from `MPI_Init_thread` to [`Session::finish`].
pub(super) struct Session {
    calls: Box<dyn Calls>,
    /// MPI was told that one thread calls it: neither `Send` nor `Sync`.
    thread: PhantomData<*const ()>,
}

/// A message that has arrived, or is about to, and that no buffer waits for yet.
#[derive(Clone, Copy)]
pub(super) struct Envelope {
    pub(super) from: usize,
    pub(super) bytes: usize,
}

impl Session {
    pub(super) fn rank(&self) -> Result<usize, LinkError> {
        let (code, rank) = self.calls.comm_rank();
        self.check("MPI_Comm_rank", code)?;
        natural("MPI_Comm_rank", rank)
    }

    pub(super) fn size(&self) -> Result<usize, LinkError> {
        let (code, size) = self.calls.comm_size();
        self.check("MPI_Comm_size", code)?;
        natural("MPI_Comm_size", size)
    }

    /// The first line of what the library says of itself.
    pub(super) fn library_version(&self) -> Result<String, LinkError> {
        let mut text = Text::new();
        self.check("MPI_Get_library_version", self.calls.library_version(&mut text))?;
        Ok(one_line(text.bytes().split(|byte| *byte == b'\n').next().unwrap_or_default()))
    }

    /// The host, as the library calls it.
    pub(super) fn processor_name(&self) -> Result<String, LinkError> {
        let mut text = Text::new();
        self.check("MPI_Get_processor_name", self.calls.processor_name(&mut text))?;
        Ok(one_line(text.bytes()))
    }

    /// The next message that no buffer waits for, from this rank or from any.
    pub(super) fn probe(&self, from: Option<usize>) -> Result<Option<Envelope>, LinkError> {
        let numbers = self.calls.numbers();
        let from = from.map_or(Ok(numbers.any_source), |from| as_int("MPI_Iprobe", from))?;
        let mut status = Status::new();
        let (code, found) = self.calls.iprobe(from, &mut status);
        self.check("MPI_Iprobe", code)?;
        if !found {
            return Ok(None);
        }
        let source = status.0.get(numbers.source_in_status).copied().unwrap_or(-1);
        Ok(Some(Envelope { from: natural("MPI_Iprobe", source)?, bytes: self.count(&status)? }))
    }

    /// Begins to send. The message stays where it is until the transfer is done.
    pub(super) fn send(&self, to: usize, message: Vec<u8>) -> Result<Transfer, LinkError> {
        let call = "MPI_Isend";
        let (to, count) = (as_int(call, to)?, as_int(call, message.len())?);
        let mut transfer = Transfer { buffer: ManuallyDrop::new(message), request: 0, direction: Direction::Out };
        // SAFETY: the buffer is `count` bytes long. It belongs to the transfer, which neither moves nor frees nor
        // lends it before the library is done with it, not even when it is dropped.
        let (code, request) = unsafe { self.calls.isend(transfer.buffer.as_ptr(), count, to) };
        self.check(call, code)?;
        transfer.request = request;
        Ok(transfer)
    }

    /// Begins to receive the message that a probe found: the first from that rank that no buffer waits for.
    pub(super) fn receive(&self, envelope: Envelope) -> Result<Transfer, LinkError> {
        let call = "MPI_Irecv";
        let (from, count) = (as_int(call, envelope.from)?, as_int(call, envelope.bytes)?);
        let buffer = ManuallyDrop::new(vec![0; envelope.bytes]);
        let mut transfer = Transfer { buffer, request: 0, direction: Direction::In };
        // SAFETY: the buffer is `count` bytes long, all written once. It belongs to the transfer, which neither moves
        // nor frees nor lends it before the library is done with it, not even when it is dropped.
        let (code, request) = unsafe { self.calls.irecv(transfer.buffer.as_mut_ptr(), count, from) };
        self.check(call, code)?;
        transfer.request = request;
        Ok(transfer)
    }

    /// Ends MPI, where all ranks do: it waits for them. All transfers must be done.
    pub(super) fn finish(self) -> Result<(), LinkError> {
        let code = self.calls.finalize();
        // After its end MPI has no words for an error.
        let failed = || LinkError::Failed { call: "MPI_Finalize", reason: format!("error {code}") };
        if code == 0 { Ok(()) } else { Err(failed()) }
    }

    /// Ends all ranks. What comes back says why that failed.
    pub(super) fn abort(&self, exit_code: c_int) -> LinkError {
        let reason = match self.check("MPI_Abort", self.calls.abort(exit_code)) {
            Ok(()) => "the ranks were not ended".to_owned(),
            Err(failed) => return failed,
        };
        LinkError::Failed { call: "MPI_Abort", reason }
    }

    fn count(&self, status: &Status) -> Result<usize, LinkError> {
        let (code, count) = self.calls.get_count(status);
        self.check("MPI_Get_count", code)?;
        natural("MPI_Get_count", count)
    }

    fn check(&self, call: &'static str, code: c_int) -> Result<(), LinkError> {
        if code == 0 {
            return Ok(());
        }
        let mut text = Text::new();
        let reason = match self.calls.error_string(code, &mut text) {
            0 => one_line(text.bytes()),
            _ => format!("error {code}"),
        };
        Err(LinkError::Failed { call, reason })
    }
}

/// A message that the library reads or writes on its own, until it says that it is done.
///
/// Dropped before, it leaves its memory behind: the library may still use it, and there is no call that ends that at
/// once (`MPI_Cancel` waits as well, and does nothing for a message under way).
pub(super) struct Transfer {
    buffer: ManuallyDrop<Vec<u8>>,
    /// The library's handle of it, as bits.
    request: usize,
    direction: Direction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Out,
    In,
    /// The library is done with it, and the buffer given back.
    Done,
}

impl Transfer {
    /// Lets the library work, and gives the message back once it is done with it, whole.
    pub(super) fn poll(&mut self, session: &Session) -> Result<Option<Vec<u8>>, LinkError> {
        let direction = self.direction;
        if direction == Direction::Done {
            return Ok(None);
        }
        let mut status = Status::new();
        let (code, request, done) = session.calls.test(self.request, &mut status);
        session.check("MPI_Test", code)?;
        self.request = request;
        if !done {
            return Ok(None);
        }
        self.direction = Direction::Done;
        let message = std::mem::take(&mut *self.buffer);
        if direction == Direction::In && session.count(&status)? != message.len() {
            let reason = format!("a message of other than the {} bytes that MPI_Iprobe told of", message.len());
            return Err(LinkError::Failed { call: "MPI_Test", reason });
        }
        Ok(Some(message))
    }
}

fn as_int(call: &'static str, number: usize) -> Result<c_int, LinkError> {
    let too_much = |_| LinkError::Failed { call, reason: format!("{number} is more than it takes") };
    c_int::try_from(number).map_err(too_much)
}

/// A number that is never below 0, unless the library has none: `MPI_UNDEFINED`, for a length above 2 GiB.
fn natural(call: &'static str, number: c_int) -> Result<usize, LinkError> {
    usize::try_from(number).map_err(|_| LinkError::Failed { call, reason: format!("gives {number}") })
}

/// Room for an `MPI_Status` of any family: 20, 24 or 32 bytes, some holding a `size_t`.
#[repr(C, align(8))]
struct Status([c_int; 16]);

impl Status {
    fn new() -> Self {
        Self([0; 16])
    }
}

/// Room for the longest text, and how long the text is.
struct Text {
    room: Box<[u8; TEXT_BYTES]>,
    length: c_int,
}

impl Text {
    fn new() -> Self {
        Self { room: Box::new([0; TEXT_BYTES]), length: 0 }
    }

    fn bytes(&self) -> &[u8] {
        let length = usize::try_from(self.length).unwrap_or(0);
        let text = self.room.get(..length).unwrap_or_default();
        // Open MPI counts the zero at the end.
        text.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// A handle as a library takes it: an address, or a number.
trait Handle: Copy + 'static {
    fn of(bits: usize) -> Self;
    fn bits(self) -> usize;
}

impl Handle for *mut c_void {
    fn of(bits: usize) -> Self {
        std::ptr::with_exposed_provenance_mut(bits)
    }

    fn bits(self) -> usize {
        self.expose_provenance()
    }
}

impl Handle for c_int {
    fn of(bits: usize) -> Self {
        // All bits come from such a number, or from a constant of 32 bits.
        u32::try_from(bits).unwrap_or(0).cast_signed()
    }

    fn bits(self) -> usize {
        self.cast_unsigned() as usize
    }
}

macro_rules! functions {
    ($($field:ident = $name:literal ($($argument:ty),*);)*) => {
        /// The functions of a library whose handles are of type `H`, as the standard declares them.
        struct Functions<H> {
            $($field: unsafe extern "C" fn($($argument),*) -> c_int,)*
        }

        impl<H: Handle> Functions<H> {
            fn find(object: &'static Object) -> Result<Self, libloading::Error> {
                // SAFETY: each type is that of the function of this name in the standard, with handles as the family
                // of this library declares them; the library stays loaded as long as the process lives.
                unsafe { Ok(Self { $($field: *object.get($name)?,)* }) }
            }
        }
    };
}

functions! {
    init_thread = "MPI_Init_thread" (*mut c_int, *mut *mut *mut c_char, c_int, *mut c_int);
    finalize = "MPI_Finalize" ();
    abort = "MPI_Abort" (H, c_int);
    comm_rank = "MPI_Comm_rank" (H, *mut c_int);
    comm_size = "MPI_Comm_size" (H, *mut c_int);
    comm_set_errhandler = "MPI_Comm_set_errhandler" (H, H);
    error_string = "MPI_Error_string" (c_int, *mut c_char, *mut c_int);
    get_processor_name = "MPI_Get_processor_name" (*mut c_char, *mut c_int);
    get_library_version = "MPI_Get_library_version" (*mut c_char, *mut c_int);
    isend = "MPI_Isend" (*const c_void, c_int, H, c_int, c_int, H, *mut H);
    irecv = "MPI_Irecv" (*mut c_void, c_int, H, c_int, c_int, H, *mut H);
    iprobe = "MPI_Iprobe" (c_int, c_int, H, *mut c_int, *mut Status);
    test = "MPI_Test" (*mut H, *mut c_int, *mut Status);
    get_count = "MPI_Get_count" (*const Status, H, *mut c_int);
}

/// The functions with what a family needs to call them.
struct Bound<H> {
    functions: Functions<H>,
    numbers: Numbers,
    handles: Handles,
}

/// The calls, whatever the type of the handles. Each gives the library's code first; 0 is success in every family.
/// Private to this file: only a [`Session`] has one, so MPI is started, not ended, and on its thread.
trait Calls {
    fn numbers(&self) -> &Numbers;
    fn init_thread(&self) -> (c_int, c_int);
    fn return_errors(&self) -> c_int;
    fn finalize(&self) -> c_int;
    fn abort(&self, exit_code: c_int) -> c_int;
    fn comm_rank(&self) -> (c_int, c_int);
    fn comm_size(&self) -> (c_int, c_int);
    fn error_string(&self, code: c_int, text: &mut Text) -> c_int;
    fn processor_name(&self, text: &mut Text) -> c_int;
    fn library_version(&self, text: &mut Text) -> c_int;
    fn iprobe(&self, from: c_int, status: &mut Status) -> (c_int, bool);
    fn get_count(&self, status: &Status) -> (c_int, c_int);
    /// Gives the request anew and whether it is done; `request` is one that a call here gave last.
    fn test(&self, request: usize, status: &mut Status) -> (c_int, usize, bool);
    /// # Safety
    /// The bytes stay where they are, unchanged, until `test` says that the request is done.
    unsafe fn isend(&self, bytes: *const u8, count: c_int, to: c_int) -> (c_int, usize);
    /// # Safety
    /// The bytes stay where they are, used by nobody else, until `test` says that the request is done.
    unsafe fn irecv(&self, bytes: *mut u8, count: c_int, from: c_int) -> (c_int, usize);
}

impl<H: Handle> Bound<H> {
    fn world(&self) -> H {
        H::of(self.handles.world)
    }

    fn byte(&self) -> H {
        H::of(self.handles.byte)
    }
}

impl<H: Handle> Calls for Bound<H> {
    fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    fn init_thread(&self) -> (c_int, c_int) {
        let (none, mut provided) = (std::ptr::null_mut(), 0);
        // SAFETY: the standard allows no arguments as two null pointers; `provided` is a number to write to.
        let code = unsafe {
            (self.functions.init_thread)(none, std::ptr::null_mut(), self.numbers.thread_funneled, &raw mut provided)
        };
        (code, provided)
    }

    fn return_errors(&self) -> c_int {
        let set = |communicator: usize| {
            // SAFETY: both handles are the library's own.
            unsafe { (self.functions.comm_set_errhandler)(H::of(communicator), H::of(self.handles.errors_return)) }
        };
        // Errors that belong to no communicator, like a lost connection, are raised on that of the process itself.
        match set(self.handles.itself) {
            0 => set(self.handles.world),
            failed => failed,
        }
    }

    fn finalize(&self) -> c_int {
        // SAFETY: called once, by what consumes the session. A transfer not done keeps its buffer for ever.
        unsafe { (self.functions.finalize)() }
    }

    fn abort(&self, exit_code: c_int) -> c_int {
        // SAFETY: the handle is the library's own.
        unsafe { (self.functions.abort)(self.world(), exit_code) }
    }

    fn comm_rank(&self) -> (c_int, c_int) {
        let mut rank = 0;
        // SAFETY: the handle is the library's own, `rank` a number to write to.
        (unsafe { (self.functions.comm_rank)(self.world(), &raw mut rank) }, rank)
    }

    fn comm_size(&self) -> (c_int, c_int) {
        let mut size = 0;
        // SAFETY: the handle is the library's own, `size` a number to write to.
        (unsafe { (self.functions.comm_size)(self.world(), &raw mut size) }, size)
    }

    fn error_string(&self, code: c_int, text: &mut Text) -> c_int {
        // SAFETY: the room is as long as the longest text of any family, and its length a number to write to.
        unsafe { (self.functions.error_string)(code, text.room.as_mut_ptr().cast(), &raw mut text.length) }
    }

    fn processor_name(&self, text: &mut Text) -> c_int {
        // SAFETY: the room is as long as the longest text of any family, and its length a number to write to.
        unsafe { (self.functions.get_processor_name)(text.room.as_mut_ptr().cast(), &raw mut text.length) }
    }

    fn library_version(&self, text: &mut Text) -> c_int {
        // SAFETY: the room is as long as the longest text of any family, and its length a number to write to.
        unsafe { (self.functions.get_library_version)(text.room.as_mut_ptr().cast(), &raw mut text.length) }
    }

    fn iprobe(&self, from: c_int, status: &mut Status) -> (c_int, bool) {
        let mut found = 0;
        // SAFETY: the handle is the library's own; `found` is a number and `status` room enough to write to.
        let code = unsafe { (self.functions.iprobe)(from, TAG, self.world(), &raw mut found, status) };
        (code, found != 0)
    }

    fn get_count(&self, status: &Status) -> (c_int, c_int) {
        let mut count = 0;
        // SAFETY: the status is one the library wrote, or zeros; the handle is its own, `count` a number to write to.
        (unsafe { (self.functions.get_count)(status, self.byte(), &raw mut count) }, count)
    }

    fn test(&self, request: usize, status: &mut Status) -> (c_int, usize, bool) {
        let (mut request, mut done) = (H::of(request), 0);
        // SAFETY: the library gave the request last, and no other call used it since: it is under way, or the null
        // request that a done one becomes. `done` is a number and `status` room enough to write to.
        let code = unsafe { (self.functions.test)(&raw mut request, &raw mut done, status) };
        (code, request.bits(), done != 0)
    }

    unsafe fn isend(&self, bytes: *const u8, count: c_int, to: c_int) -> (c_int, usize) {
        let mut request = H::of(0);
        // SAFETY: the caller keeps the bytes; the handles are the library's own, and `request` is one to write to.
        let code = unsafe {
            let send = self.functions.isend;
            send(bytes.cast(), count, self.byte(), to, TAG, self.world(), &raw mut request)
        };
        (code, request.bits())
    }

    unsafe fn irecv(&self, bytes: *mut u8, count: c_int, from: c_int) -> (c_int, usize) {
        let mut request = H::of(0);
        // SAFETY: the caller keeps the bytes; the handles are the library's own, and `request` is one to write to.
        let code = unsafe {
            let receive = self.functions.irecv;
            receive(bytes.cast(), count, self.byte(), from, TAG, self.world(), &raw mut request)
        };
        (code, request.bits())
    }
}
