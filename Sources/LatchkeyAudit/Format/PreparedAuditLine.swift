package import LatchkeyCore
internal import LatchkeyCrypto

/// A line whose parts were rendered before, for an access that looks like many others.
///
/// It refers to bytes of the caller, which must stay where they are during the call.
package struct PreparedAuditLine {
    package var time: WallTime
    /// The request id: letters, digits, `-`, `.` and `_`, which need no escape.
    package var requestID: UnsafeRawBufferPointer
    /// ``AuditLine/callerMembers(_:_:)``.
    package var caller: UnsafeRawBufferPointer
    /// ``AuditLine/peerMember(_:)``.
    package var peer: UnsafeRawBufferPointer
    /// ``AuditLine/accessMembers(nameLimit:)``.
    package var access: UnsafeRawBufferPointer

    package init(
        time: WallTime, requestID: UnsafeRawBufferPointer, caller: UnsafeRawBufferPointer,
        peer: UnsafeRawBufferPointer, access: UnsafeRawBufferPointer
    ) {
        self.time = time
        self.requestID = requestID
        self.caller = caller
        self.peer = peer
        self.access = access
    }

    /// Appends the line to `output`, without the line feed.
    ///
    /// - Parameters:
    ///   - time: the text of ``time``.
    ///   - chain: the members `chain` and the name of `seq`, as bytes.
    ///   - previous: the digest of the line before.
    func append(to output: inout [UInt8], time: [UInt8], chain: [UInt8], seq: Int64, previous: Digest) {
        let seq = UInt64(max(0, seq))
        let size =
            time.count + chain.count + DecimalDigits.count(seq) + requestID.count + caller.count + peer.count
            + access.count + Self.fixedBytes
        output.append(addingCapacity: size) { span in
            span.withUnsafeMutableBufferPointer { memory, count in
                guard let base = memory.baseAddress else { return }
                var writer = MemoryWriter(base)
                writer.append(AuditLine.start)
                time.withUnsafeBytes { writer.append($0) }
                chain.withUnsafeBytes { writer.append($0) }
                writer.append(decimal: seq)
                writer.append(AuditLine.requestIDName)
                writer.append(UInt8(ascii: "\""))
                writer.append(requestID)
                writer.append(UInt8(ascii: "\""))
                writer.append(caller)
                writer.append(peer)
                writer.append(access)
                writer.append(AuditLine.previousName)
                previous.withBytes { writer.append(hex: $0) }
                writer.append(AuditLine.end)
                count = writer.next - base
            }
        }
    }

    /// The bytes beside the parts: names, quotes and `prev`.
    private static let fixedBytes =
        AuditLine.start.utf8CodeUnitCount + AuditLine.requestIDName.utf8CodeUnitCount + 2
        + AuditLine.previousName.utf8CodeUnitCount + 64 + AuditLine.end.utf8CodeUnitCount
}
