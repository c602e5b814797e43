//! Numbers from a seed, the same everywhere.

/// By xorshift.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    /// A number below another one.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}
