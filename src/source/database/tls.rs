//! Who vouches for a server. PostgreSQL's modes: without verification the connection is only hidden from
//! who listens, not from who stands between.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::Error;
use super::address::{Tls, TlsMode};

/// How much of a certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    Anybody,
    VouchedFor,
    Named,
}

impl Tls {
    /// How much of a certificate is looked at.
    pub(super) fn trust(&self) -> Trust {
        match self.mode {
            TlsMode::VerifyFull => Trust::Named,
            TlsMode::VerifyCa => Trust::VouchedFor,
            TlsMode::Require if self.ca.is_some() => Trust::VouchedFor,
            TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => Trust::Anybody,
        }
    }

    /// The certificates of who may vouch, where `feeds.toml` names them.
    pub(super) fn own_roots(
        &self,
        shown: &str,
    ) -> Result<Option<Vec<CertificateDer<'static>>>, Error> {
        let Some(file) = &self.ca else { return Ok(None) };
        let unreadable = |reason: String| Error::File {
            shown: shown.to_owned(),
            file: file.to_string_lossy().into_owned(),
            reason,
        };
        let roots: Vec<_> = CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect)
            .map_err(|e| unreadable(e.to_string()))?;
        if roots.is_empty() {
            return Err(unreadable("it holds no certificate".to_owned()));
        }
        Ok(Some(roots))
    }

    /// How rustls is to connect.
    pub(super) fn client(&self, shown: &str) -> Result<ClientConfig, Error> {
        let provider = Arc::new(ring::default_provider());
        let mut store = RootCertStore::empty();
        match self.own_roots(shown)? {
            Some(roots) => drop(store.add_parsable_certificates(roots)),
            None => {
                // A machine without roots of its own, such as a small container, has those of the web.
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if store.is_empty() {
                    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
                }
            }
        }
        let wrong = |e: &dyn std::error::Error| Error::Unreachable {
            shown: shown.to_owned(),
            reason: format!("no TLS can be made: {e}"),
        };
        let store = Arc::new(store);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&store), Arc::clone(&provider))
                .build()
                .map_err(|e| wrong(&e))?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(&e))?;
        let trust = self.trust();
        if trust == Trust::Named {
            return Ok(builder.with_webpki_verifier(verifier).with_no_client_auth());
        }
        let lenient = Lenient { trust, verifier, provider };
        Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(lenient))
            .with_no_client_auth())
    }
}

/// Looks at less than all of a certificate.
#[derive(Debug)]
struct Lenient {
    trust: Trust,
    verifier: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.trust == Trust::Anybody {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = self.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            // The name is looked at last, when all else was found good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
