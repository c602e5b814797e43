//! Just enough reading of Rust source for rules about it: code without comments, literals and tests,
//! and the `crate::` paths in it. Not a parser; it relies on rustfmt's layout.

/// A source file in which comments, the content of literals, and items under `#[cfg(test)]` are
/// blanked out. Line numbers stay.
#[derive(Debug)]
pub struct Code {
    text: String,
    with_tests: String,
}

impl Code {
    /// Reads a source file.
    #[must_use]
    pub fn read(source: &str) -> Self {
        let with_tests = blank_comments_and_literals(source);
        Self {
            text: blank_test_items(&with_tests),
            with_tests,
        }
    }

    /// The code that ships.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The code that ships and the tests in the same file.
    #[must_use]
    pub fn text_with_tests(&self) -> &str {
        &self.with_tests
    }

    /// Line number and line of every shipping line that contains `needle` as a whole word.
    pub fn lines_with<'a>(&'a self, needle: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        lines_with(&self.text, needle)
    }

    /// Every path below `crate::`, at most two segments deep, with its line number:
    /// `use crate::{a::{b, c}, d}` gives `a::b`, `a::c` and `d`.
    #[must_use]
    pub fn crate_paths(&self) -> Vec<(usize, Vec<String>)> {
        let mut paths = Vec::new();
        for (at, _) in self.text.match_indices("crate::") {
            if self.text[..at].ends_with(is_word) || self.text[..at].ends_with('$') {
                continue;
            }
            let line = self.text[..at].matches('\n').count() + 1;
            let mut rest = &self.text[at + "crate::".len()..];
            let mut found = Vec::new();
            read_tree(&mut rest, &mut Vec::new(), &mut found);
            paths.extend(found.into_iter().map(|path| (line, path)));
        }
        paths
    }

    /// Names of modules that are declared for tests only: `#[cfg(test)] mod name;`.
    #[must_use]
    pub fn test_modules(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (at, _) in self.with_tests.match_indices("#[cfg(") {
            let rest = &self.with_tests[at..];
            let Some(end) = rest.find(']') else { continue };
            if !names_test(&rest[..end]) {
                continue;
            }
            let item = rest[end + 1..].trim_start();
            let declaration = item.split([';', '{']).next().unwrap_or_default();
            if let Some((_, name)) = declaration.split_once("mod ") {
                names.push(name.trim().to_owned());
            }
        }
        names
    }
}

/// Line number and line of every line that contains `needle` as a whole word.
pub fn lines_with<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    text.lines().enumerate().filter_map(move |(number, line)| {
        let whole = |at: usize| {
            let begins = !needle.starts_with(is_word) || !line[..at].ends_with(is_word);
            let ends =
                !needle.ends_with(is_word) || !line[at + needle.len()..].starts_with(is_word);
            begins && ends
        };
        line.match_indices(needle)
            .any(|(at, _)| whole(at))
            .then_some((number + 1, line))
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

const PATH_DEPTH: usize = 2;

/// Reads one node of a use tree and everything below it.
fn read_tree(rest: &mut &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    *rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        *rest = inside;
        loop {
            *rest = rest.trim_start();
            if rest.is_empty() {
                return;
            }
            if let Some(after) = rest.strip_prefix('}') {
                *rest = after;
                return;
            }
            if let Some(after) = rest.strip_prefix(',') {
                *rest = after;
                continue;
            }
            read_tree(rest, prefix, found);
        }
    }
    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let (segment, after) = rest.split_at(end);
    if segment.is_empty() {
        // `*` or something unforeseen: the path so far is what we know.
        found.push(prefix.clone());
        *rest = rest.get(1..).unwrap_or_default();
        return;
    }
    prefix.push(segment.to_owned());
    *rest = after;
    match rest.strip_prefix("::") {
        Some(below) if !below.starts_with('<') => {
            *rest = below;
            read_tree(rest, prefix, found);
        }
        _ => {
            found.push(prefix.iter().take(PATH_DEPTH).cloned().collect());
            skip_alias(rest);
        }
    }
    prefix.pop();
}

fn skip_alias(rest: &mut &str) {
    if let Some(alias) = rest.trim_start().strip_prefix("as ") {
        let alias = alias.trim_start();
        *rest = &alias[alias.find(|c| !is_word(c)).unwrap_or(alias.len())..];
    }
}

fn names_test(attribute: &str) -> bool {
    lines_with(attribute, "test").next().is_some() && !attribute.contains("not(test")
}

/// Replaces comments and the content of literals with blanks.
fn blank_comments_and_literals(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let previous_is_word = out.ends_with(is_word);
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            string_length(rest)
        } else if c == 'r' && !previous_is_word && raw_hashes(rest).is_some() {
            raw_string_length(rest)
        } else if c == '\'' {
            character_length(rest)
        } else {
            0
        };
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            let (blanked, after) = rest.split_at(length);
            // One quote stays for a whole literal, so that it still has a column.
            let blanked = if blanked.starts_with('/') {
                blanked
            } else {
                out.push('"');
                &blanked[1..]
            };
            out.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = after;
        }
    }
    out
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_hashes(rest: &str) -> Option<usize> {
    let hashes = rest[1..].bytes().take_while(|b| *b == b'#').count();
    rest[1 + hashes..].starts_with('"').then_some(hashes)
}

