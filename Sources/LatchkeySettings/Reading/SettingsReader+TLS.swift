internal import LatchkeyCrypto

extension SettingsReader {
    /// Reads which files the broker serves TLS with. Their content is read when it starts.
    mutating func readTLS(_ settings: inout Settings) {
        let (certificates, keys) = (paths(.tlsCert), paths(.tlsKey))
        let authorities = paths(.tlsClientCA)
        let authentication = choice(.tlsClientAuth, TLSServerConfiguration.ClientAuthentication.request)
        if certificates.isEmpty, !keys.isEmpty {
            return reject(.tlsKey, "needs \(SettingName.tlsCert.rawValue), the certificate chain of each key")
        }
        if certificates.count != keys.count {
            return reject(
                .tlsCert,
                "names \(certificates.count) files and \(SettingName.tlsKey.rawValue) \(keys.count): give each certificate "
                    + "its key, in the same order")
        }
        if authorities.count > 1 { return reject(.tlsClientCA, "must be one file; it may hold several certificates") }
        if certificates.isEmpty, !authorities.isEmpty {
            return reject(
                .tlsClientCA, "needs \(SettingName.tlsCert.rawValue): only over TLS a caller shows a certificate")
        }
        if authorities.isEmpty, authentication == .require {
            return reject(.tlsClientAuth, "needs \(SettingName.tlsClientCA.rawValue), whom to trust")
        }
        if certificates.isEmpty { return }
        settings.tls = TLSFiles(
            certificates: certificates, keys: keys, clientAuthorities: authorities.first,
            clientAuthentication: authentication)
    }

    /// The paths of a comma list. `file:` before a path changes nothing.
    private func paths(_ name: SettingName) -> [String] { list(name).map { FileReference.path($0) ?? $0 } }
}
