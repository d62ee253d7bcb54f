//! Makes and checks PIN verifiers: slow on purpose, and therefore on blocking threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, KeyId, Params, ParamsBuilder, PasswordHasher as _, PasswordVerifier as _, Version};
use blake2::{Blake2b512, Digest as _};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::entered::{Pin, PinCheck, PinVerifier};
use super::options::{PinCost, PinOptions};
use super::secret::{PinSecret, StoredPins, WRONG_PIN_SECRET};
use crate::engine::application::Unavailable;
use crate::engine::runtime::{BlockingError, Runtime, StopReason};

/// The maximum number of concurrent checks, since each takes the memory of its [`PinCost`](crate::bank::PinCost).
const MAX_CONCURRENT_CHECKS: usize = 2;

const SALT_BYTES: usize = 16;

const KEY_ID_BYTES: usize = 8;

/// The secret, with an id that every verifier made with it has.
#[derive(Debug)]
struct Key {
    secret: PinSecret,
    id: [u8; KEY_ID_BYTES],
}

impl Key {
    /// The id is a slow hash too, so that guessing the secret from it is not faster than from a verifier.
    fn new(secret: PinSecret) -> Result<Self, Unavailable> {
        let PinCost { memory_kib, passes, lanes } = PinCost::default();
        let params = Params::new(memory_kib, passes, lanes, Some(KEY_ID_BYTES)).map_err(defect)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut id = [0; KEY_ID_BYTES];
        argon2.hash_password_into(secret.bytes(), b"id of a PIN secret", &mut id).map_err(defect)?;
        Ok(Self { secret, id })
    }
}

#[derive(Debug)]
pub(in crate::bank) struct PinChecker {
    options: PinOptions,
    /// Salts are derived from the seed, or random without one.
    seed: Option<u64>,
    key: OnceLock<Key>,
    permits: Arc<Semaphore>,
    checks: AtomicU64,
    /// Whether every PIN is taken for the right one.
    takes_any: bool,
    /// The runtime of the checks, from whichever runtime a caller asks.
    runtime: Runtime,
}

impl PinChecker {
    /// Creates a checker on the current runtime.
    pub(in crate::bank) fn new(options: PinOptions, seed: Option<u64>) -> Arc<Self> {
        Self::made(options, seed, false, Runtime::current())
    }

    /// A checker for what is stored nowhere. It takes every PIN for the right one: nothing would count the wrong ones, and
    /// whoever tries them all would find it. For new verifiers it has the same secret; where there is none yet, it makes one
    /// that nobody keeps.
    pub(in crate::bank) fn aside(&self) -> Arc<Self> {
        let PinOptions { secret, cost } = self.options.clone();
        Self::made(PinOptions { secret: secret.or_passing(), cost }, self.seed, true, self.runtime.clone())
    }

    fn made(options: PinOptions, seed: Option<u64>, takes_any: bool, runtime: Runtime) -> Arc<Self> {
        let (key, checks) = (OnceLock::new(), AtomicU64::new(0));
        let permits = Arc::new(Semaphore::new(MAX_CONCURRENT_CHECKS));
        Arc::new(Self { options, seed, key, permits, checks, takes_any, runtime })
    }

    /// Whether every PIN is taken for the right one.
    pub(in crate::bank) fn takes_any(&self) -> bool {
        self.takes_any
    }

    /// Makes the verifier of a new account's PIN.
    pub(in crate::bank) async fn verifier(
        self: &Arc<Self>,
        pin: Pin,
        account: &str,
        stored_pins: StoredPins,
    ) -> Result<PinVerifier, Unavailable> {
        let salt = self.salt(account);
        self.run(stored_pins, move |checker, key| {
            let hash = checker.argon2(key)?.hash_password_with_salt(pin.digits(), &salt).map_err(defect)?;
            PinVerifier::new(&hash.to_string()).map_err(defect)
        })
        .await
    }

