//! How to find out that all this is true, without us.

use std::io::{self, Write};

use super::escape::Escaped;
use super::overview::digest;
use super::page::{Report, end_of_section, section};

pub(super) fn verification(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let lead = "This page proves nothing by itself: whoever can write a file can write one like it. The signed manifest \
                proves what it says, to anybody who has the root certificate from a source that they trust.";
    section(out, "verify", "Verify it yourself", lead)?;
    let ledger = &report.predicate.ledger;
    let name = report
        .manifest
        .map_or("manifest.dsse.json", |one| one.name.as_str());
    let quoted = shell_quoted(name);
    let (name, quoted) = (Escaped(name), Escaped(quoted.as_str()));
    writeln!(
        out,
        "<ol class=\"steps\">\n<li><p>Compare the root certificate with what its keeper has published. Its SHA-256 \
         is {}</p>\n<pre>openssl x509 -in root.pem -outform DER | openssl dgst -sha256 -r</pre></li>",
        digest(report.root),
    )?;
    match report.manifest {
        Some(manifest) => writeln!(
            out,
            "<li><p>The manifest that this report goes with is {name}; its SHA-256 is {}</p>\n\
             <pre>openssl dgst -sha256 -r {quoted}</pre></li>",
            digest(&manifest.sha256),
        )?,
        None => out.write_all(
            b"<li><p>Take the signed manifest of the same batch. No manifest was named when this report was made, so \
              its digest does not stand here.</p></li>\n",
        )?,
    }
    writeln!(
        out,
        "<li><p>Verify the manifest, off line, with nothing but the root:</p>\n\
         <pre>station manifest verify {quoted} --trust root.pem</pre>\n\
         <p>Its counts and rows must be those of this page. How to check it with openssl and Python alone stands in \
         docs/auditor.md.</p></li>",
    )?;
    writeln!(
        out,
        "<li><p>The station's ledger signs its checkpoints with this key, in the form that tools for C2SP signed \
         notes take:</p>\n<pre>{}</pre>\n<p>The batch stands in entries {} to {} under this checkpoint:</p>\n\
         <pre>{}</pre></li>\n</ol>",
        Escaped(&ledger.vkey),
        ledger.first_index,
        ledger.last_index,
        // Its lines stay lines.
        ledger
            .checkpoint
            .lines()
            .map(|line| Escaped(line).to_string())
            .collect::<Vec<_>>()
            .join("\n"),
    )?;
    end_of_section(out)
}

/// One word of a command, whatever is in it; a name that begins as an option is no option.
fn shell_quoted(name: &str) -> String {
    let name = match name.strip_prefix('-') {
        Some(_) => format!("./{name}"),
        None => name.to_owned(),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+:@%,".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        return name;
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_is_one_word_of_a_command() {
        for (name, word) in [
            ("manifest.dsse.json", "manifest.dsse.json"),
            ("a b.json", "'a b.json'"),
            ("$(reboot).json", "'$(reboot).json'"),
            ("it's", r"'it'\''s'"),
            ("-rf", "./-rf"),
            ("", "''"),
        ] {
            assert_eq!(shell_quoted(name), word);
        }
    }
}
