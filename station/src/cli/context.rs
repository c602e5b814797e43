//! What every command is given: where the home is, who acts, where output goes.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::{Global, OperatorPinFlags};
use super::failure::Failure;
use super::output::Output;
use crate::clock::UtcMillis;
use crate::hsm::SignerPool;
use crate::identity::signer::{KeyRole, PublicKey};
use crate::ledger::checkpoint::{VerifierKey, origin};
use crate::names::{OperatorId, StationName};
use crate::station_home::{Config, HomeLock, HomePaths, Pki, StationHome};

/// The surroundings of a command.
#[derive(Debug)]
pub(crate) struct Context {
    global: Global,
    /// Where results go.
    pub(crate) output: Output,
}

/// A home that this process owns: locked before its token was opened.
///
/// Fields are dropped in this order, so the token is left before the lock is given back.
#[derive(Debug)]
pub(crate) struct OwnedStation {
    /// The keys, proven under their certificates.
    pub(crate) signer: SignerPool,
    /// The folder and its configuration.
    pub(crate) home: StationHome,
    /// Its certificates and its credential.
    pub(crate) pki: Pki,
    /// Held as long as this lives.
    _lock: HomeLock,
}

impl Context {
    pub(crate) const fn new(global: Global, output: Output) -> Self {
        Self { global, output }
    }

    /// The home folder that was named.
    pub(crate) fn home_path(&self) -> Result<&Path, Failure> {
        self.global.home.as_deref().ok_or_else(|| {
            Failure::usage(
                "no station home was named",
                "this command works on a station's home folder",
                "give --home DIR or set STATION_HOME",
            )
        })
    }

    /// Opens the home: reads its configuration, neither locks it nor touches the token.
    pub(crate) fn home(&self) -> Result<StationHome, Failure> {
        Ok(StationHome::open(self.home_path()?)?)
    }

    /// Who acts; mandatory for what changes something.
    pub(crate) fn operator(&self) -> Result<OperatorId, Failure> {
        self.global.operator.clone().ok_or_else(|| {
            Failure::usage(
                "nobody was named as operator",
                "this command changes something, and the ledger records who did it",
                "give --operator ID or set STATION_OPERATOR",
            )
        })
    }

    /// Whether somebody was named on the command line, and not by the environment alone.
    pub(crate) const fn operator_is_typed(&self) -> bool {
        self.global.operator_is_typed
    }

    /// Where an operator's PIN comes from; the terminal where neither flag is given.
    pub(crate) const fn operator_pin(&self) -> &OperatorPinFlags {
        &self.global.operator_pin
    }

    /// Takes the home as its owner: lock first, then PIN, then token. Two processes on one token are
    /// never allowed, since some modules crash on it.
    pub(crate) fn own_station(&self) -> Result<OwnedStation, Failure> {
        let home = self.home()?;
        let lock = home.lock()?;
        self.own_locked(home, lock)
    }

    /// The same where the lock was taken already.
    pub(crate) fn own_locked(
        &self,
        home: StationHome,
        lock: HomeLock,
    ) -> Result<OwnedStation, Failure> {
        let pki = self.pki(&home.paths(), home.config())?;
        let pin = home.config().hsm.pin.read(home.path())?;
        let signer = SignerPool::open(&home.config().hsm.token_config(), &pin)?;
        pki.prove_keys(&signer)?;
        let name = &home.config().name;
        let key = ledger_key(&home.paths().ledger_vkey(), &pki.ledger_vkey, name)?;
        signer.prove(KeyRole::Ledger, &key)?;
        Ok(OwnedStation {
            signer,
            home,
            pki,
            _lock: lock,
        })
    }

    /// The certificates and the credential of a home, checked at this time.
    pub(crate) fn pki(&self, paths: &HomePaths, config: &Config) -> Result<Pki, Failure> {
        Ok(Pki::load(paths, config, self.now())?)
    }

    /// The time of the machine.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where time enters the commands"
    )]
    #[expect(
        clippy::unused_self,
        reason = "commands ask their context, never the machine"
    )]
    pub(crate) fn now(&self) -> UtcMillis {
        // A clock before 1970 reads as 1970, at which no certificate is valid.
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UtcMillis(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The ledger's published key, of this station's ledger.
pub(crate) fn ledger_key(
    path: &Path,
    vkey: &str,
    name: &StationName,
) -> Result<PublicKey, Failure> {
    let wrong = |why: String| {
        let what = format!("cannot trust {}", path.display());
        Failure::station(
            what,
            why,
            "restore pki/ from a backup; station doctor shows all of it",
        )
    };
    let key = VerifierKey::parse(vkey).map_err(|error| wrong(error.to_string()))?;
    if key.name() != origin(name) {
        return Err(wrong(format!(
            "it is for {}, this station's is {}",
            key.name(),
            origin(name)
        )));
    }
    Ok(*key.public_key())
}