    /// Checks a PIN against a verifier. A verifier of another secret is refused, since no PIN would match it. Without a
    /// verifier, a dummy hash is checked, so that the time taken does not reveal which accounts exist.
    pub(in crate::bank) async fn check(
        self: &Arc<Self>,
        pin: Pin,
        verifier: Option<PinVerifier>,
        stored_pins: StoredPins,
    ) -> Result<PinCheck, Unavailable> {
        if self.takes_any {
            self.checks.fetch_add(1, Ordering::Relaxed);
            return Ok(PinCheck::Checked { matches: verifier.is_some(), verifier });
        }
        self.run(stored_pins, move |checker, key| {
            let argon2 = checker.argon2(key)?;
            let hash = match &verifier {
                Some(verifier) => PasswordHash::new(verifier.as_str()).map_err(defect)?,
                None => dummy_hash(argon2.params())?,
            };
            let made_with = Params::try_from(&hash).map_err(defect)?;
            // Old verifiers have no key id.
            if !made_with.keyid().is_empty() && made_with.keyid() != key.id {
                let reason = "the PIN was stored with another secret than the current one".to_owned();
                return Err(Unavailable::Lacking { what: WRONG_PIN_SECRET, reason });
            }
            checker.checks.fetch_add(1, Ordering::Relaxed);
            let matches = argon2.verify_password(pin.digits(), &hash).is_ok();
            Ok(PinCheck::Checked { matches: matches && verifier.is_some(), verifier })
        })
        .await
    }

    /// Whether the secret was read already.
    pub(in crate::bank) fn has_secret(&self) -> bool {
        self.key.get().is_some()
    }

    /// The number of PINs checked, those against the dummy hash included.
    pub(in crate::bank) fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }

    /// Runs the work on a blocking thread, when a permit is free.
    async fn run<T, W>(self: &Arc<Self>, stored_pins: StoredPins, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: FnOnce(&Self, &Key) -> Result<T, Unavailable> + Send + 'static,
    {
        let checker = self.clone();
        // The work owns the permit: a caller that stops waiting does not release it early.
        let permit = self.permits.clone().acquire_owned().await.map_err(defect)?;
        let working = self.runtime.blocking(move || {
            let _permit = permit;
            let key = checker.key(stored_pins)?;
            work(&checker, key)
        });
        working.await.map_err(|not_done| match not_done {
            BlockingError::RuntimeEnded => StopReason::RuntimeEnded.into(),
            not_done => defect(not_done),
        })?
    }

    fn key(&self, stored_pins: StoredPins) -> Result<&Key, Unavailable> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let found = Key::new(self.options.secret.find(stored_pins)?)?;
        Ok(self.key.get_or_init(|| found))
    }

    fn argon2<'key>(&self, key: &'key Key) -> Result<Argon2<'key>, Unavailable> {
        let PinCost { memory_kib, passes, lanes } = self.options.cost;
        let mut params = ParamsBuilder::new();
        params.m_cost(memory_kib).t_cost(passes).p_cost(lanes).keyid(KeyId::new(&key.id).map_err(defect)?);
        let params = params.build().map_err(defect)?;
        Argon2::new_with_secret(key.secret.bytes(), Algorithm::Argon2id, Version::V0x13, params).map_err(defect)
    }

    /// Different for each account, so that equal PINs have different verifiers.
    fn salt(&self, account: &str) -> [u8; SALT_BYTES] {
        match self.seed {
            None => Uuid::new_v4().into_bytes(),
            Some(seed) => {
                let digest = Blake2b512::new().chain_update(seed.to_le_bytes()).chain_update(account);
                let mut salt = [0; SALT_BYTES];
                salt.copy_from_slice(&digest.finalize()[..SALT_BYTES]);
                salt
            }
        }
    }
}

