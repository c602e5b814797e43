//! Takes a JSON document apart while its bytes come: the elements of its long lists one by one, and what
//! remains, the skeleton, with those lists empty.
//!
//! Judges nothing: skeleton and elements are JSON only where the document is, and whoever reads them checks
//! their spelling. The document is the skeleton with the elements put back, separated by commas.

/// Where a long list is: the keys that lead to it.
pub type Place = &'static [&'static str];

/// Longest skeleton and longest element, in bytes: far more than any station writes.
pub const PART_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Levels whose keys are kept. Every list begins above that, and nothing that nests deeper is a manifest.
const LEVELS_MAX: usize = 64;

/// Longest key that matters.
const KEY_BYTES_MAX: usize = 64;

/// Who takes the elements.
pub trait Elements {
    /// An element of the list at that place, with its offset in the document; and the skeleton so far,
    /// which ends within the list's brackets.
    fn element(&mut self, list: usize, bytes: &[u8], offset: u64, skeleton: &[u8]);
}

/// The list that is being read.
#[derive(Clone, Copy, Debug)]
struct Open {
    list: usize,
    /// Containers open within the element.
    depth: usize,
    /// Whether a comma was read, after which there must be an element.
    comma: bool,
}

/// Takes a document apart.
#[derive(Debug)]
pub struct Cutter {
    places: &'static [Place],
    skeleton: Vec<u8>,
    element: Vec<u8>,
    /// Bytes read.
    offset: u64,
    /// Where the element began.
    began: u64,
    /// For each open container of the skeleton the key that was read last.
    path: Vec<Vec<u8>>,
    /// How many levels are open below those.
    deeper: u64,
    text: Vec<u8>,
    in_string: bool,
    escaped: bool,
    open: Option<Open>,
    /// Pairs of a length of the skeleton and how many bytes of the document were elements by then.
    taken: Vec<(usize, u64)>,
    too_long: bool,
}

impl Cutter {
    /// Begins a document.
    #[must_use]
    pub fn new(places: &'static [Place]) -> Self {
        Self {
            places,
            skeleton: Vec::new(),
            element: Vec::new(),
            offset: 0,
            began: 0,
            path: Vec::new(),
            deeper: 0,
            text: Vec::new(),
            in_string: false,
            escaped: false,
            open: None,
            taken: Vec::new(),
            too_long: false,
        }
    }

    /// Reads on.
    pub fn feed(&mut self, mut bytes: &[u8], elements: &mut impl Elements) {
        while !bytes.is_empty() {
            let used = match self.open {
                Some(open) => self.feed_list(bytes, open, elements),
                None => self.feed_skeleton(bytes),
            };
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    /// The document's end: the skeleton. None where it, or an element, was too long to be kept.
    #[must_use]
    pub fn finish(self) -> Option<Skeleton> {
        (!self.too_long).then_some(Skeleton {
            bytes: self.skeleton,
            taken: self.taken,
        })
    }

    /// Reads the skeleton up to the next long list.
    fn feed_skeleton(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            let opened = self.skeleton_byte(*byte);
            if opened {
                let used = at + 1;
                self.keep(bytes, used);
                self.offset += used as u64;
                self.began = self.offset;
                return used;
            }
        }
        self.keep(bytes, bytes.len());
        self.offset += bytes.len() as u64;
        bytes.len()
    }

    fn keep(&mut self, bytes: &[u8], used: usize) {
        self.too_long |= self.skeleton.len() + used > PART_BYTES_MAX;
        if !self.too_long {
            self.skeleton
                .extend_from_slice(bytes.get(..used).unwrap_or_default());
        }
    }

    /// Whether a long list begins with it.
    fn skeleton_byte(&mut self, byte: u8) -> bool {
        if self.in_string {
            if !self.end_of_string(byte) && self.text.len() < KEY_BYTES_MAX {
                self.text.push(byte);
            }
            return false;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.text.clear();
            }
            b':' => {
                if let Some(key) = self.path.last_mut() {
                    key.clone_from(&self.text);
                }
            }
            b'[' => {
                let list = self.places.iter().position(|place| self.is_at(place));
                if let Some(list) = list {
                    self.open = Some(Open {
                        list,
                        depth: 0,
                        comma: false,
                    });
                    return true;
                }
                self.descend();
            }
            b'{' => self.descend(),
            b'}' | b']' => self.ascend(),
            _ => {}
        }
        false
    }

    /// Levels that no list can begin at are counted, and nothing of them is kept: there may be millions.
    fn descend(&mut self) {
        if self.path.len() < LEVELS_MAX {
            self.path.push(Vec::new());
        } else {
            self.deeper += 1;
        }
    }

