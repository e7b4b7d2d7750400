internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

/// Parameter Store as a value: requests and a clock reading in, answers out, AWS's limits kept.
struct ParameterStorePeer {
    let place: AWSPlace
    /// What SecureString values are turned into for readers that do not ask for decryption.
    private let cipherKey: [UInt8]
    private var quotas: ParameterStoreQuotas?
    var parameters: [String: StoredParameter] = [:]

    init(place: AWSPlace, cipherKey: [UInt8], quotas: ParameterStoreQuotas?) {
        self.place = place
        self.cipherKey = cipherKey
        self.quotas = quotas
    }

    /// The operations answered; all others are unknown to it.
    enum Operation: String, CaseIterable {
        case getParameter = "GetParameter"
        case getParameters = "GetParameters"
        case getParametersByPath = "GetParametersByPath"
        case getParameterHistory = "GetParameterHistory"
        case describeParameters = "DescribeParameters"
        case putParameter = "PutParameter"
        case deleteParameter = "DeleteParameter"
        case deleteParameters = "DeleteParameters"
        case labelParameterVersion = "LabelParameterVersion"
        case addTags = "AddTagsToResource"
        case removeTags = "RemoveTagsFromResource"
        case listTags = "ListTagsForResource"
    }

    mutating func answer(_ operation: Operation, _ input: AWSInput, now: Now) throws(AWSFault) -> JSON {
        guard quotas?.admit(operation, at: now.monotonic) ?? true else { throw .throttled }
        return switch operation {
        case .getParameter: try getParameter(input)
        case .getParameters: try getParameters(input)
        case .getParametersByPath: try getParametersByPath(input)
        case .getParameterHistory: try getParameterHistory(input)
        case .describeParameters: try describeParameters(input)
        case .putParameter: try putParameter(input, at: now.wall)
        case .deleteParameter: try deleteParameter(input)
        case .deleteParameters: try deleteParameters(input)
        case .labelParameterVersion: try labelParameterVersion(input)
        case .addTags: try addTags(input)
        case .removeTags: try removeTags(input)
        case .listTags: try listTags(input)
        }
    }

    /// A value as a reader gets it: a SecureString without decryption is base64 of what looks like KMS ciphertext.
    func shown(_ version: ParameterVersion, of parameter: StoredParameter, decrypted: Bool) -> JSON {
        guard parameter.type == .secureString, !decrypted else {
            return .string(version.value.revealText() ?? "")
        }
        let seal = HMACSHA256.authenticate(version.value.reveal(), key: cipherKey).bytes
        return .string("AQICAH\(Base64.encode(seal + seal.reversed()))")
    }
}

/// The account's default quotas of Parameter Store, in requests a second, a second's worth at once.
package struct ParameterStoreQuotas: Sendable {
    private var reads: TokenBucket
    private var writes: TokenBucket

    /// - Parameters:
    ///   - readsPerSecond: GetParameter, GetParameters and GetParametersByPath together (AWS default: 40).
    ///   - writesPerSecond: PutParameter (AWS default: 3).
    package init(readsPerSecond: Double = 40, writesPerSecond: Double = 3) {
        reads = TokenBucket(perSecond: readsPerSecond)
        writes = TokenBucket(perSecond: writesPerSecond)
    }

    mutating func admit(_ operation: ParameterStorePeer.Operation, at now: MonotonicTime) -> Bool {
        switch operation {
        case .getParameter, .getParameters, .getParametersByPath: reads.take(at: now)
        case .putParameter: writes.take(at: now)
        default: true
        }
    }
}
