//! The PKCS#11 module in this process. It is initialised once, and again only to get a lost token back.
//!
//! Initialising anew ends every session of the process. Handles are numbers that the module may give out
//! again, so a session of an earlier generation is never used or closed: it would be somebody else's.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error as CryptokiError, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use super::error::{Fault, HsmError, Operation};

/// A loaded module.
#[derive(Debug)]
pub(super) struct Module {
    path: PathBuf,
    loaded: RwLock<Loaded>,
}

#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) pkcs11: Pkcs11,
    generation: u64,
}

/// A session that knows when the module has been initialised anew since.
#[derive(Debug)]
pub(super) struct Pkcs11Session {
    module: Arc<Module>,
    /// Always there until dropped; a mutex since sessions may move between threads but not be shared.
    session: Mutex<Option<Session>>,
    generation: u64,
}

impl Module {
    /// Loads and initialises the module.
    pub(super) fn open(path: &Path) -> Result<Self, HsmError> {
        let failed = |fault| HsmError::new(Operation::OpenModule(path.to_owned()), fault);
        if !path.is_file() {
            return Err(failed(Fault::ModuleMissing));
        }
        let unusable = |error: CryptokiError| failed(Fault::ModuleUnusable(error.to_string()));
        let pkcs11 = Pkcs11::new(path).map_err(unusable)?;
        initialize(&pkcs11).map_err(unusable)?;
        let loaded = RwLock::new(Loaded {
            pkcs11,
            generation: 0,
        });
        Ok(Self {
            path: path.to_owned(),
            loaded,
        })
    }

    /// The module as it is now; holds off [`Module::initialize_again`] as long as the guard lives.
    pub(super) fn loaded(&self) -> RwLockReadGuard<'_, Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which initialisation this is.
    pub(super) fn generation(&self) -> u64 {
        self.loaded().generation
    }

    /// Ends everything that the process has open in the module and begins anew, unless somebody else has
    /// done so since `seen`. Waits for calls that are under way.
    pub(super) fn initialize_again(&self, seen: u64) -> Result<(), HsmError> {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if loaded.generation != seen {
            return Ok(());
        }
        loaded.generation = loaded.generation.wrapping_add(1);
        // Fails where the module lost its own state; initialising tells whether that matters.
        let _finalized = loaded.pkcs11.clone().finalize();
        initialize(&loaded.pkcs11).map_err(|error| {
            let operation = Operation::OpenModule(self.path.clone());
            HsmError::new(operation, Fault::Lost(error.to_string()))
        })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // Nobody has a session any more. Some modules write at exit what they were not told to release.
        let _finalized = self.loaded().pkcs11.clone().finalize();
    }
}

fn initialize(pkcs11: &Pkcs11) -> Result<(), CryptokiError> {
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(CryptokiError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}

impl Pkcs11Session {
    /// Opens a session at the slot; `loaded` is the state in which the slot was found.
    pub(super) fn open(
        module: &Arc<Module>,
        loaded: &Loaded,
        slot: Slot,
        writable: bool,
    ) -> Result<Self, CryptokiError> {
        let session = if writable {
            loaded.pkcs11.open_rw_session_no_drop(slot)?
        } else {
            loaded.pkcs11.open_ro_session_no_drop(slot)?
        };
        let session = Mutex::new(Some(session));
        Ok(Self {
            module: Arc::clone(module),
            session,
            generation: loaded.generation,
        })
    }

    /// Calls the module, unless it was initialised anew since the session was opened.
    pub(super) fn call<T>(
        &self,
        call: impl FnOnce(&Session) -> Result<T, CryptokiError>,
    ) -> Result<T, CryptokiError> {
        const GONE: CryptokiError =
            CryptokiError::Pkcs11(RvError::SessionHandleInvalid, Function::GetSessionInfo);
        let loaded = self.module.loaded();
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        match &*session {
            Some(session) if loaded.generation == self.generation => call(session),
            _ => Err(GONE),
        }
    }
}

impl Drop for Pkcs11Session {
    fn drop(&mut self) {
        let loaded = self.module.loaded();
        let session = self
            .session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(session) = session
            && loaded.generation == self.generation
        {
            // A session that is already gone needs no closing.
            let _closed = session.close();
        }
    }
}
