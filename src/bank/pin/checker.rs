//! Makes and checks the verifiers of PINs: slow on purpose, so never on the runtime's own threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, KeyId, Params, ParamsBuilder, PasswordHasher as _, PasswordVerifier as _, Version};
use blake2::{Blake2b512, Digest as _};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::entered::{Pin, PinCheck, PinVerifier};
use super::options::{PinCost, PinOptions};
use super::secret::{PinSecret, WRONG_PIN_SECRET};
use crate::engine::application::Unavailable;
use crate::engine::runtime::{NotDone, Runtime, StopReason};

/// Checks that run at the same time. Each takes the memory of [`PinCost`](crate::bank::PinCost); the rest wait.
const AT_ONCE: usize = 2;

const SALT_BYTES: usize = 16;

/// Of the id that tells one secret from another.
const KEY_ID_BYTES: usize = 8;

/// The secret, and the id that verifiers made with it have.
#[derive(Debug)]
struct Key {
    secret: PinSecret,
    id: [u8; KEY_ID_BYTES],
}

impl Key {
    /// The id costs as much to make as a verifier does by default: it is no quicker way to guess the secret.
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
    /// Salts are derived from this number, or random without one.
    seed: Option<u64>,
    key: OnceLock<Key>,
    places: Arc<Semaphore>,
    checks: AtomicU64,
    /// Where it works, whoever asks.
    runtime: Runtime,
}

impl PinChecker {
    /// One that works on the runtime that this is called on.
    pub(in crate::bank) fn new(options: PinOptions, seed: Option<u64>) -> Arc<Self> {
        let (key, places, checks) = (OnceLock::new(), Arc::new(Semaphore::new(AT_ONCE)), AtomicU64::new(0));
        Arc::new(Self { options, seed, key, places, checks, runtime: Runtime::current() })
    }

    /// What to keep of a new account's PIN.
    pub(in crate::bank) async fn verifier(
        self: &Arc<Self>,
        pin: Pin,
        account: &str,
    ) -> Result<PinVerifier, Unavailable> {
        let salt = self.salt(account);
        self.run(move |checker, key| {
            let hash = checker.argon2(key)?.hash_password_with_salt(pin.digits(), &salt).map_err(defect)?;
            PinVerifier::new(&hash.to_string()).map_err(defect)
        })
        .await
    }

    /// Checks a PIN against what is kept of the right one. With another secret than that was made with, no PIN would be
    /// the right one, and so none is checked. Where there is none, the same work is done for
    /// nothing, so that the time it takes does not tell which accounts exist.
    pub(in crate::bank) async fn check(
        self: &Arc<Self>,
        pin: Pin,
        kept: Option<PinVerifier>,
    ) -> Result<PinCheck, Unavailable> {
        self.run(move |checker, key| {
            let argon2 = checker.argon2(key)?;
            let hash = match &kept {
                Some(verifier) => PasswordHash::new(verifier.as_str()).map_err(defect)?,
                None => dummy(argon2.params())?,
            };
            let made_with = Params::try_from(&hash).map_err(defect)?;
            // Those that were made before there were ids have none.
            if !made_with.keyid().is_empty() && made_with.keyid() != key.id {
                let reason = "the PIN was kept with another secret than the one that is found now".to_owned();
                return Err(Unavailable::Lacking { what: WRONG_PIN_SECRET, reason });
            }
            checker.checks.fetch_add(1, Ordering::Relaxed);
            let matches = argon2.verify_password(pin.digits(), &hash).is_ok();
            Ok(PinCheck { matches: matches && kept.is_some(), verifier: kept })
        })
        .await
    }

    /// How many PINs have been checked, those that were checked for nothing included.
    pub(in crate::bank) fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }

    /// Works on a thread that may take its time.
    async fn run<T, W>(self: &Arc<Self>, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: FnOnce(&Self, &Key) -> Result<T, Unavailable> + Send + 'static,
    {
        let checker = self.clone();
        // The place is given back when the work is done, even if nobody waits for it any more.
        let place = self.places.clone().acquire_owned().await.map_err(defect)?;
        let working = self.runtime.blocking(move || {
            let _place = place;
            let key = checker.key()?;
            work(&checker, key)
        });
        working.await.map_err(|not_done| match not_done {
            NotDone::RuntimeEnded => StopReason::RuntimeEnded.into(),
            not_done => defect(not_done),
        })?
    }

    fn key(&self) -> Result<&Key, Unavailable> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let found = Key::new(self.options.secret.find()?)?;
        Ok(self.key.get_or_init(|| found))
    }

    fn argon2<'key>(&self, key: &'key Key) -> Result<Argon2<'key>, Unavailable> {
        let PinCost { memory_kib, passes, lanes } = self.options.cost;
        let mut params = ParamsBuilder::new();
        params.m_cost(memory_kib).t_cost(passes).p_cost(lanes).keyid(KeyId::new(&key.id).map_err(defect)?);
        let params = params.build().map_err(defect)?;
        Argon2::new_with_secret(key.secret.bytes(), Algorithm::Argon2id, Version::V0x13, params).map_err(defect)
    }

    /// Another for each account, so that equal PINs do not look equal.
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

