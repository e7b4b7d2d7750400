package import LatchkeyCrypto

/// The files with which the broker serves TLS.
package struct TLSFiles: Equatable, Sendable {
    /// A certificate chain and its key.
    package struct Pair: Equatable, Sendable {
        package let certificate: String
        package let key: String
        /// The value of the label `name`: `default`, then the place in the list, counted from 0.
        package let name: String
    }

    /// At least one; the first is the default.
    package let pairs: [Pair]
    /// The certificates that those of callers must lead to; nil if callers are not asked for one.
    package let clientAuthorities: String?
    package let clientAuthentication: TLSServerConfiguration.ClientAuthentication

    package init(
        certificates: [String], keys: [String], clientAuthorities: String? = nil,
        clientAuthentication: TLSServerConfiguration.ClientAuthentication = .request
    ) {
        pairs = zip(certificates, keys).enumerated().map { index, files in
            Pair(certificate: files.0, key: files.1, name: index == 0 ? "default" : "\(index)")
        }
        self.clientAuthorities = clientAuthorities
        self.clientAuthentication = clientAuthentication
    }
}
