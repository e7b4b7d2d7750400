package import LatchkeyAWS

/// What `X-Amz-Target` names: `AmazonSSM.GetParameter`.
package struct AWSTarget: Sendable {
    /// Nil where neither service is meant.
    package let service: AWSReadService?
    private let name: Substring

    /// - Parameter text: the field's value; empty where it did not come. AWS's names are ASCII: any other text counts as
    ///   none, and is not compared with them.
    package init(_ text: String) {
        let text = text.utf8.allSatisfy { $0 < 0x80 } ? text : ""
        let halves = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        service = halves.first.flatMap { first in
            AWSReadService.allCases.first { first.elementsEqual($0.targetPrefix.utf8) }
        }
        name = halves.count == 2 ? Substring(halves[1]) : ""
    }

    /// The operation, for this caller.
    /// - Throws: `AccessDeniedException` for what AWS knows and this does not do, `UnknownOperationException` for what
    ///   AWS does not know either.
    package func operation(for caller: String) throws(AWSFault) -> AWSReadOperation {
        if let operation = AWSReadOperation(rawValue: String(name)), operation.service == service { return operation }
        guard let service, service.unsupportedOperations.contains(String(name)) else {
            throw AWSFault(common: "UnknownOperationException")
        }
        throw .denied(caller, "\(service.rawValue):\(name)", "latchkey answers reads of values and nothing else")
    }
}
