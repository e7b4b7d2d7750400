package import LatchkeyAWS

/// The value of `X-Amz-Target`, such as `AmazonSSM.GetParameter`.
package struct AWSTarget: Sendable {
    /// Nil for any other service.
    package let service: AWSReadService?
    private let name: Substring

    /// - Parameter text: the field's value; empty if the field is absent. Names of AWS are ASCII, so any other text
    ///   counts as unknown and is never compared.
    package init(_ text: String) {
        let text = text.utf8.allSatisfy { $0 < 0x80 } ? text : ""
        let halves = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        service = halves.first.flatMap { first in
            AWSReadService.allCases.first { first.elementsEqual($0.targetPrefix.utf8) }
        }
        name = halves.count == 2 ? Substring(halves[1]) : ""
    }

    /// The operation that `caller` asks for.
    /// - Throws: `AccessDeniedException` for operations that AWS has and Latchkey refuses, `UnknownOperationException`
    ///   for all others.
    package func operation(for caller: String) throws(AWSProtocolError) -> AWSReadOperation {
        if let operation = AWSReadOperation(rawValue: String(name)), operation.service == service { return operation }
        guard let service, service.unsupportedOperations.contains(String(name)) else {
            throw AWSProtocolError(common: "UnknownOperationException")
        }
        throw .denied(caller, "\(service.rawValue):\(name)", "latchkey answers reads of values and nothing else")
    }
}
