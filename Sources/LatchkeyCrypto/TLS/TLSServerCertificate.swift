internal import COpenSSL

/// A certificate chain with its key, parsed for one thread. libcrypto erases the key when it is released.
final class TLSServerCertificate {
    private let leaf: X509Certificate
    /// The certificates behind `leaf`; owned, with its elements borrowed from `others`.
    private let chain: OpaquePointer
    private let others: [X509Certificate]
    private let key: OpaquePointer

    init(_ certificate: TLSCertificate) throws(TLSError) {
        guard let certificates = X509Certificate.chain(certificate.chain), let leaf = certificates.first else {
            throw .failed(reason: "no certificate")
        }
        self.leaf = leaf
        others = Array(certificates.dropFirst())
        guard let key = PEM.privateKey(certificate.key) else { throw .failed(reason: "no key") }
        guard let chain = OPENSSL_sk_new_null() else {
            EVP_PKEY_free(key)
            throw .failed(reason: "out of memory")
        }
        (self.key, self.chain) = (key, chain)
        for other in others { OPENSSL_sk_push(chain, UnsafeRawPointer(other.pointer)) }
    }

    deinit {
        OPENSSL_sk_free(chain)
        EVP_PKEY_free(key)
    }

    func covers(_ host: UnsafePointer<CChar>) -> Bool { leaf.covers(host) }

    /// Makes it the certificate of every session of `context`. False if libssl refuses it, for example as too weak.
    func use(in context: OpaquePointer) -> Bool {
        SSL_CTX_use_cert_and_key(context, leaf.pointer, key, chain, 1) == 1
    }

    /// Makes it the certificate of `session`.
    func use(for session: OpaquePointer) -> Bool { SSL_use_cert_and_key(session, leaf.pointer, key, chain, 1) == 1 }
}
