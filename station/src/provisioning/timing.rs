//! How long the session waits, and how much it takes, before it stops believing in the other side.

/// Waiting times of one lane. The profile and the line's speed decide them; the session only counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTiming {
    /// Between two `Hello` while no board answers, in milliseconds.
    pub hello_interval_ms: u64,
    /// Silence after which a request is sent again, beyond what the bytes themselves take, in milliseconds.
    pub answer_ms: u64,
    /// The line's speed, for the time that bytes take; none where the line is not paced.
    pub baud: Option<u32>,
    /// How often a request is sent in all. A line that spoils every third frame fails one request in
    /// a hundred thousand with ten, one in a thousand with six.
    pub attempts: u8,
    /// How long a board that fell silent may take to come back, in milliseconds.
    pub reconnect_ms: u64,
    /// How long bytes without a valid frame are taken for a board that is starting, in milliseconds.
    pub noise_ms: u64,
    /// Longest one request may be under way, waiting included, in milliseconds.
    pub exchange_ms: u64,
    /// Longest session, in milliseconds.
    pub session_ms: u64,
}

impl Default for SessionTiming {
    fn default() -> Self {
        Self {
            hello_interval_ms: 100,
            answer_ms: 300,
            baud: None,
            attempts: 10,
            reconnect_ms: 3_000,
            noise_ms: 2_000,
            exchange_ms: 60_000,
            session_ms: 180_000,
        }
    }
}

impl SessionTiming {
    /// Milliseconds that `bytes` take on the line: ten bits a byte.
    #[must_use]
    pub fn line_ms(&self, bytes: usize) -> u64 {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(10);
        self.baud
            .map_or(0, |baud| bits.saturating_mul(1000) / u64::from(baud.max(1)))
    }
}

/// Most bytes that a device may send in one session; a whole one takes some 4,000.
pub const MAX_SESSION_BYTES: u64 = 128 * 1024;

/// How often a session may begin again after a reset or a lost link.
pub const MAX_RESTARTS: u8 = 4;
