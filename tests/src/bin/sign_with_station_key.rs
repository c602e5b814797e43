//! What somebody can do who has a station's token and PIN: sign anything with any of its keys.
//!
//! `sign_with_station_key HOME ROLE` reads the message from standard input and prints the key's
//! SHA-256 in hexadecimal and the signature (DER) in base64, a line each. A process of its own, since the token's
//! configuration is only ever in a child's environment.
#![forbid(unsafe_code)]

use std::io::{Read as _, Write as _};
use std::path::Path;

use base64ct::{Base64, Encoding as _};
use station::encoding::Hex;
use station::es256;
use station::hsm::SignerPool;
use station::identity::signer::{KeyRole, PublicKey, Signer as _};
use station::station_home::StationHome;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let home = arguments.next().ok_or("no home")?;
    let role = match arguments.next().as_deref() {
        Some("manifest") => KeyRole::Manifest,
        Some("issuing") => KeyRole::Issuing,
        Some("authority") => KeyRole::Authority,
        _ => return Err("no role".into()),
    };
    let mut message = Vec::new();
    std::io::stdin().read_to_end(&mut message)?;
    let home = StationHome::open(Path::new(&home))?;
    let pin = home.config().hsm.pin.read(home.path())?;
    let token = SignerPool::open(&home.config().hsm.token_config(), &pin)?;
    let PublicKey::P256(point) = token.public_key(role)? else {
        return Err("another curve".into());
    };
    let signature = token.sign(role, &message)?;
    let signature = es256::signature_to_der(&signature).ok_or("no signature")?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", Hex::from(es256::key_digest(&point)))?;
    writeln!(out, "{}", Base64::encode_string(&signature))?;
    Ok(())
}
