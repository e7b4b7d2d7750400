internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// Why a key set cannot be read. Holds nothing of what was read.
struct KeySetFault: Error, Hashable, Sendable {
    /// The code in `/health`.
    let code: String
    /// What is wrong, in lower case.
    let reason: String

    init(_ error: HTTPClientError) {
        code = error.code
        reason = "the server of the key set cannot be reached: check its address, its certificate and the network"
    }

    /// - Parameter status: of a response other than 200. Redirects are not followed.
    init(status: Int) {
        code = "http_\(status)"
        reason = "the server of the key set answered with status \(status), not 200: check the URL and the bearer token"
    }

    init(_ rejection: JSONWebKeySet.Rejection) { self.init(unfit: rejection.description) }

    init(unfit reason: String) {
        code = FileError.unfit(reason).code
        self.reason = reason
    }

    /// The file with the bearer token has no value.
    init(bearer error: FileError) {
        code = error.code
        reason = "the bearer token for the key set cannot be read: \(error)"
    }
}
