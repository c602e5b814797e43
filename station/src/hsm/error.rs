//! What went wrong with the token: the operation, the object, the reason, and what to do. Never a secret.

use std::fmt;
use std::path::PathBuf;

use cryptoki::error::{Error as CryptokiError, RvError};

use super::key_role::role_name;
use crate::identity::signer::KeyRole;

/// An operation on the token that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HsmError {
    operation: Operation,
    fault: Fault,
}

/// What was tried, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reading the PIN from where the configuration says.
    ReadPin,
    /// Loading the PKCS#11 module.
    OpenModule(PathBuf),
    /// Looking for the token.
    FindToken(String),
    /// Opening a session.
    OpenSession,
    /// Logging in.
    LogIn,
    /// Looking for a key.
    FindKey(KeyRole),
    /// Checking a key's type and attributes.
    CheckKey(KeyRole),
    /// Making a key.
    GenerateKey(KeyRole),
    /// Signing.
    Sign(KeyRole),
    /// Drawing random bytes.
    DrawRandom,
    /// Reading a note kept in the token.
    ReadNote,
    /// Keeping a note in the token.
    KeepNote,
}

/// Why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no file at the module's path.
    ModuleMissing,
    /// The file is no usable PKCS#11 module.
    ModuleUnusable(String),
    /// No token fits the URI; the labels of those that are there.
    TokenMissing(Vec<String>),
    /// So many tokens fit the URI.
    TokenAmbiguous(usize),
    /// The PIN cannot be had: why, and what to do.
    PinUnavailable(String, &'static str),
    /// The token refused the PIN.
    PinWrong,
    /// The token refused the PIN before; it was not tried again.
    PinRefusedBefore,
    /// The token has locked the PIN.
    PinLocked,
    /// One more wrong PIN would lock the token, so none was tried.
    PinFinalTry,
    /// The PIN must be changed or was never set.
    PinUnset,
    /// The configuration names no key for the role.
    KeyNotConfigured,
    /// No key fits the URI.
    KeyMissing(String),
    /// So many keys fit the URI.
    KeyDuplicate(String, usize),
    /// The key is of another type than the role needs.
    KeyType {
        /// What the role needs.
        wanted: &'static str,
        /// What the token has.
        got: String,
    },
    /// These attributes are not as they must be.
    KeyAttributes(Vec<String>),
    /// After a reconnect, the token has another key than at the start.
    KeyChanged,
    /// The role's key exists already, and is never replaced.
    KeyExists(String),
    /// The key signs, but is not the one that its certificate, credential or published key names.
    KeyNotCertified,
    /// The token gave a signature that does not verify under the key.
    SignatureInvalid,
    /// No answer within so many milliseconds.
    Timeout(u64),
    /// More requests wait than the pool takes.
    Overloaded,
    /// The session or the token is gone, and could not be had again.
    Lost(String),
    /// The token refused the call.
    Refused(String),
}

impl HsmError {
    /// Puts operation and reason together.
    #[must_use]
    pub const fn new(operation: Operation, fault: Fault) -> Self {
        Self { operation, fault }
    }

    /// What was tried, as it goes after "cannot".
    #[must_use]
    pub fn operation(&self) -> String {
        match &self.operation {
            Operation::ReadPin => "read the token's PIN".to_owned(),
            Operation::OpenModule(path) => format!("load the PKCS#11 module {}", path.display()),
            Operation::FindToken(uri) => format!("find the token {uri}"),
            Operation::OpenSession => "open a session with the token".to_owned(),
            Operation::LogIn => "log in to the token".to_owned(),
            Operation::FindKey(role) => format!("find the {} key", role_name(*role)),
            Operation::CheckKey(role) => format!("trust the {} key", role_name(*role)),
            Operation::GenerateKey(role) => format!("make the {} key", role_name(*role)),
            Operation::Sign(role) => format!("sign with the {} key", role_name(*role)),
            Operation::DrawRandom => "draw random bytes from the token".to_owned(),
            Operation::ReadNote => "read the checkpoint kept in the token".to_owned(),
            Operation::KeepNote => "keep the checkpoint in the token".to_owned(),
        }
    }

    /// What was tried, as a value.
    #[must_use]
    pub const fn at(&self) -> &Operation {
        &self.operation
    }

    /// Why it failed.
    #[must_use]
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Why it failed, for people.
    #[must_use]
    pub fn reason(&self) -> String {
        self.fault.to_string()
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        self.fault.advice()
    }

    /// Whether it can get well by itself: lanes wait instead of holding for somebody.
    #[must_use]
    pub const fn may_recover(&self) -> bool {
        matches!(
            self.fault,
            Fault::TokenMissing(_) | Fault::Timeout(_) | Fault::Overloaded | Fault::Lost(_)
        )
    }

    /// Tells what a failed PKCS#11 call means.
    pub(super) fn from_call(operation: Operation, error: &CryptokiError) -> Self {
        Self::new(operation, Fault::from_call(error))
    }
}

impl fmt::Display for HsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot {}: {}; {}",
            self.operation(),
            self.fault,
            self.advice()
        )
    }
}

impl std::error::Error for HsmError {}

