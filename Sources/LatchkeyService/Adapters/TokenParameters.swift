internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The names of the parameters in which a profile's token is shared (<doc:ParameterLayout>).
package struct TokenParameters {
    package let token: String
    package let expires: String
    package let lease: String

    package init(prefix: String, profile: String) {
        let path = Self.path(prefix: prefix, profile: profile)
        token = "\(path)/token"
        expires = "\(path)/expires"
        lease = "\(path)/lease"
    }

    /// The path of a profile's parameters. The default profile's parameters are beside the other profiles' paths.
    package static func path(prefix: String, profile: String) -> String {
        profile == "default" ? "\(prefix)/auth0-cache" : "\(prefix)/auth0-cache/\(profile)"
    }

    /// The snapshot that the parameters hold.
    func view(of parameters: [Parameter]) -> SharedTokenSnapshot {
        let token = parameters.first { $0.name == self.token }
        let expires = parameters.first { $0.name == self.expires }
        let lease = parameters.first { $0.name == self.lease }
        var view = SharedTokenSnapshot(version: token?.version ?? 0)
        if let lease {
            // A parameter that exists has at least version 1.
            view.lease = lease.version > 0 ? lease.value.revealText().flatMap { Lease($0) } : nil
            view.leaseVersion = lease.version
            view.unreadableLease = lease.version > 0 ? nil : .null
        }
        if let token {
            view.pair = StoredToken(
                token: token.value, expires: expires?.value.revealText() ?? "", tokenWritten: token.lastModified,
                expiresWritten: expires?.lastModified)
        }
        return view
    }
}
