package import LatchkeyAWS

/// The reads of AWS's that are answered here.
package enum FrontOperation: String, Hashable, Sendable, CaseIterable {
    case getParameter = "GetParameter"
    case getParameters = "GetParameters"
    case getParametersByPath = "GetParametersByPath"
    case getSecretValue = "GetSecretValue"
    case batchGetSecretValue = "BatchGetSecretValue"
    case describeSecret = "DescribeSecret"

    package var service: FrontService {
        switch self {
        case .getParameter, .getParameters, .getParametersByPath: .parameterStore
        case .getSecretValue, .batchGetSecretValue, .describeSecret: .secretsManager
        }
    }

    /// As a policy would name it (`ssm:GetParameter`).
    var action: String { "\(service.rawValue):\(rawValue)" }
}

/// What `X-Amz-Target` names: `AmazonSSM.GetParameter`.
package struct FrontTarget: Sendable {
    /// Nil where neither service is meant.
    package let service: FrontService?
    private let name: Substring

    /// - Parameter text: the field's value; empty where it did not come. AWS's names are ASCII: any other text counts as
    ///   none, and is not compared with them.
    package init(_ text: String) {
        let text = text.utf8.allSatisfy { $0 < 0x80 } ? text : ""
        let halves = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        service = halves.first.flatMap { first in
            FrontService.allCases.first { first.elementsEqual($0.targetPrefix.utf8) }
        }
        name = halves.count == 2 ? Substring(halves[1]) : ""
    }

    /// The operation, for this caller.
    /// - Throws: `AccessDeniedException` for what AWS knows and this does not do, `UnknownOperationException` for what
    ///   AWS does not know either.
    package func operation(for caller: String) throws(AWSFault) -> FrontOperation {
        if let operation = FrontOperation(rawValue: String(name)), operation.service == service { return operation }
        guard let service, service.withheld.contains(String(name)) else {
            throw AWSFault(common: "UnknownOperationException")
        }
        throw .denied(caller, "\(service.rawValue):\(name)", "latchkey answers reads of values and nothing else")
    }
}

extension AWSFault {
    /// The words an SDK's user knows, and why.
    static func denied(_ caller: String, _ action: String, _ why: String) -> AWSFault {
        AWSFault("AccessDeniedException", "User: \(caller) is not authorized to perform: \(action) because \(why)")
    }
}