/// A hash that costs as much to check as a new verifier.
fn dummy_hash(params: &Params) -> Result<PasswordHash, Unavailable> {
    let zero = "A";
    let (salt, hash) = (zero.repeat(22), zero.repeat(43));
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    PasswordHash::new(&format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")).map_err(defect)
}

/// None of these errors contains the PIN.
fn defect(error: impl std::fmt::Display) -> Unavailable {
    Unavailable::Defect(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{PinSecretError, PinSecretSource};

    const STORED: StoredPins = StoredPins::None;

    fn options() -> PinOptions {
        PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST }
    }

    fn pin(digits: &str) -> Pin {
        Pin::new(digits).unwrap()
    }

    #[tokio::test]
    async fn only_the_right_pin_matches_and_only_the_right_secret_checks_it() {
        let checker = PinChecker::new(options(), None);
        let verifier = checker.verifier(pin("0123"), "1", STORED).await.unwrap();
        let check = |pin, verifier| checker.check(pin, verifier, STORED);
        let right = check(pin("0123"), Some(verifier.clone())).await.unwrap();
        assert_eq!(right, PinCheck::Checked { verifier: Some(verifier.clone()), matches: true });
        let wrong = check(pin("123000"), Some(verifier.clone())).await.unwrap();
        assert_eq!(wrong, PinCheck::Checked { verifier: Some(verifier.clone()), matches: false });
        let other = PinOptions { secret: PinSecret::new("another one for tests").unwrap().into(), ..options() };
        let other = PinChecker::new(other, None);
        let refused = other.check(pin("0123"), Some(verifier.clone()), STORED).await.unwrap_err();
        assert!(matches!(refused, Unavailable::Lacking { what: WRONG_PIN_SECRET, .. }), "{refused}");
        assert_eq!(other.checks(), 0);
        // Old verifiers have no key id.
        let (before, id_and_after) = verifier.as_str().split_once(",keyid=").unwrap();
        let without_id = format!("{before}{}", &id_and_after[id_and_after.find('$').unwrap()..]);
        let without_id = PinVerifier::new(&without_id).unwrap();
        let checked = |matches| PinCheck::Checked { verifier: Some(without_id.clone()), matches };
        assert_eq!(check(pin("0123"), Some(without_id.clone())).await, Ok(checked(true)));
        assert_eq!(other.check(pin("0123"), Some(without_id.clone()), STORED).await, Ok(checked(false)));
    }

    #[tokio::test]
    async fn a_check_without_a_verifier_costs_as_much() {
        let checker = PinChecker::new(options(), None);
        let verifier = checker.verifier(pin("1234"), "1", STORED).await.unwrap();
        checker.check(pin("1234"), Some(verifier.clone()), STORED).await.unwrap();
        assert_eq!(checker.checks(), 1);
        let nothing = checker.check(pin("1234"), None, STORED).await.unwrap();
        assert_eq!((nothing, checker.checks()), (PinCheck::Checked { verifier: None, matches: false }, 2));
        let params = Params::try_from(&PasswordHash::new(verifier.as_str()).unwrap()).unwrap();
        let of_dummy = Params::try_from(&dummy_hash(&params).unwrap()).unwrap();
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len());
        assert_eq!(cost(&of_dummy), cost(&params));
    }

    #[tokio::test]
    async fn verifiers_differ_unless_they_are_seeded() {
        let make = async |seed, name: &str| {
            PinChecker::new(options(), seed).verifier(pin("1234"), name, STORED).await.unwrap()
        };
        assert_ne!(make(None, "1").await, make(None, "1").await);
        assert_eq!(make(Some(7), "1").await, make(Some(7), "1").await);
        assert_ne!(make(Some(7), "1").await, make(Some(7), "2").await);
        assert_ne!(make(Some(7), "1").await, make(Some(8), "1").await);
    }

    #[tokio::test]
    async fn the_secret_is_read_once_and_again_only_after_a_failure() {
        let asked = Arc::new(AtomicU64::new(0));
        let counted = asked.clone();
        let secret = PinSecretSource::new(move |_| match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Err(PinSecretError("it is lost".to_owned())),
            _ => Ok(PinSecret::new("found at last, for tests").unwrap()),
        });
        let checker = PinChecker::new(PinOptions { secret, ..options() }, None);
        assert_eq!(asked.load(Ordering::Relaxed), 0, "nobody has used a PIN yet");
        let failed = checker.check(pin("1234"), None, STORED).await;
        assert_eq!(failed, Err(PinSecretError("it is lost".to_owned()).into()));
        for _ in 0..3 {
            checker.check(pin("1234"), None, STORED).await.unwrap();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn beside_the_bank_no_pin_is_told_from_another() {
        let checker = PinChecker::new(options(), None);
        let verifier = checker.verifier(pin("0123"), "1", STORED).await.unwrap();
        let aside = checker.aside();
        for tried in ["0123", "9999"] {
            let taken = aside.check(pin(tried), Some(verifier.clone()), STORED).await.unwrap();
            assert_eq!(taken, PinCheck::Checked { verifier: Some(verifier.clone()), matches: true });
        }
        let without = aside.check(pin("0123"), None, STORED).await.unwrap();
        assert_eq!(without, PinCheck::Checked { verifier: None, matches: false });
        assert_eq!((aside.checks(), checker.checks()), (3, 0));
    }

    #[tokio::test]
    async fn a_new_verifier_has_the_recommended_cost() {
        let cost = PinOptions { cost: PinCost::default(), ..options() };
        let verifier = PinChecker::new(cost, None).verifier(pin("1234"), "1", STORED).await.unwrap();
        assert!(verifier.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{}", verifier.as_str());
    }
}
