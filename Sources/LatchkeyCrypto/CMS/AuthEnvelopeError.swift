/// Why a file was not sealed or opened. The descriptions are in lower case and say how to fix it.
package enum AuthEnvelopeError: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Longer than ``AuthEnvelope/maxContentBytes``.
    case tooLong
    /// Not CMS, cut off, or followed by other bytes.
    case notAnEnvelope
    /// CMS of another content type. Content that is not authenticated is not read.
    case notAuthenticated
    /// A wrong password or key, or an altered file. These cannot be distinguished.
    case cannotOpen
    /// The text has no PEM certificate with a usable key.
    case unusableCertificate
    /// The text has no PEM private key, or an encrypted one.
    case unusableKey
    /// libcrypto failed: no memory, no entropy, or a policy that forbids an algorithm.
    case failed

    package var description: String {
        switch self {
        case .tooLong: "it is longer than \(AuthEnvelope.maxContentBytes >> 20) MiB"
        case .notAnEnvelope: "the file is cut off, altered or not a CMS file"
        case .notAuthenticated: "the file is CMS, but not AuthEnvelopedData: anybody could have altered it"
        case .cannotOpen: "the password or key is wrong, or the file was altered"
        case .unusableCertificate:
            "not a certificate in PEM with an RSA (\(RSAModulus.minBits) bits or more) or EC key"
        case .unusableKey: "not a private key in PEM; decrypt an encrypted one with: openssl pkey -in key.pem"
        case .failed: "libcrypto failed: check the free memory and the OpenSSL configuration"
        }
    }
}
