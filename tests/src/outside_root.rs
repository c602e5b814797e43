//! A root CA that is outside the station: OpenSSL and files.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::station_process::run;

/// Extensions of an issuing CA.
pub const ISSUING: &str =
    "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign";

/// Extensions of a manifest signer for real products.
pub const MANIFEST_SIGNER: &str =
    "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,1.3.6.1.4.1.32473.3.1";

/// A root CA made with OpenSSL.
#[derive(Debug)]
pub struct OutsideRoot {
    folder: PathBuf,
    key: PathBuf,
    certificate: PathBuf,
}

impl OutsideRoot {
    /// Makes its key and certificate.
    ///
    /// # Panics
    /// Where `openssl` refuses.
    #[must_use]
    pub fn create(folder: &Path) -> Self {
        let (key, certificate) = (folder.join("root.key"), folder.join("root.pem"));
        let curve = [
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ];
        let named = [
            "-sha256",
            "-days",
            "3650",
            "-subj",
            "/O=Example/CN=Example root",
        ];
        let extensions = [
            "-addext",
            "basicConstraints=critical,CA:TRUE,pathlen:1",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ];
        let arguments = [&curve[..], &named[..], &extensions[..]].concat();
        openssl(&arguments, &[("-keyout", &key), ("-out", &certificate)]);
        Self {
            folder: folder.to_owned(),
            key,
            certificate,
        }
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Signs a request with these extensions, beside the key identifiers; gives the certificate.
    ///
    /// # Panics
    /// Where `openssl` refuses.
    #[must_use]
    pub fn sign(&self, request: &Path, name: &str, extensions: &str) -> PathBuf {
        let file = self.folder.join(format!("{name}.ext"));
        let identifiers = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
        std::fs::write(&file, format!("{identifiers}{extensions}\n")).expect("a file is written");
        let out = self.folder.join(format!("{name}.pem"));
        let signed: [(&str, &Path); 5] = [
            ("-in", request),
            ("-CA", &self.certificate),
            ("-CAkey", &self.key),
            ("-extfile", &file),
            ("-out", &out),
        ];
        openssl(
            &[
                "x509",
                "-req",
                "-sha256",
                "-days",
                "3650",
                "-CAcreateserial",
            ],
            &signed,
        );
        out
    }
}

fn openssl(arguments: &[&str], paths: &[(&str, &Path)]) {
    let mut command = Command::new("openssl");
    command.args(arguments);
    for (flag, path) in paths {
        command.arg(flag).arg(path);
    }
    run(&mut command).ok();
}
