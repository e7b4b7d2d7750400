internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

/// An emulated Parameter Store, as a value. It enforces AWS's limits and sends AWS's errors.
struct ParameterStorePeer {
    let location: AWSLocation
    /// Derives the value of a SecureString that a read without decryption returns.
    private let cipherKey: [UInt8]
    private var quotas: ParameterStoreQuotas?
    var parameters: [String: StoredParameter] = [:]

    init(location: AWSLocation, cipherKey: [UInt8], quotas: ParameterStoreQuotas?) {
        self.location = location
        self.cipherKey = cipherKey
        self.quotas = quotas
    }

    /// The supported operations.
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

    /// The body of the response to one request.
    mutating func answer(_ operation: Operation, _ input: AWSInput, now: Now) throws(AWSProtocolError) -> JSON {
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

    /// The value in a response. Without decryption, a SecureString is returned in the form of base64 KMS ciphertext.
    func shown(_ version: ParameterVersion, of parameter: StoredParameter, decrypted: Bool) -> JSON {
        guard parameter.type == .secureString, !decrypted else {
            return .string(version.value.revealText() ?? "")
        }
        let seal = HMACSHA256.authenticate(version.value.reveal(), key: cipherKey).bytes
        return .string("AQICAH\(Base64.encode(seal + seal.reversed()))")
    }

    /// Creates parameters without a request.
    mutating func seed(_ seeds: [(name: String, type: ParameterType, value: Secret)], at now: WallTime) {
        for seed in seeds {
            parameters[seed.name] = StoredParameter(
                name: seed.name, type: seed.type, value: seed.value, modified: now)
        }
    }
}
