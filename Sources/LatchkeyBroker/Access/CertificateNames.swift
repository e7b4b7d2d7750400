internal import LatchkeyCore
internal import LatchkeyCrypto

/// The names in client certificates, and the index of each name's caller.
struct CertificateNames: Sendable {
    private let uris: [ExactText: Int]
    /// In lower case.
    private let dnsNames: [ExactText: Int]

    /// - Parameter credentials: those of each caller, in the order of their indices.
    init(_ credentials: [CallerCredentials]) {
        var (uris, dnsNames): ([ExactText: Int], [ExactText: Int]) = ([:], [:])
        for (index, own) in credentials.enumerated() {
            for uri in own.uris { uris[ExactText(uri)] = index }
            for name in own.dnsNames { dnsNames[Self.folded(name)] = index }
        }
        self.uris = uris
        self.dnsNames = dnsNames
    }

    var isEmpty: Bool { uris.isEmpty && dnsNames.isEmpty }

    /// The indices of all callers whom the certificate names.
    func callers(of peer: PeerIdentity) -> Set<Int> {
        Set(peer.uris.compactMap { uris[ExactText($0)] } + peer.dnsNames.compactMap { dnsNames[Self.folded($0)] })
    }

    private static func folded(_ name: String) -> ExactText {
        ExactText(String(decoding: name.utf8.map(ASCII.lowercased), as: UTF8.self))
    }
}
