use super::*;
use crate::ledger::fixture::{TestSigner, new_ledger};
use crate::ledger::merkle_tree::leaf_hash;

fn key(signer: &TestSigner) -> VerifierKey {
    let public = CheckpointSigner::public_key(signer).unwrap();
    VerifierKey::new(&origin(&new_ledger().station), public).unwrap()
}

fn signed(ecdsa: bool) -> (String, VerifierKey) {
    let signer = TestSigner {
        ecdsa,
        ..TestSigner::default()
    };
    let key = key(&signer);
    let checkpoint = Checkpoint {
        origin: key.name().to_owned(),
        head: TreeHead {
            size: 42,
            root: leaf_hash(b"root"),
        },
    };
    let signature = CheckpointSigner::sign(&signer, checkpoint.text().as_bytes()).unwrap();
    (checkpoint.into_note(&key, &signature).unwrap(), key)
}

#[test]
fn verifier_keys_have_the_text_of_the_specification() {
    // The Go checksum database's key, as every Go installation carries it.
    let text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    assert_eq!(VerifierKey::parse(text).unwrap().to_string(), text);
    for ecdsa in [false, true] {
        let (_, key) = signed(ecdsa);
        assert_eq!(VerifierKey::parse(&key.to_string()), Ok(key));
    }
    let bad = [
        "",
        "sum.golang.org",
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+As4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    ];
    for text in bad {
        assert!(VerifierKey::parse(text).is_err(), "{text}");
    }
}

/// The example in the documentation of Go's `note` package: another program's signature.
#[test]
fn opens_a_note_made_by_another_program() {
    let key =
        VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    let note = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\n\
                \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1\
                FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    // Its signature verifies; that it is no checkpoint is what is refused.
    let refused = Checkpoint::open(note, &key.unwrap());
    assert!(
        matches!(refused, Err(CheckpointError::Body(_))),
        "{refused:?}"
    );
}

#[test]
fn reads_what_it_signs_and_nothing_near_it() {
    for ecdsa in [false, true] {
        let (note, key) = signed(ecdsa);
        assert_eq!(Checkpoint::open(&note, &key).unwrap().head.size, 42);
        for at in 0..note.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= flip;
                if let Ok(text) = String::from_utf8(bytes) {
                    assert!(Checkpoint::open(&text, &key).is_err(), "byte {at}: {text}");
                }
            }
        }
        for cut in 0..note.len() {
            if let Some(text) = note.get(..cut) {
                assert!(Checkpoint::open(text, &key).is_err());
            }
        }
        let other = VerifierKey::new("other", *key.public_key()).unwrap();
        assert!(matches!(
            Checkpoint::open(&note, &other),
            Err(CheckpointError::Unsigned(_))
        ));
    }
}

#[test]
fn tolerates_witnesses_within_bounds() {
    let (note, key) = signed(false);
    let witness = "\u{2014} witness.example/w AAAAAAECAwQ=\n";
    let with = |count| format!("{note}{}", witness.repeat(count));
    assert!(Checkpoint::open(&with(NOTE_SIGNATURES_MAX - 1), &key).is_ok());
    assert!(Checkpoint::open(&with(NOTE_SIGNATURES_MAX), &key).is_err());
    assert!(Checkpoint::open(&with(1000), &key).is_err());
    let garbled = format!("{note}\u{2014} witness.example/w AAAA\n");
    assert!(Checkpoint::open(&garbled, &key).is_err());
}

/// The ledger key signs more than checkpoints, and each text in one spelling.
#[test]
fn a_good_signature_is_not_enough() {
    let signer = TestSigner::default();
    let key = key(&signer);
    let root = Base64::encode_string(leaf_hash(b"root").as_bytes());
    let note = |text: &str| {
        let signature = CheckpointSigner::sign(&signer, text.as_bytes()).unwrap();
        let blob = Base64::encode_string(&[&key.id()[..], &signature].concat());
        format!("{text}\n\u{2014} {} {blob}\n", key.name())
    };
    let name = key.name();
    let good = note(&format!("{name}\n42\n{root}\n"));
    assert_eq!(Checkpoint::open(&good, &key).unwrap().head.size, 42);
    for size in ["042", "+42"] {
        let other = note(&format!("{name}\n{size}\n{root}\n"));
        let refused = Checkpoint::open(&other, &key).unwrap_err();
        assert!(matches!(refused, CheckpointError::Body(_)), "{refused}");
    }
    let views = note(&format!("{name}/views\n42\n{root}\n"));
    let refused = Checkpoint::open(&views, &key).unwrap_err();
    assert!(
        matches!(refused, CheckpointError::Origin { .. }),
        "{refused}"
    );
    let more = note(&format!("{name}\n42\n{root}\nextension\n"));
    let refused = Checkpoint::open(&more, &key).unwrap_err();
    assert!(matches!(refused, CheckpointError::Body(_)), "{refused}");
    let renamed = good.replace(&format!("\u{2014} {name}"), "\u{2014} somebody");
    let refused = Checkpoint::open(&renamed, &key).unwrap_err();
    assert!(matches!(refused, CheckpointError::Unsigned(_)), "{refused}");
}