fn raw_string_length(rest: &str) -> usize {
    let hashes = raw_hashes(rest).unwrap_or_default();
    let closing = format!("\"{}", "#".repeat(hashes));
    let open = 2 + hashes;
    rest[open..]
        .find(&closing)
        .map_or(rest.len(), |end| open + end + closing.len())
}

/// Length of a character literal, 0 for a lifetime.
fn character_length(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(0, |end| 3 + end + 1),
        Some(_) => match characters.next() {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        None => 0,
    }
}

/// Blanks every item under a `#[cfg(test)]`.
fn blank_test_items(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(") {
        let attribute_end = rest[at..].find(']').map_or(rest.len(), |end| at + end + 1);
        let (before, from) = rest.split_at(if names_test(&rest[at..attribute_end]) {
            at
        } else {
            attribute_end
        });
        out.push_str(before);
        rest = from;
        if before.len() == at {
            let length = item_length(rest);
            out.extend(
                rest[..length]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[length..];
        }
    }
    out.push_str(rest);
    out
}

/// Length of an item that begins with its attributes: to its closing brace, or its semicolon.
fn item_length(rest: &str) -> usize {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            '{' => braces += 1,
            '}' if braces <= 1 => return at + 1,
            '}' => braces -= 1,
            ';' if braces == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::Code;

    fn paths(source: &str) -> Vec<String> {
        Code::read(source)
            .crate_paths()
            .into_iter()
            .map(|(_, path)| path.join("::"))
            .collect()
    }

    #[test]
    fn reads_paths_out_of_use_trees() {
        assert_eq!(paths("use crate::ledger::event::Fact;"), ["ledger::event"]);
        assert_eq!(
            paths("use crate::{\n a::{b, c::D as E},\n f::*, G};"),
            ["a::b", "a::c", "f", "G"]
        );
        assert_eq!(paths("let x = crate::hsm::Token::open(y);"), ["hsm::Token"]);
        assert!(paths("// crate::hsm\nlet s = \"crate::hsm\"; $crate::hsm::x").is_empty());
    }

    #[test]
    fn leaves_out_comments_literals_and_tests() {
        let code = Code::read(
            "fn f<'a>(c: char) -> &'a str { if c == '\"' { r#\"unwrap()\"# } else { \"}\" } }\n\
             #[cfg(test)]\nmod tests {\n fn g() { h().unwrap(); }\n}\nfn after() {}\n",
        );
        assert!(!code.text().contains("unwrap"));
        assert!(code.text_with_tests().contains("unwrap"));
        assert!(code.text().contains("fn after() {}"));
    }

    #[test]
    fn finds_modules_that_are_for_tests_only() {
        let code = Code::read("#[cfg(test)]\npub(crate) mod fake;\nmod real;\n");
        assert_eq!(code.test_modules(), ["fake"]);
    }

    #[test]
    fn finds_whole_words_only() {
        let code = Code::read("let expected = 1;\nx.expect(2);\n");
        let lines: Vec<usize> = code.lines_with("expect").map(|(line, _)| line).collect();
        assert_eq!(lines, [2]);
    }
}
