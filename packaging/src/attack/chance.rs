//! Random numbers that are the same for the same seed, on every machine and in every version of the task runner.

/// A generator of random numbers: SplitMix64.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The generator for one file: neither other files nor their number change what it yields.
    pub(super) fn new(seed: u64, group: &str, index: usize) -> Self {
        let mut start = Self(seed ^ 0x5265_6374_6f00_0000);
        let mut mixed = start.next();
        for byte in group.bytes() {
            mixed = Self(mixed ^ u64::from(byte)).next();
        }
        Self(mixed ^ Self(index as u64).next())
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % (end as u64).max(1)) as usize
    }

    /// One of these; the first if there is only one.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    /// One of these numbers.
    pub(super) fn number(&mut self, all: &[u64]) -> u64 {
        all[self.below(all.len())]
    }

    /// A number that is wrong in most places: near a power of two, near zero, or anything.
    pub(super) fn odd_number(&mut self) -> u64 {
        let near = [0, 1, u64::MAX, 1 << 63, 1 << 62, 1 << 32, 1 << 31, 1 << 24, 1 << 16];
        let number = self.number(&near);
        match self.below(4) {
            0 => number.wrapping_sub(1),
            1 => number.wrapping_add(1),
            2 => number,
            _ => self.next(),
        }
    }

    /// This many random bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Where `part` begins in `bytes`, at or after `from`.
pub(super) fn find(bytes: &[u8], part: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(part.len()).position(|window| window == part).map(|at| at + from)
}

/// Everywhere that `part` begins in `bytes`.
pub(super) fn find_all(bytes: &[u8], part: &[u8]) -> Vec<usize> {
    bytes.windows(part.len()).enumerate().filter(|(_, window)| *window == part).map(|(at, _)| at).collect()
}

/// Replaces the bytes from `at` on with `with`, as far as there are any.
pub(super) fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    for (place, byte) in bytes.iter_mut().skip(at).zip(with) {
        *place = *byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_group_and_index_choose_the_numbers() {
        let first = |seed, group, index| Chance::new(seed, group, index).next();
        assert_eq!(first(1, "pdf", 0), first(1, "pdf", 0));
        let all = [first(1, "pdf", 0), first(2, "pdf", 0), first(1, "gguf", 0), first(1, "pdf", 1)];
        for (index, number) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(number), "{all:?}");
        }
    }

    #[test]
    fn numbers_stay_below_their_end() {
        let mut chance = Chance::new(7, "any", 3);
        assert!((0..1000).all(|_| chance.below(5) < 5));
        assert_eq!(chance.below(0), 0);
    }

    #[test]
    fn parts_are_found() {
        assert_eq!(find(b"abcabc", b"bc", 2), Some(4));
        assert_eq!(find_all(b"abcabc", b"bc"), [1, 4]);
        assert_eq!(find(b"abc", b"x", 9), None);
    }
}
