internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The JSON document in which metadata services and `credential_process` give credentials.
struct CredentialDocument: Sendable {
    /// The document is not valid. Names a member, never its value.
    struct FormatError: Error, Hashable, Sendable {
        let why: String
    }

    enum Form: Sendable {
        /// Of the instance's and the container's metadata service: `Token` and `Expiration` are required.
        case metadata
        /// Of `credential_process`: `Version` 1, optional `SessionToken` and `Expiration` (AWS CLI User Guide,
        /// "Sourcing credentials with an external process").
        case process
    }

    /// The expiration is by the clock of the document's author.
    let credentials: AWSCredentials

    init(_ bytes: [UInt8], _ form: Form) throws(FormatError) {
        guard let json = try? JSON(parsing: bytes), json.object != nil else {
            throw FormatError(why: "not a JSON object")
        }
        if form == .process, json["Version"]?.integer != 1 { throw FormatError(why: "Version is not 1") }
        // The instance's service reports a failure in this member, with status 200.
        if let code = json["Code"]?.string, code != "Success" {
            throw FormatError(why: "the service answers \(AWSError.bareCode(code))")
        }
        let token = form == .metadata ? "Token" : "SessionToken"
        guard let id = json["AccessKeyId"]?.string, !id.isEmpty else { throw FormatError(why: "no AccessKeyId") }
        guard
            var credentials = AWSCredentials(
                id: id, secret: json["SecretAccessKey"]?.string, token: json[token]?.string)
        else { throw FormatError(why: "no SecretAccessKey") }
        if form == .metadata, credentials.sessionToken == nil { throw FormatError(why: "no Token") }
        credentials.expiration = try Self.expiration(json["Expiration"], form)
        guard credentials.isVisibleASCII else {
            throw FormatError(why: "AccessKeyId or the token contains a character other than visible ASCII")
        }
        self.credentials = credentials
    }

    /// The credentials in a response of a metadata service. Their expiration is converted to the local clock.
    static func credentials(
        in response: HTTPResponse, _ context: CredentialContext
    ) throws(AWSError) -> AWSCredentials {
        do throws(FormatError) {
            var credentials = try CredentialDocument(response.body, .metadata).credentials
            credentials.expiration = credentials.expiration.map { context.ownTime(of: $0, in: response) }
            return credentials
        } catch {
            throw AWSError(.invalidAnswer, hint: error.why)
        }
    }

    /// Throws for a value that is not a time, because the keys would be used after their expiration.
    private static func expiration(_ value: JSON?, _ form: Form) throws(FormatError) -> WallTime? {
        guard let value, value != .null else {
            guard form == .process else { throw FormatError(why: "no Expiration") }
            return nil
        }
        do throws(ExpirationTime.SyntaxError) {
            return try ExpirationTime.parse(value.string ?? "")
        } catch {
            throw FormatError(why: "Expiration \(error.reason)")
        }
    }
}
