//! The token: found by URI, logged in to once per process, asked for keys.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as CryptokiError, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::session::{SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};

use super::error::{Fault, HsmError, Operation};
use super::key_attributes::{self, FoundKey};
use super::key_role::KeyUris;
use super::module::{Loaded, Module, Pkcs11Session};
use super::pin::Pin;
use super::pkcs11_uri::{KeyUri, TokenName, TokenUri};
use super::session_pool::PoolSize;
use crate::identity::signer::{KeyRole, PublicKey};

/// Which token, through which module, with which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// The PKCS#11 module.
    pub module: PathBuf,
    /// The token.
    pub token: TokenUri,
    /// The keys by role.
    pub keys: KeyUris,
    /// How many sessions sign at once.
    pub workers: PoolSize,
    /// How long a request may take, in milliseconds.
    pub request_timeout_ms: u64,
}

/// A token that has accepted the PIN.
#[derive(Debug)]
pub struct Token {
    module: Arc<Module>,
    uri: TokenUri,
    login: Mutex<Login>,
    /// Keeps the process logged in until the workers have sessions of their own: a token counts every
    /// login, and some write it to their memory, where a kill can tear it.
    anchor: Mutex<Option<Pkcs11Session>>,
}

#[derive(Debug)]
struct Login {
    pin: Pin,
    refused: bool,
}

/// What kind of key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// ECDSA over NIST P-256.
    P256,
    /// Ed25519.
    Ed25519,
}

impl KeyAlgorithm {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "ECDSA P-256",
            Self::Ed25519 => "Ed25519",
        }
    }
}

/// A key that was made just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratedKey {
    /// Its public half.
    pub public_key: PublicKey,
}

/// A key that is as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// Its role.
    pub role: KeyRole,
    /// What it is.
    pub algorithm: KeyAlgorithm,
    /// Its public half.
    pub public_key: PublicKey,
}

impl Token {
    /// Loads the module, finds the token, and logs in. The PIN is tried once.
    ///
    /// # Errors
    /// Where any of it fails; the error says which.
    pub fn open(config: &TokenConfig, pin: &Pin) -> Result<Self, HsmError> {
        let module = Arc::new(Module::open(&config.module)?);
        let login = Mutex::new(Login {
            pin: pin.duplicate(),
            refused: false,
        });
        let token = Self {
            module,
            uri: config.token.clone(),
            login,
            anchor: Mutex::new(None),
        };
        let session = token.open_session(false)?;
        *token.anchor.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        Ok(token)
    }

    /// Whether it can make Ed25519 keys and sign with them.
    ///
    /// # Errors
    /// Where the token does not answer.
    pub fn knows_ed25519(&self) -> Result<bool, HsmError> {
        let loaded = self.module.loaded();
        let slot = self.find_slot(&loaded)?;
        let known = loaded.pkcs11.get_mechanism_list(slot);
        let known = known.map_err(|error| {
            HsmError::from_call(Operation::FindToken(self.uri.to_string()), &error)
        })?;
        let wanted = [
            MechanismType::EDDSA,
            MechanismType::ECC_EDWARDS_KEY_PAIR_GEN,
        ];
        Ok(wanted.iter().all(|mechanism| known.contains(mechanism)))
    }

    /// Finds a role's key and checks that it is as it must be; None where the token has no such object.
    ///
    /// # Errors
    /// Where there is half a key pair, more than one, or one that must not be trusted.
    pub fn find(&self, role: KeyRole, uri: &KeyUri) -> Result<Option<KeyReport>, HsmError> {
        let session = self.open_session(false)?;
        if key_attributes::is_absent(&session, role, uri)? {
            return Ok(None);
        }
        let FoundKey { public_key, .. } = key_attributes::find(&session, role, uri)?;
        let algorithm = match public_key {
            PublicKey::P256(_) => KeyAlgorithm::P256,
            PublicKey::Ed25519(_) => KeyAlgorithm::Ed25519,
        };
        Ok(Some(KeyReport {
            role,
            algorithm,
            public_key,
        }))
    }

    /// Makes a role's key pair in the token. Never where there is one already.
    ///
    /// # Errors
    /// Where the key exists, or the token cannot make it.
    pub fn generate(
        &self,
        role: KeyRole,
        uri: &KeyUri,
        algorithm: KeyAlgorithm,
    ) -> Result<GeneratedKey, HsmError> {
        let session = self.open_session(true)?;
        if !key_attributes::is_absent(&session, role, uri)? {
            let fault = Fault::KeyExists(uri.to_string());
            return Err(HsmError::new(Operation::GenerateKey(role), fault));
        }
        let failed =
            |error: CryptokiError| HsmError::from_call(Operation::GenerateKey(role), &error);
        let id = match uri.id() {
            Some(id) => id.to_vec(),
            None => session
                .call(|session| session.generate_random_vec(16))
                .map_err(failed)?,
        };
        let (public, private) = key_attributes::templates(uri, id, algorithm);
        let mechanism = match algorithm {
            KeyAlgorithm::P256 => Mechanism::EccKeyPairGen,
            KeyAlgorithm::Ed25519 => Mechanism::EccEdwardsKeyPairGen,
        };
        session
            .call(|session| session.generate_key_pair(&mechanism, &public, &private))
            .map_err(failed)?;
        let FoundKey { public_key, .. } = key_attributes::find(&session, role, uri)?;
        Ok(GeneratedKey { public_key })
    }

