internal import COpenSSL
package import LatchkeyCore

/// A server's certificate chain and private key, as PEM. Parsed by each thread that uses it, because libcrypto's objects
/// are not shared between threads.
package struct TLSCertificate: Equatable, Sendable {
    /// Why a chain and a key cannot be used together.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case noCertificate
        case noKey
        case otherKey
        case refused(String)

        /// What is wrong and how to fix it, in lower case.
        package var description: String {
            switch self {
            case .noCertificate:
                "the certificate file is not a complete certificate chain in PEM: write the chain, server certificate first"
            case .noKey: "the key file has no unencrypted private key in PEM: write the key of the certificate"
            case .otherKey: "the key does not belong to the certificate: replace both files"
            case .refused(let reason): "the certificate cannot be used (\(reason)): replace it"
            }
        }
    }

    /// The chain, server certificate first.
    let chain: [UInt8]
    let key: Secret
    /// The DNS names of the server certificate, for messages.
    package let names: [String]
    /// The first second in which the server certificate is valid.
    package let start: WallTime
    /// The first second in which the server certificate is no longer valid.
    package let expiry: WallTime

    /// Whether it was made of these files.
    package func isMade(of chain: [UInt8], _ key: Secret) -> Bool { chain == self.chain && key == self.key }

    /// - Parameters:
    ///   - chain: certificates in PEM, the server's own first.
    ///   - key: its private key in PEM, not encrypted.
    package init(chain: [UInt8], key: Secret) throws(Problem) {
        guard let certificates = X509Certificate.chain(chain), let leaf = certificates.first else {
            throw .noCertificate
        }
        guard let parsedKey = PEM.privateKey(key) else { throw .noKey }
        defer {
            EVP_PKEY_free(parsedKey)
            ERR_clear_error()
        }
        guard X509_check_private_key(leaf.pointer, parsedKey) == 1 else { throw .otherKey }
        self.chain = chain
        self.key = key
        names = leaf.names(of: GEN_DNS)
        start = leaf.start
        expiry = leaf.expiry
        do throws(TLSError) {
            try TLSServerConfiguration(certificates: [self]).validate()
        } catch {
            throw .refused(error.reason)
        }
    }
}
