internal import COpenSSL

/// The library that does the cryptography.
package enum CryptoLibrary {
    /// Name, version and date of the library that the program runs with, such as `OpenSSL 3.0.13 30 Jan 2024`.
    package static var version: String { OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "OpenSSL" }
}
