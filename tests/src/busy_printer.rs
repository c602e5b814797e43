//! A TCP printer that is switched on and takes nobody: whoever connects waits.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// The printer, and who waits for it already.
#[derive(Debug)]
pub struct BusyPrinter {
    /// Its socket.
    pub socket: TcpListener,
    /// Those that its system has taken; let go, the next one gets in.
    pub waiting: Vec<TcpStream>,
}

impl BusyPrinter {
    /// Switches it on.
    ///
    /// # Panics
    /// Where there is no port, or it takes everybody.
    #[must_use]
    pub fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            waiting.push(stream);
            assert!(waiting.len() < 10_000, "it takes everybody");
        }
        Self { socket, waiting }
    }

    /// Where it is.
    ///
    /// # Panics
    /// Never: it is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }
}
