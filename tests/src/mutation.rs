//! Changes samples as a fuzzer does, from a seed: the same seed gives the same bytes everywhere.

/// Longest bytes that come out.
const MAX_BYTES: usize = 16 * 1024;
/// Most changes of one sample.
const MAX_CHANGES: u64 = 4;
/// What parsers stumble over: ends of ranges, heads of CBOR and DER, what ends lines and texts.
const TELLING: &[u8] = b"\x00\x01\x02\x17\x18\x19\x1b\x1f\x20\x30\x3f\x40\x58\x5f\x7f\x80\x81\x82\
    \x9f\xa0\xbf\xd2\xf6\xf9\xff\n\r\t \"'#=,.[]{}-0";

/// Splitmix64: small, and its sequence is written down everywhere.
#[derive(Clone, Debug)]
pub struct Mutation(u64);

impl Mutation {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one; 0 where that is 0.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    /// One of the samples, changed in a few places, some of them with parts of another sample.
    pub fn of(&mut self, samples: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.one_of(samples).cloned().unwrap_or_default();
        for _ in 0..=(self.next() % MAX_CHANGES) {
            self.change(&mut bytes, samples);
        }
        bytes.truncate(MAX_BYTES);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, samples: &[Vec<u8>]) {
        let at = self.below(bytes.len());
        // Short pieces are far more often whole tokens than long ones are.
        let length = 1 << self.below(7);
        let end = bytes.len().min(at.saturating_add(self.below(length) + 1));
        let telling = self.one_of(TELLING).copied().unwrap_or_default();
        match self.below(9) {
            0 => {
                let bit = 1 << self.below(8);
                bytes
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|byte| *byte ^= bit);
            }
            1 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte = telling),
            2 => bytes.insert(at, telling),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            5 => bytes.truncate(at),
            6 => {
                // A length or a counter that is off by a little.
                let step = u8::try_from(self.below(9)).unwrap_or_default();
                let byte = bytes.iter_mut().skip(at).take(1);
                byte.for_each(|byte| *byte = byte.wrapping_add(step).wrapping_sub(4));
            }
            7 => {
                let other = self.one_of(samples).map(Vec::as_slice).unwrap_or_default();
                let from = self.below(other.len());
                let piece = &other[from..other.len().min(from + length)];
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => {
                let other = self.one_of(samples).map(Vec::as_slice).unwrap_or_default();
                let from = self.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let samples = [b"one sample".to_vec(), b"and another one".to_vec()];
        let draw = |seed| {
            let mut mutation = Mutation::new(seed);
            (0..500).map(|_| mutation.of(&samples)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let distinct: std::collections::BTreeSet<_> = draw(1).into_iter().collect();
        assert!(distinct.len() > 300, "{}", distinct.len());
    }
}
