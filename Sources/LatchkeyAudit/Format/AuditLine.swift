package import LatchkeyCore
internal import LatchkeyCrypto

/// The content of one line of the audit log, without the members that its chain adds.
///
/// It never has a value, a key, a token, or a digest of one.
package struct AuditLine: Sendable {
    package var time: WallTime
    /// The request id, as in the answer; empty for a line that belongs to no request.
    package var requestID: ArraySlice<UInt8> = []
    /// The caller's id; nil without a valid credential.
    package var caller: String?
    /// `key`, `jwt`, `tls`, `unix` or `sigv4`.
    package var credential: StaticString?
    /// The address of the peer.
    package var peer: [UInt8] = []
    /// `native`, `oauth`, `aws-sdk` or `extension`.
    package var front: StaticString?
    package var action: AuditAction
    /// The secret or profile. A long name is cut (``AuditLimits/maxNameBytes``).
    package var name: String?
    /// The version that was given out.
    package var version: String?
    /// The store that the value came from.
    package var source: StaticString?
    /// The tier that answered.
    package var tier: StaticString?
    package var decision: AuditDecision?
    /// Why access was denied or failed, as in the member `code` of the answer.
    package var reason: String?
    /// The status of the answer.
    package var status: Int?

    package init(time: WallTime, action: AuditAction) {
        self.time = time
        self.action = action
    }

    /// The names of the members in the order of a line.
    package static let members = [
        "time", "chain", "seq", "request_id", "caller", "credential", "peer", "front", "action", "name", "version",
        "source", "tier", "decision", "reason", "status", "prev",
    ]

    /// Appends the line to `output`, without the line feed.
    ///
    /// - Parameters:
    ///   - time: the text of ``time``.
    ///   - chain: the members `chain` and the name of `seq`, as bytes.
    ///   - previous: the digest of the line before.
    ///   - nameLimit: the most bytes of the name.
    func append(
        to output: inout [UInt8], time: [UInt8], chain: [UInt8], seq: Int64, previous: Digest, nameLimit: Int
    ) {
        Self.append(Self.start, to: &output)
        output.append(contentsOf: time)
        output.append(contentsOf: chain)
        DecimalDigits.append(seq, to: &output)
        Self.append(Self.requestIDName, to: &output)
        requestID.withUnsafeBytes { Self.append(text: $0, to: &output) }
        Self.appendCaller(caller, credential, to: &output)
        Self.appendPeer(peer, to: &output)
        appendAccess(nameLimit, to: &output)
        Self.append(Self.previousName, to: &output)
        previous.withBytes { Hex.append($0, to: &output) }
        Self.append(Self.end, to: &output)
    }

    // MARK: Parts

    static let start: StaticString = "{\"time\":\""
    static let requestIDName: StaticString = ",\"request_id\":"
    static let previousName: StaticString = ",\"prev\":\""
    static let end: StaticString = "\"}"

    /// The members `caller` and `credential` of a line, for ``PreparedAuditLine``.
    package static func callerMembers(_ caller: String?, _ credential: StaticString?) -> [UInt8] {
        var output: [UInt8] = []
        appendCaller(caller, credential, to: &output)
        return output
    }

    /// The member `peer` of a line, for ``PreparedAuditLine``.
    package static func peerMember(_ peer: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        appendPeer(peer, to: &output)
        return output
    }

    /// The members from `front` to `status`, for ``PreparedAuditLine``.
    package func accessMembers(nameLimit: Int = AuditLimits.maxNameBytes) -> [UInt8] {
        var output: [UInt8] = []
        appendAccess(nameLimit, to: &output)
        return output
    }

    private static func appendCaller(_ caller: String?, _ credential: StaticString?, to output: inout [UInt8]) {
        append(",\"caller\":", to: &output)
        append(caller, AuditLimits.maxTextBytes, to: &output)
        append(",\"credential\":", to: &output)
        append(quoted: credential, to: &output)
    }

    private static func appendPeer(_ peer: [UInt8], to output: inout [UInt8]) {
        append(",\"peer\":", to: &output)
        peer.withUnsafeBytes { append(text: $0, to: &output) }
    }

    private func appendAccess(_ nameLimit: Int, to output: inout [UInt8]) {
        Self.append(",\"front\":", to: &output)
        Self.append(quoted: front, to: &output)
        Self.append(",\"action\":", to: &output)
        Self.append(quoted: action.text, to: &output)
        Self.append(",\"name\":", to: &output)
        Self.append(name, nameLimit, to: &output)
        Self.append(",\"version\":", to: &output)
        Self.append(version, AuditLimits.maxTextBytes, to: &output)
        Self.append(",\"source\":", to: &output)
        Self.append(quoted: source, to: &output)
        Self.append(",\"tier\":", to: &output)
        Self.append(quoted: tier, to: &output)
        Self.append(",\"decision\":", to: &output)
        Self.append(quoted: decision?.text, to: &output)
        Self.append(",\"reason\":", to: &output)
        Self.append(reason, AuditLimits.maxTextBytes, to: &output)
        Self.append(",\"status\":", to: &output)
        if let status { DecimalDigits.append(Int64(status), to: &output) } else { Self.append("null", to: &output) }
    }

    @inline(__always)
    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a word that needs no escape; `null` for nil.
    @inline(__always)
    private static func append(quoted text: StaticString?, to output: inout [UInt8]) {
        guard let text else { return append("null", to: &output) }
        output.append(UInt8(ascii: "\""))
        append(text, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    /// Appends a string; `null` if it is empty.
    private static func append(text: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        if text.isEmpty { return append("null", to: &output) }
        JSONWriter.append(string: text, to: &output)
    }

    /// Appends a string; `null` for nil.
    private static func append(_ text: String?, _ limit: Int, to output: inout [UInt8]) {
        guard var text else { return append("null", to: &output) }
        if text.utf8.count > limit { text = AuditText.cut(text, to: limit) }
        text.withUTF8 { JSONWriter.append(string: UnsafeRawBufferPointer($0), to: &output) }
    }
}
