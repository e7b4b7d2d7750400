internal import LatchkeyCore

/// A reply of status 200 or 304 whose text was rendered before, but for a few numbers: what a handler sends from memory.
///
/// It refers to bytes of the handler, which must stay where they are during ``Output/write(_:)``. They must not contain a line
/// break that a caller has chosen.
package struct PreparedReply {
    /// Where it is written.
    package struct Output {
        let buffer: ReplyBuffer

        package func write(_ reply: PreparedReply) -> Written {
            buffer.write(reply)
            return Written()
        }
    }

    /// The proof that a reply was written, which has no other source.
    package struct Written { fileprivate init() {} }

    /// What the handler adds to every reply: whole field lines, and the part of one before its value.
    package var prefix: UnsafeRawBufferPointer
    /// The rest of that line, without its line end: the id of the request.
    package var id: UnsafeRawBufferPointer
    /// Whole field lines, and the part of the last one before ``age``.
    package var fields: UnsafeRawBufferPointer
    /// A number that is not negative.
    package var age: Int64
    /// Whole field lines behind that.
    package var moreFields = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The body up to ``number``; nil for a reply of status 304, which has none.
    package var body: UnsafeRawBufferPointer?
    /// A number within the body; negative for none.
    package var number: Int64 = -1
    /// The body behind ``number``.
    package var bodyEnd = UnsafeRawBufferPointer(start: nil, count: 0)

    package init(
        prefix: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer, fields: UnsafeRawBufferPointer, age: Int64
    ) {
        self.prefix = prefix
        self.id = id
        self.fields = fields
        self.age = age
    }

    /// The length of the body.
    var contentLength: Int {
        let digits = number < 0 ? 0 : DecimalDigits.count(UInt64(number))
        return (body?.count ?? 0) + digits + bodyEnd.count
    }

    /// The most bytes that it takes behind the status line and the fields of the server: the parts, three numbers, and the
    /// text between them.
    var maxBytes: Int { prefix.count + id.count + fields.count + moreFields.count + contentLength + 100 }

    /// Writes the parts.
    ///
    /// - Parameter isHead: leaves the body out.
    func write(isHead: Bool, to writer: inout MemoryWriter) {
        writer.append(prefix)
        writer.append(id)
        writer.append("\r\n")
        writer.append(fields)
        writer.append(decimal: UInt64(max(0, age)))
        writer.append("\r\n")
        writer.append(moreFields)
        guard let body else { return writer.append("\r\n") }
        writer.append("Content-Length: ")
        writer.append(decimal: UInt64(contentLength))
        writer.append("\r\n\r\n")
        if isHead { return }
        writer.append(body)
        if number >= 0 { writer.append(decimal: UInt64(number)) }
        writer.append(bodyEnd)
    }
}