/// A hash that costs as much to check as any that is made now.
fn dummy(params: &Params) -> Result<PasswordHash, Unavailable> {
    let zero = "A";
    let (salt, hash) = (zero.repeat(22), zero.repeat(43));
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    PasswordHash::new(&format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")).map_err(defect)
}

/// None of these errors speaks of what was hashed.
fn defect(error: impl std::fmt::Display) -> Unavailable {
    Unavailable::Defect(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{PinCost, PinSecretError, PinSecretSource};

    fn options() -> PinOptions {
        PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST }
    }

    fn pin(digits: &str) -> Pin {
        Pin::new(digits).unwrap()
    }

    #[tokio::test]
    async fn only_the_right_pin_matches_and_it_is_checked_under_the_same_secret_only() {
        let checker = PinChecker::new(options(), None);
        let kept = checker.verifier(pin("0123"), "1").await.unwrap();
        let check = |pin, kept| checker.check(pin, kept);
        let right = check(pin("0123"), Some(kept.clone())).await.unwrap();
        assert_eq!(right, PinCheck { verifier: Some(kept.clone()), matches: true });
        assert!(!check(pin("123000"), Some(kept.clone())).await.unwrap().matches);
        let other = PinOptions { secret: PinSecret::new("another one for tests").unwrap().into(), ..options() };
        let other = PinChecker::new(other, None);
        let refused = other.check(pin("0123"), Some(kept.clone())).await.unwrap_err();
        assert!(matches!(refused, Unavailable::Lacking { what: WRONG_PIN_SECRET, .. }), "{refused}");
        assert_eq!(other.checks(), 0);
        // One of before there were ids.
        let (before, id_and_after) = kept.as_str().split_once(",keyid=").unwrap();
        let without_id = format!("{before}{}", &id_and_after[id_and_after.find('$').unwrap()..]);
        let without_id = PinVerifier::new(&without_id).unwrap();
        assert!(check(pin("0123"), Some(without_id.clone())).await.unwrap().matches);
        assert!(!other.check(pin("0123"), Some(without_id)).await.unwrap().matches);
    }

    #[tokio::test]
    async fn where_there_is_no_pin_as_much_is_checked() {
        let checker = PinChecker::new(options(), None);
        let kept = checker.verifier(pin("1234"), "1").await.unwrap();
        checker.check(pin("1234"), Some(kept.clone())).await.unwrap();
        assert_eq!(checker.checks(), 1);
        let nothing = checker.check(pin("1234"), None).await.unwrap();
        assert_eq!((nothing, checker.checks()), (PinCheck { verifier: None, matches: false }, 2));
        let params = Params::try_from(&PasswordHash::new(kept.as_str()).unwrap()).unwrap();
        let of_dummy = Params::try_from(&dummy(&params).unwrap()).unwrap();
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len());
        assert_eq!(cost(&of_dummy), cost(&params));
    }

    #[tokio::test]
    async fn verifiers_differ_unless_a_seed_makes_them_the_same() {
        let make = async |seed, name: &str| PinChecker::new(options(), seed).verifier(pin("1234"), name).await.unwrap();
        assert_ne!(make(None, "1").await, make(None, "1").await);
        assert_eq!(make(Some(7), "1").await, make(Some(7), "1").await);
        assert_ne!(make(Some(7), "1").await, make(Some(7), "2").await);
        assert_ne!(make(Some(7), "1").await, make(Some(8), "1").await);
    }

    #[tokio::test]
    async fn the_secret_is_found_once_and_looked_for_again_if_it_was_not() {
        let asked = Arc::new(AtomicU64::new(0));
        let counted = asked.clone();
        let secret = PinSecretSource::new(move || match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Err(PinSecretError("it is lost".to_owned())),
            _ => Ok(PinSecret::new("found at last, for tests").unwrap()),
        });
        let checker = PinChecker::new(PinOptions { secret, ..options() }, None);
        assert_eq!(asked.load(Ordering::Relaxed), 0, "nobody has used a PIN yet");
        let failed = checker.check(pin("1234"), None).await;
        assert_eq!(failed, Err(PinSecretError("it is lost".to_owned()).into()));
        for _ in 0..3 {
            checker.check(pin("1234"), None).await.unwrap();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_is_made_costs_what_is_recommended() {
        let cost = PinOptions { cost: PinCost::default(), ..options() };
        let kept = PinChecker::new(cost, None).verifier(pin("1234"), "1").await.unwrap();
        assert!(kept.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{}", kept.as_str());
    }
}