    /// Removes the public half of a pair whose making was cut short before its private half; tells whether
    /// there was one. Anything else is left as it is.
    ///
    /// # Errors
    /// Where the token does not answer or refuses.
    pub fn discard_half(&self, role: KeyRole, uri: &KeyUri) -> Result<bool, HsmError> {
        let session = self.open_session(true)?;
        let Some(half) = key_attributes::lone_public_half(&session, role, uri)? else {
            return Ok(false);
        };
        let destroyed = session.call(|session| session.destroy_object(half));
        destroyed
            .map(|()| true)
            .map_err(|error| HsmError::from_call(Operation::GenerateKey(role), &error))
    }

    /// Lets go of the session that kept the process logged in: the workers' sessions do so now.
    pub(super) fn release_anchor(&self) {
        self.anchor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Opens a session and logs in where the process is not logged in yet.
    pub(super) fn open_session(&self, writable: bool) -> Result<Pkcs11Session, HsmError> {
        let session = {
            let loaded = self.module.loaded();
            let slot = self.find_slot(&loaded)?;
            Pkcs11Session::open(&self.module, &loaded, slot, writable)
                .map_err(|error| HsmError::from_call(Operation::OpenSession, &error))?
        };
        self.log_in(&session)?;
        Ok(session)
    }

    /// See [`Module::initialize_again`].
    pub(super) fn initialize_again(&self, seen: u64) -> Result<(), HsmError> {
        self.module.initialize_again(seen)
    }

    /// Which initialisation of the module this is.
    pub(super) fn generation(&self) -> u64 {
        self.module.generation()
    }

    /// The one token that fits the URI. Slots move, so it is looked for at every opening.
    fn find_slot(&self, loaded: &Loaded) -> Result<Slot, HsmError> {
        let failed = |fault| HsmError::new(Operation::FindToken(self.uri.to_string()), fault);
        let slots = loaded
            .pkcs11
            .get_slots_with_initialized_token()
            .map_err(|error| {
                HsmError::from_call(Operation::FindToken(self.uri.to_string()), &error)
            })?;
        let present = with_info(&loaded.pkcs11, slots);
        let mut fitting = present
            .iter()
            .filter(|(_, info)| fits(self.uri.name(), info));
        match (fitting.next(), fitting.count()) {
            (Some((slot, _)), 0) => Ok(*slot),
            (Some(_), others) => Err(failed(Fault::TokenAmbiguous(others.saturating_add(1)))),
            (None, _) => {
                let seen = present
                    .iter()
                    .map(|(_, info)| format!("{:?}", info.label()));
                Err(failed(Fault::TokenMissing(seen.collect())))
            }
        }
    }

    /// 1. A process that is logged in does not show its PIN again.
    /// 2. A PIN that was refused is never tried again.
    /// 3. A PIN is not tried where one more failure would lock the token.
    ///
    /// The mutex holds off the other workers, so that they never try a wrong PIN at the same time.
    fn log_in(&self, session: &Pkcs11Session) -> Result<(), HsmError> {
        let mut login = self.login.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |fault| HsmError::new(Operation::LogIn, fault);
        let called = |error: CryptokiError| HsmError::from_call(Operation::LogIn, &error);
        let info = session.call(|session| {
            let slot = session.get_session_info()?;
            Ok((slot.session_state(), slot.slot_id()))
        });
        let (state, slot) = info.map_err(called)?;
        if matches!(state, SessionState::RoUser | SessionState::RwUser) {
            return Ok(());
        }
        if login.refused {
            return Err(failed(Fault::PinRefusedBefore));
        }
        let info = self
            .module
            .loaded()
            .pkcs11
            .get_token_info(slot)
            .map_err(called)?;
        if info.user_pin_locked() {
            return Err(failed(Fault::PinLocked));
        }
        if info.user_pin_final_try() {
            return Err(failed(Fault::PinFinalTry));
        }
        if !info.user_pin_initialized() {
            return Err(failed(Fault::PinUnset));
        }
        let pin = login.pin.for_login();
        match session.call(|session| session.login(UserType::User, Some(&pin))) {
            Ok(()) | Err(CryptokiError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(error) => {
                let error = called(error);
                login.refused |= matches!(error.fault(), Fault::PinWrong | Fault::PinLocked);
                Err(error)
            }
        }
    }
}

/// A token that vanishes while it is asked is simply not there.
fn with_info(pkcs11: &Pkcs11, slots: Vec<Slot>) -> Vec<(Slot, TokenInfo)> {
    let info = |slot: Slot| Some((slot, pkcs11.get_token_info(slot).ok()?));
    slots.into_iter().filter_map(info).collect()
}

fn fits(wanted: &TokenName, info: &TokenInfo) -> bool {
    let fits = |wanted: &Option<String>, got: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| wanted.as_str() == got.trim_end())
    };
    fits(&wanted.token, info.label())
        && fits(&wanted.manufacturer, info.manufacturer_id())
        && fits(&wanted.model, info.model())
        && fits(&wanted.serial, info.serial_number())
}
