//! The keys, through PKCS#11: module, token, sessions, keys by role, a pool that signs.
//!
//! Only the process that holds the home's lock opens a token: two processes on one token make some modules
//! crash. Nothing here decides what is signed. Keys never leave the token, and no PIN is shown or tried twice.

mod availability;
mod error;
#[cfg(any(test, feature = "test-fakes"))]
pub mod fake;
mod health;
mod kept_note;
mod key_attributes;
mod key_role;
mod module;
mod pin;
mod pkcs11_uri;
mod random;
mod session_pool;
mod signature;
mod signer;
mod token;

pub use error::{Fault, HsmError, Operation};
pub use key_role::{ALL_ROLES, KeyUris, role_name};
pub use pin::{Pin, PinSource};
pub use pkcs11_uri::{KeyUri, TokenUri, UriError};
pub use session_pool::PoolSize;
pub use signature::verify_signature;
pub use signer::SignerPool;
pub use token::{GeneratedKey, KeyAlgorithm, KeyReport, Token, TokenConfig};
