//! The keyboard: a thread that reads keys and the mouse, and sends them on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use super::event::Event;
use super::terminal::{self, Heard};
use crate::clock::Clock;

/// How long the keyboard is listened to before its thread looks whether it is to end.
const LISTEN: Duration = Duration::from_millis(200);

/// Reads keys until it is dropped.
#[derive(Debug)]
pub(super) struct Keys {
    ends: Arc<AtomicBool>,
    broke: Arc<AtomicBool>,
}

impl Keys {
    pub(super) fn start(
        sender: SyncSender<Event>,
        clock: Arc<dyn Clock + Send + Sync>,
    ) -> io::Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let broke = Arc::new(AtomicBool::new(false));
        let broke_down = Arc::clone(&broke);
        let work = move || {
            // However it ends: who is not heard any more is gone, or the screen would be there for nobody.
            let gone = TellsGone {
                sender,
                broke: broke_down,
            };
            while !ended.load(Ordering::SeqCst) {
                #[cfg(feature = "crash-points")]
                super::panic_point::pass("keys");
                match terminal::listen(LISTEN) {
                    Heard::Nothing => {}
                    Heard::Gone => return,
                    Heard::Something => {
                        if forward(&gone.sender, &*clock).is_err() {
                            return;
                        }
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("keys".to_owned());
        // Not waited for at the end: a terminal that is gone may keep it reading.
        drop(thread.spawn(work)?);
        Ok(Self { ends, broke })
    }

    /// Whether its thread has panicked.
    pub(super) fn broke(&self) -> bool {
        self.broke.load(Ordering::SeqCst)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
    }
}

struct TellsGone {
    sender: SyncSender<Event>,
    broke: Arc<AtomicBool>,
}

impl Drop for TellsGone {
    fn drop(&mut self) {
        self.broke.store(std::thread::panicking(), Ordering::SeqCst);
        let _told = self.sender.send(Event::Gone);
    }
}

fn forward(sender: &SyncSender<Event>, clock: &dyn Clock) -> io::Result<()> {
    while let Some(event) = terminal::read(clock.monotonic().0)? {
        if let Some(event) = event {
            let _told = sender.send(event);
        }
    }
    Ok(())
}