impl Fault {
    fn from_call(error: &CryptokiError) -> Self {
        match error {
            CryptokiError::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
                _,
            ) => Self::PinWrong,
            CryptokiError::Pkcs11(RvError::PinLocked, _) => Self::PinLocked,
            CryptokiError::Pkcs11(RvError::PinExpired | RvError::UserPinNotInitialized, _) => {
                Self::PinUnset
            }
            error if is_loss(error) => Self::Lost(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }

    const fn advice(&self) -> &'static str {
        match self {
            Self::ModuleMissing => {
                "install the HSM's PKCS#11 module, or correct hsm.module in station.toml"
            }
            Self::ModuleUnusable(_) => {
                "point hsm.module in station.toml at a PKCS#11 module for this machine, \
                 and see whether the module's own configuration is right"
            }
            Self::TokenMissing(_) => {
                "plug the token in, or correct hsm.token in station.toml; \
                 for SoftHSM see whether SOFTHSM2_CONF is set"
            }
            Self::TokenAmbiguous(_) => "add serial= to hsm.token in station.toml",
            Self::PinUnavailable(_, advice) => advice,
            Self::PinWrong => {
                "put the right PIN where [hsm.pin] of station.toml says, then start again; \
                 it was tried once and will not be tried again by itself"
            }
            Self::PinRefusedBefore => {
                "put the right PIN in its place, then start the station again"
            }
            Self::PinLocked => "let the token's security officer unlock the PIN",
            Self::PinFinalTry => {
                "log in once by hand with the HSM's own tool and the right PIN, then start again"
            }
            Self::PinUnset => "set the user PIN with the HSM's own tool",
            Self::KeyNotConfigured => "add the role's URI to [hsm.keys] of station.toml",
            Self::KeyMissing(_) => {
                "see with station doctor what the token holds; correct the URI in [hsm.keys] \
                 of station.toml, or restore the token's backup"
            }
            Self::KeyDuplicate(..) => {
                "find out where the other object comes from; then name the right one by id= in \
                 [hsm.keys] of station.toml, or delete the wrong one with the HSM's own tool"
            }
            Self::KeyType { .. } => "name a key of the right type in [hsm.keys] of station.toml",
            Self::KeyAttributes(_) => {
                "such a key may have been copied: have the security officer make a new one with \
                 station init, and find out where this one comes from"
            }
            Self::KeyChanged => {
                "somebody exchanged the token or the key: stop the line and tell the security officer"
            }
            Self::KeyExists(_) => "use the key that is there, or another token",
            Self::KeyNotCertified => {
                "the files in pki/ belong to another token or an earlier key: restore the right ones"
            }
            Self::SignatureInvalid => {
                "the token is faulty or its public key object is wrong: stop and run station doctor"
            }
            Self::Timeout(_) => {
                "see whether the HSM and the way to it are well; the station tries again by itself"
            }
            Self::Overloaded => "give the pool more workers: hsm.workers in station.toml",
            Self::Lost(_) => {
                "see whether the token is plugged in and its service runs; \
                 the station tries again by itself"
            }
            Self::Refused(_) => "look the code up in the HSM's manual, then run station doctor",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ModuleMissing => f.write_str("there is no such file"),
            Self::ModuleUnusable(detail) => write!(f, "it is no usable PKCS#11 module ({detail})"),
            Self::TokenMissing(seen) if seen.is_empty() => {
                f.write_str("the module shows no initialised token at all")
            }
            Self::TokenMissing(seen) => {
                write!(f, "no token fits; the module shows {}", seen.join(", "))
            }
            Self::TokenAmbiguous(count) => write!(f, "{count} tokens fit"),
            Self::PinUnavailable(detail, _) => f.write_str(detail),
            Self::PinWrong => f.write_str("wrong PIN: the token refused it"),
            Self::PinRefusedBefore => {
                f.write_str("the token refused this PIN before, so it is not tried again")
            }
            Self::PinLocked => f.write_str("the PIN is locked after too many wrong ones"),
            Self::PinFinalTry => {
                f.write_str("one more wrong PIN would lock the token, so none is tried unattended")
            }
            Self::PinUnset => f.write_str("the token's user PIN is not set or has expired"),
            Self::KeyNotConfigured => f.write_str("the configuration names no key for this role"),
            Self::KeyMissing(uri) => write!(f, "missing key: the token has no {uri}"),
            Self::KeyDuplicate(uri, count) => {
                write!(f, "duplicate key: the token has {count} objects {uri}")
            }
            Self::KeyType { wanted, got } => {
                write!(
                    f,
                    "wrong key type: the role needs {wanted}, the token has {got}"
                )
            }
            Self::KeyAttributes(wrong) => write!(f, "wrong key attributes: {}", wrong.join(", ")),
            Self::KeyChanged => f.write_str("it is not the key that was there at the start"),
            Self::KeyExists(uri) => write!(f, "the token already has {uri}"),
            Self::KeyNotCertified => {
                f.write_str("its signature does not verify under the key that was certified for it")
            }
            Self::SignatureInvalid => f.write_str("the signature does not verify under the key"),
            Self::Timeout(ms) => write!(f, "no answer within {ms} ms"),
            Self::Overloaded => f.write_str("too many requests are waiting"),
            Self::Lost(detail) => write!(f, "session or token lost ({detail})"),
            Self::Refused(detail) => write!(f, "the token refused ({detail})"),
        }
    }
}

/// Whether a failed call means that session, handle or token is gone, so that opening anew can help.
pub(super) fn is_loss(error: &CryptokiError) -> bool {
    let CryptokiError::Pkcs11(code, _) = error else {
        return false;
    };
    matches!(
        code,
        RvError::CryptokiNotInitialized
            | RvError::DeviceError
            | RvError::DeviceMemory
            | RvError::DeviceRemoved
            | RvError::FunctionCanceled
            | RvError::FunctionFailed
            | RvError::GeneralError
            | RvError::HostMemory
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid
            | RvError::OperationActive
            | RvError::OperationNotInitialized
            | RvError::SessionClosed
            | RvError::SessionCount
            | RvError::SessionHandleInvalid
            | RvError::SlotIdInvalid
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::UserNotLoggedIn
    )
}
