//! Proof of possession (DPoP, RFC 9449): a token request carries a JWT that is signed with the key that the tokens are
//! bound to.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{clock, expiring::Expiring};

/// How long the name of a proof is kept at least.
const KEPT: Duration = Duration::from_secs(3600);

/// The names of proofs that were seen: each is good once.
#[derive(Debug, Default)]
pub(super) struct Proofs(Expiring<()>);

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Key,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    iat: u64,
    jti: String,
}

impl Proofs {
    /// The thumbprint (RFC 7638) of the key that signed a proof for a POST to `url` now, or `most_skew` before or after.
    ///
    /// # Errors
    /// What is wrong with the proof.
    pub(super) fn verify(
        &self,
        proof: &str,
        url: &str,
        now: SystemTime,
        most_skew: Option<Duration>,
    ) -> Result<String, &'static str> {
        let (signed, signature) = proof.rsplit_once('.').ok_or("the proof is not a JWT")?;
        let (header, claims) = signed.split_once('.').ok_or("the proof is not a JWT")?;
        let header: Header = part(header).ok_or("the header of the proof is not as it should be")?;
        let claims: Claims = part(claims).ok_or("the claims of the proof are not as they should be")?;
        let Header { typ, alg, jwk: Key { kty, crv, x, y } } = header;
        if (typ.as_str(), alg.as_str(), kty.as_str(), crv.as_str()) != ("dpop+jwt", "ES256", "EC", "P-256") {
            return Err("the proof is not a dpop+jwt with ES256");
        }
        let coordinate = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
        let (Some(x_bytes), Some(y_bytes)) = (coordinate(&x), coordinate(&y)) else {
            return Err("the key of the proof is none of P-256");
        };
        let point = [&[4][..], &x_bytes, &y_bytes].concat();
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the signature of the proof is not base64url")?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed.as_bytes(), &signature).map_err(|_| "the signature of the proof is wrong")?;
        if claims.htm != "POST" || claims.htu != url {
            return Err("the proof is for another request");
        }
        let issued = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(claims.iat));
        let far = |issued| most_skew.is_some_and(|most| clock::apart(issued, now) > most);
        if issued.is_none_or(far) {
            return Err("the proof is from another time");
        }
        if !self.0.insert(claims.jti, (), now, KEPT) {
            return Err("the proof was used before");
        }
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(members)))
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::{Value, json};

    use super::*;

    const SKEW: Option<Duration> = Some(Duration::from_secs(300));
    const URL: &str = "http://127.0.0.1:1/v1/token";

    struct Signer(EcdsaKeyPair, SystemRandom);

    impl Signer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
            Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key"), random)
        }

        fn proof(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
            let point = self.0.public_key().as_ref();
            let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
            let jwk = json!({ "kty": "EC", "x": x, "y": y, "crv": "P-256" });
            let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
            let iat = clock::unix_seconds(SystemTime::now());
            let mut claims =
                json!({ "htm": "POST", "htu": URL, "iat": iat, "jti": super::super::random::request_id() });
            change(&mut header, &mut claims);
            let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(claims));
            let signature = self.0.sign(&self.1, signed.as_bytes()).expect("a signature");
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    #[test]
    fn a_proof_is_good_once_and_names_its_key() {
        let (proofs, signer, now) = (Proofs::default(), Signer::new(), SystemTime::now());
        let proof = signer.proof(|_, _| ());
        let thumbprint = proofs.verify(&proof, URL, now, SKEW).expect("a good proof");
        assert_eq!(proofs.verify(&proof, URL, now, SKEW), Err("the proof was used before"));
        assert_eq!(proofs.verify(&signer.proof(|_, _| ()), URL, now, SKEW), Ok(thumbprint.clone()));
        assert_ne!(proofs.verify(&Signer::new().proof(|_, _| ()), URL, now, SKEW), Ok(thumbprint));
    }

    #[test]
    fn a_proof_that_is_not_for_this_request_is_refused() {
        let (proofs, signer, now) = (Proofs::default(), Signer::new(), SystemTime::now());
        let refused = |proof: &str| proofs.verify(proof, URL, now, SKEW).expect_err("a refusal");
        for (part, name, value) in [
            ("header", "typ", json!("jwt")),
            ("header", "alg", json!("none")),
            ("claims", "htm", json!("GET")),
            ("claims", "htu", json!("http://127.0.0.1:2/v1/token")),
            ("claims", "iat", json!(1_000_000)),
            ("claims", "jti", Value::Null),
        ] {
            refused(&signer.proof(|header, claims| {
                let part = if part == "header" { header } else { claims };
                part[name] = value;
            }));
        }
        let other = Signer::new().proof(|_, _| ());
        let (signed, _) = other.rsplit_once('.').expect("a JWT");
        let own = signer.proof(|_, _| ());
        let (_, signature) = own.rsplit_once('.').expect("a JWT");
        assert_eq!(refused(&format!("{signed}.{signature}")), "the signature of the proof is wrong");
        for text in ["", "a.b", "a.b.c", "....", "e30.e30.e30"] {
            refused(text);
        }
    }
}
