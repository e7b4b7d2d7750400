package import LatchkeyAWS
internal import LatchkeyHTTP

/// The value of `X-Amz-Target`, such as `AmazonSSM.GetParameter`.
package struct AWSTarget: Sendable {
    /// Nil for any other service.
    package let service: AWSReadService?
    /// The operation; empty if there is none.
    private let name: String

    /// - Parameter text: the field's value; empty if the field is absent. Names of AWS are ASCII, so any other text
    ///   counts as unknown and is never compared.
    package init(_ text: UnsafeRawBufferPointer) {
        guard text.allSatisfy({ $0 < 0x80 }) else {
            (service, name) = (nil, "")
            return
        }
        let end = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        let prefix = UnsafeRawBufferPointer(rebasing: text[..<end])
        service = AWSReadService.allCases.first { Grammar.equals(prefix, $0.targetPrefix) }
        name = String(decoding: text[min(end + 1, text.count)...], as: UTF8.self)
    }

    /// The operation that `caller` asks for.
    /// - Throws: `AccessDeniedException` for operations that AWS has and Latchkey refuses, `UnknownOperationException`
    ///   for all others.
    package func operation(for caller: String) throws(AWSProtocolError) -> AWSReadOperation {
        if let operation = AWSReadOperation(rawValue: name), operation.service == service { return operation }
        guard let service, service.unsupportedOperations.contains(name) else {
            throw AWSProtocolError(common: "UnknownOperationException")
        }
        throw .denied(caller, "\(service.rawValue):\(name)", "latchkey answers reads of values and nothing else")
    }
}
