internal import LatchkeyCore

/// Fuzzes the JSON reader (RFC 8259): a second reader finds the same, and a document can be written and read back.
enum JSONFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let plain = PlainJSONReader.read(bytes)
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes, limits: .document)
        } catch {
            return try check(error, plain, bytes)
        }
        let walk = try JSONWalk(document.root, in: bytes)
        if case .unknown = plain {
            throw FuzzViolation(description: "a text deeper than the second reader's limit is rejected")
        }
        try require(plain == .tokens(walk.tokens, depth: walk.depth), "both readers find the same tokens")
        try require(walk.depth <= JSONLimits.document.depth, "the limit of depth holds")
        try require(walk.count <= JSONLimits.document.values, "the limit of values holds")
        try checkLimits(bytes, walk)
        try checkNames(bytes, document, walk)
        try checkWriting(document, walk)
        try checkParts(document)
    }

    private static func check(
        _ error: JSONError, _ plain: PlainJSONReader.Outcome, _ bytes: [UInt8]
    ) throws(FuzzViolation) {
        try require((0...bytes.count).contains(error.offset), "the offset of an error lies within the text")
        switch error.reason {
        case .unexpectedEnd:
            try require(error.offset == bytes.count, "the offset of an unexpected end is the end of the text")
        case .invalidUTF8: try require(plain == .notUTF8, "a text with a UTF-8 error is not UTF-8")
        case .unexpectedByte: try require(error.offset < bytes.count, "the offset of an unexpected byte is in the text")
        case .tooDeep:
            if case .tokens(_, let depth) = plain {
                try require(depth > JSONLimits.document.depth, "a text within the limit of depth is not too deep")
            }
        case .tooManyValues, .tooLong: break
        case .duplicateName, .unpairedSurrogate:
            throw FuzzViolation(description: "duplicate names and unpaired surrogates are errors only on request")
        }
        guard !error.isLimit, case .tokens = plain else { return }
        throw FuzzViolation(description: "a text that the grammar allows is accepted")
    }

    /// Checks that the limits of requests reject exactly the documents that exceed them.
    private static func checkLimits(_ bytes: [UInt8], _ walk: JSONWalk) throws(FuzzViolation) {
        let isWithin = walk.depth <= JSONLimits.request.depth && walk.count <= JSONLimits.request.values
        guard let error = rejection(bytes, .request) else {
            return try require(isWithin, "a document that exceeds a limit is rejected")
        }
        try require(error.isLimit && !isWithin, "limits reject only documents that exceed them")
    }

    private static func rejection(_ bytes: [UInt8], _ limits: JSONLimits) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONDocument(bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private static func checkNames(
        _ bytes: [UInt8], _ document: JSONDocument, _ walk: JSONWalk
    ) throws(FuzzViolation) {
        try require(document.firstDuplicateName == walk.firstDuplicateName, "the first duplicate name is found")
        let wanted = walk.firstDuplicateName.map { JSONError(.duplicateName, at: $0) }
        let error = rejection(bytes, .document.refusingDuplicates)
        try require(error == wanted, "a text is rejected for a duplicate name, and for nothing else")
    }

    private static func checkWriting(_ document: JSONDocument, _ walk: JSONWalk) throws(FuzzViolation) {
        let copy: JSON
        do throws(JSONError) {
            copy = try JSON(document.root)
        } catch {
            let isAtEscape = error.reason == .unpairedSurrogate && document.bytes[error.offset] == UInt8(ascii: "\\")
            return try require(walk.hasUnpaired && isAtEscape, "only an unpaired surrogate makes a copy impossible")
        }
        try require(!walk.hasUnpaired, "a document with an unpaired surrogate has no copy")
        let written = copy.bytes()
        let again = try? JSON(parsing: written)
        try require(again == copy, "a written document is read back unchanged")
        try require(again?.bytes() == written, "equal values have equal bytes")
    }

    /// Checks that the root and the values directly in it can be read alone.
    private static func checkParts(_ document: JSONDocument) throws(FuzzViolation) {
        var parts = [document.root]
        parts += document.root.elements.map { Array($0) } ?? []
        parts += document.root.members.map { $0.map(\.value) } ?? []
        for part in parts {
            let source = Array(part.source)
            guard let alone = try? JSONDocument(source, limits: .document) else {
                throw FuzzViolation(description: "a value can be read alone")
            }
            try require(alone.root.range == 0..<source.count, "the source of a value begins and ends with it")
            let (within, apart) = (try JSONWalk(part, in: document.bytes), try JSONWalk(alone.root, in: source))
            try require(within.tokens == apart.tokens, "a value means the same alone")
        }
    }
}
