//! The thread that starts everything of one sandbox.
//!
//! There are two reasons for one thread. The kernel's parent-death signal goes off when the
//! *thread* that started a child ends, and a thread of the async runtime may end at any time. And a
//! thread can enter a network namespace alone: what it starts and what it connects is then inside.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::fd::AsFd,
    process::{Command, Stdio},
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use rustix::{
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use tokio::sync::oneshot;

type Task = Box<dyn FnOnce() + Send>;

/// Loopback answers at once or not at all.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Handle of the thread; when it is dropped, the thread ends and with it every child it started.
#[derive(Debug)]
pub(super) struct Keeper {
    tasks: Sender<Task>,
    isolated: bool,
}

impl Keeper {
    /// Starts the thread, in a network namespace of its own if `isolate` asks for that and the
    /// kernel permits it.
    pub(super) fn start(isolate: bool) -> io::Result<Self> {
        let (tasks, work) = channel::<Task>();
        let (say, heard) = channel();
        thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                let _ = say.send(isolate && enter_new_network().is_ok());
                while let Ok(task) = work.recv() {
                    task();
                }
            })?;
        let isolated = heard.recv().map_err(io::Error::other)?;
        Ok(Self { tasks, isolated })
    }

    /// True if the children have no network but loopback.
    pub(super) fn is_isolated(&self) -> bool {
        self.isolated
    }

    /// Runs `task` on the thread, inside the async runtime of the caller.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (answer, answered) = oneshot::channel();
        let runtime = tokio::runtime::Handle::current();
        let task = move || {
            let _inside = runtime.enter();
            let _ = answer.send(task());
        };
        self.tasks
            .send(Box::new(task))
            .map_err(|_| io::Error::other("its thread ended"))?;
        answered.await.map_err(io::Error::other)?
    }

    /// Connects to `port` on the loopback of the sandbox.
    pub(super) async fn connect(&self, port: u16) -> io::Result<tokio::net::TcpStream> {
        let connect = move || {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let stream = TcpStream::connect_timeout(&address, CONNECT_LIMIT)?;
            stream.set_nonblocking(true)?;
            tokio::net::TcpStream::from_std(stream)
        };
        self.run(connect).await
    }
}

/// Moves this thread into a new network namespace. `unshare(1)` makes it, because making one from a
/// thread of ours needs `unsafe`. The thread enters it and thereby keeps it after the helper ended.
#[expect(
    clippy::disallowed_methods,
    reason = "only unshare(1) makes a namespace without unsafe"
)]
fn enter_new_network() -> io::Result<()> {
    let mut helper = Command::new("unshare")
        .args(["--net", "sh", "-c", "echo ready; read -r _"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut ready = String::new();
    let stdout = helper.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    BufReader::new(stdout).read_line(&mut ready)?;
    let entered = match ready.trim() {
        "ready" => enter(helper.id()),
        _ => Err(io::ErrorKind::PermissionDenied.into()),
    };
    drop(helper.stdin.take());
    helper.wait()?;
    entered
}

fn enter(process: u32) -> io::Result<()> {
    let network = File::open(format!("/proc/{process}/ns/net"))?;
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
    loopback_up()
}

/// Turns the loopback on, which a new namespace has turned off. One rtnetlink request
/// (rtnetlink(7)): `RTM_NEWLINK` for interface 1 with flag `IFF_UP`, acknowledged by an error
/// message of code 0.
fn loopback_up() -> io::Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const REQUEST_AND_ACK: u16 = 1 | 4;
    const LENGTH: u32 = 32;
    const UP: u32 = 1;
    const LOOPBACK: u32 = 1;
    let kinds = (u32::from(REQUEST_AND_ACK), u32::from(RTM_NEWLINK));
    let kinds = if cfg!(target_endian = "big") {
        kinds.1 << 16 | kinds.0
    } else {
        kinds.0 << 16 | kinds.1
    };
    // Header: length, type and flags, sequence, sender. Body: family, index, flags, changed flags.
    let words = [LENGTH, kinds, 1, 0, 0, LOOPBACK, UP, UP];
    let request: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let socket = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    rustix::net::send(&socket, &request, SendFlags::empty())?;
    let mut answer = [0_u8; 256];
    rustix::net::recv(&socket, &mut answer[..], RecvFlags::empty())?;
    let code = [answer[16], answer[17], answer[18], answer[19]];
    match i32::from_ne_bytes(code) {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(-code)),
    }
}
