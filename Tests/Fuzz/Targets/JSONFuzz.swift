internal import LatchkeyCore

/// JSON texts (RFC 8259): the reader finds what a second reader finds, and what it has read can be written and read again.
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
        if case .unknown = plain { throw FuzzViolation(description: "a text as deep as that is refused") }
        try require(plain == .tokens(walk.tokens, depth: walk.depth), "two readers find the same in a text")
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
        try require((0...bytes.count).contains(error.offset), "an error lies within the text")
        switch error.reason {
        case .unexpectedEnd: try require(error.offset == bytes.count, "a text that ends too early ends at its end")
        case .invalidUTF8: try require(plain == .notUTF8, "what is said not to be UTF-8 is not")
        case .unexpectedByte: try require(error.offset < bytes.count, "a byte that cannot be is there")
        case .tooDeep:
            if case .tokens(_, let depth) = plain {
                try require(depth > JSONLimits.document.depth, "a text within the limit of depth is not too deep")
            }
        case .tooManyValues, .tooLong: break
        case .duplicateName, .unpairedSurrogate:
            throw FuzzViolation(description: "names and surrogates are judged where that is asked for")
        }
        guard !error.isLimit, case .tokens = plain else { return }
        throw FuzzViolation(description: "a text that the grammar allows is read")
    }

    /// The narrower limits refuse exactly what is past them.
    private static func checkLimits(_ bytes: [UInt8], _ walk: JSONWalk) throws(FuzzViolation) {
        let isWithin = walk.depth <= JSONLimits.request.depth && walk.count <= JSONLimits.request.values
        guard let error = refusal(bytes, .request) else {
            return try require(isWithin, "what is past a limit is refused")
        }
        try require(error.isLimit && !isWithin, "narrower limits refuse nothing but what is past them")
    }

    private static func refusal(_ bytes: [UInt8], _ limits: JSONLimits) -> JSONError? {
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
        try require(document.firstDuplicateName == walk.firstDuplicateName, "the first name that stands twice is found")
        let wanted = walk.firstDuplicateName.map { JSONError(.duplicateName, at: $0) }
        let refused = refusal(bytes, .document.refusingDuplicates)
        try require(refused == wanted, "a text is refused for a name that stands twice, and for nothing else")
    }

    private static func checkWriting(_ document: JSONDocument, _ walk: JSONWalk) throws(FuzzViolation) {
        let copy: JSON
        do throws(JSONError) {
            copy = try JSON(document.root)
        } catch {
            let isThere = error.reason == .unpairedSurrogate && document.bytes[error.offset] == UInt8(ascii: "\\")
            return try require(walk.hasUnpaired && isThere, "a copy is refused for half of a surrogate pair alone")
        }
        try require(!walk.hasUnpaired, "half of a surrogate pair has no copy")
        let written = copy.bytes()
        let again = try? JSON(parsing: written)
        try require(again == copy, "what was written reads as it was")
        try require(again?.bytes() == written, "equal values have equal bytes")
    }

    /// The root and what is directly in it are texts of their own.
    private static func checkParts(_ document: JSONDocument) throws(FuzzViolation) {
        var parts = [document.root]
        parts += document.root.elements.map { Array($0) } ?? []
        parts += document.root.members.map { $0.map(\.value) } ?? []
        for part in parts {
            let source = Array(part.source)
            guard let alone = try? JSONDocument(source, limits: .document) else {
                throw FuzzViolation(description: "a part of a text can be read alone")
            }
            try require(alone.root.range == 0..<source.count, "a part begins and ends with its value")
            let (within, apart) = (try JSONWalk(part, in: document.bytes), try JSONWalk(alone.root, in: source))
            try require(within.tokens == apart.tokens, "a part means the same alone")
        }
    }
}