    fn ascend(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.path.pop();
        }
    }

    fn is_at(&self, place: Place) -> bool {
        let keys = place.iter().map(|key| key.as_bytes());
        self.deeper == 0 && self.path.iter().map(Vec::as_slice).eq(keys)
    }

    /// Follows a string; whether this byte ends it.
    fn end_of_string(&mut self, byte: u8) -> bool {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            return true;
        }
        false
    }

    /// Reads up to the end of the element or of the list.
    fn feed_list(&mut self, bytes: &[u8], mut open: Open, elements: &mut impl Elements) -> usize {
        let mut at = 0;
        let end = loop {
            if self.in_string {
                at = self.skip_string(bytes, at);
            }
            let Some(byte) = bytes.get(at) else {
                break None;
            };
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => open.depth += 1,
                b'}' | b']' if open.depth > 0 => open.depth -= 1,
                b',' if open.depth > 0 => {}
                b',' | b']' | b'}' => break Some(*byte),
                _ => {}
            }
            at += 1;
        };
        self.take(bytes.get(..at).unwrap_or_default());
        self.open = Some(open);
        let Some(end) = end else {
            return at;
        };
        self.offset += 1;
        if end == b',' || open.comma || !self.element.is_empty() {
            elements.element(open.list, &self.element, self.began, &self.skeleton);
            self.element.clear();
        }
        self.began = self.offset;
        if end == b',' {
            open.comma = true;
            self.open = Some(open);
        } else {
            self.open = None;
            let before = self.skeleton.len() as u64 + 1;
            self.taken
                .push((self.skeleton.len(), self.offset.saturating_sub(before)));
            self.skeleton.push(end);
            if end == b'}' {
                self.path.pop();
            }
        }
        at + 1
    }

    fn take(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if self.element.len() + bytes.len() > PART_BYTES_MAX {
            self.too_long = true;
        } else {
            self.element.extend_from_slice(bytes);
        }
    }

    /// Where the string ends, or the bytes do.
    fn skip_string(&mut self, bytes: &[u8], mut at: usize) -> usize {
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.escaped {
                self.escaped = false;
                at += 1;
                continue;
            }
            let Some(next) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
                return bytes.len();
            };
            at += next + 1;
            if rest.get(next) == Some(&b'"') {
                self.in_string = false;
                return at;
            }
            self.escaped = true;
        }
        at
    }
}

/// A document without the elements of its long lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skeleton {
    /// Its bytes.
    pub bytes: Vec<u8>,
    taken: Vec<(usize, u64)>,
}

impl Skeleton {
    /// Where in the document a byte of the skeleton is.
    #[must_use]
    pub fn offset(&self, at: usize) -> u64 {
        let before = self.taken.iter().rev().find(|(length, _)| *length <= at);
        at as u64 + before.map_or(0, |(_, taken)| *taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACES: &[Place] = &[&["rows"], &["in", "deep"]];

    #[derive(Default)]
    struct Seen(Vec<(usize, String, u64)>);

    impl Elements for Seen {
        fn element(&mut self, list: usize, bytes: &[u8], offset: u64, _: &[u8]) {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.0.push((list, text, offset));
        }
    }

    fn cut(document: &str, piece: usize) -> (String, Vec<(usize, String, u64)>, Skeleton) {
        let (mut cutter, mut seen) = (Cutter::new(PLACES), Seen::default());
        for bytes in document.as_bytes().chunks(piece) {
            cutter.feed(bytes, &mut seen);
        }
        let skeleton = cutter.finish().unwrap();
        let text = String::from_utf8_lossy(&skeleton.bytes).into_owned();
        (text, seen.0, skeleton)
    }

    #[test]
    fn elements_are_told_apart_however_the_bytes_come() {
        let document = r#"{"a":[1,2],"rows":[{"x":"],\"}","y":[1,[2]]},"s\\",3],"in":{"rows":[7],"deep":[]},"z":1}"#;
        for piece in 1..document.len() {
            let (text, seen, skeleton) = cut(document, piece);
            assert_eq!(
                text,
                r#"{"a":[1,2],"rows":[],"in":{"rows":[7],"deep":[]},"z":1}"#
            );
            let elements: Vec<_> = seen.iter().map(|(_, text, _)| text.as_str()).collect();
            assert_eq!(elements, [r#"{"x":"],\"}","y":[1,[2]]}"#, r#""s\\""#, "3"]);
            for (_, element, offset) in &seen {
                let at = usize::try_from(*offset).unwrap();
                assert!(document[at..].starts_with(element));
            }
            let z = text.find("\"z\"").unwrap();
            let place = usize::try_from(skeleton.offset(z)).unwrap();
            assert_eq!(&document[place..place + 3], "\"z\"");
        }
    }

    #[test]
    fn what_is_no_element_is_told_too() {
        let (text, seen, _) = cut(r#"{"rows":[1,]}"#, 3);
        assert_eq!(text, r#"{"rows":[]}"#);
        assert_eq!(seen.last().unwrap().1, "");
        let (text, ..) = cut(r#"{"rows":[1}"#, 3);
        assert_eq!(text, r#"{"rows":[}"#);
    }

    /// Anybody can send millions of brackets: they cost no memory, and lists after them are where they were.
    #[test]
    fn what_nests_deeply_costs_nothing_and_hides_nothing() {
        let mut cutter = Cutter::new(PLACES);
        let deep = [b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat();
        for byte in deep.chunks(4096) {
            let mut rest = byte;
            while !rest.is_empty() {
                let used = cutter.feed_skeleton(rest);
                rest = &rest[used..];
            }
        }
        assert!(cutter.path.capacity() <= 2 * LEVELS_MAX);
        assert_eq!((cutter.path.len(), cutter.deeper), (0, 0));
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_alike(bytes in prop::collection::vec(
            prop::sample::select(br#"{}[]",\:ab"#.to_vec()), 0..80), piece in 1_usize..9)
        {
            let text = format!("{{\"rows\":[{}", String::from_utf8(bytes).unwrap());
            prop_assert_eq!(cut(&text, piece), cut(&text, text.len()));
        }
    }
}
