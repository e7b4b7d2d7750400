internal import LatchkeyCore

/// Undoes the chunked coding (RFC 9112 §7.1), in as many pieces as it comes in. Both directions use it.
///
/// Strict where leniency has been used to smuggle requests: CR LF alone ends a line, a size is 1 to 8 hex digits with
/// nothing before and only `;` or CR LF behind. Extensions must be well-formed (``ChunkExtension``). Extensions and
/// trailers are read, bounded and thrown away.
package struct ChunkedDecoder: Sendable {
    /// Why the body is not accepted.
    package enum DecodingError: Error, Hashable, Sendable {
        case malformed
        case tooLarge
    }

    private enum State {
        case size(digits: Int, value: Int)
        case `extension`(size: Int, ChunkExtension)
        case sizeLineFeed(size: Int)
        case data(left: Int)
        case dataCarriageReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case finalLineFeed
        case complete
    }

    private var state = State.size(digits: 0, value: 0)
    private var overheadLeft: Int
    private var dataLeft: Int
    private let keepsData: Bool

    /// - Parameters:
    ///   - bodyBytes: the most data all chunks together may hold.
    ///   - overheadBytes: the most bytes of extensions and trailers. Sizes and line ends need no bound of their own:
    ///     a chunk has at most 12 bytes of them, and holds at least one byte of data.
    ///   - keepsData: false for a body nobody wants: it is read to its end and its data dropped.
    package init(bodyBytes: Int, overheadBytes: Int, keepsData: Bool = true) {
        dataLeft = bodyBytes
        overheadLeft = overheadBytes
        self.keepsData = keepsData
    }

    /// The last chunk and the trailers are in.
    package var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    /// Takes input up to the end of the body, appending its data to `body`.
    /// - Returns: how many bytes of `input` belong to the body; fewer than all of them only when it is complete.
    package mutating func receive(
        _ input: UnsafeRawBufferPointer, into body: inout [UInt8]
    ) throws(DecodingError) -> Int {
        var offset = 0
        while offset < input.count {
            if case .complete = state { break }
            if case .data(let left) = state {
                let count = min(left, input.count - offset)
                if keepsData { body.append(contentsOf: input[offset..<(offset + count)]) }
                offset += count
                state = left == count ? .dataCarriageReturn : .data(left: left - count)
                continue
            }
            if isDiscarding {
                overheadLeft -= 1
                if overheadLeft < 0 { throw .malformed }
            }
            state = try next(input[offset])
            offset += 1
        }
        return offset
    }

    /// The next byte is of an extension or a trailer.
    private var isDiscarding: Bool {
        switch state {
        case .extension, .trailerStart, .trailerName, .trailerValue: true
        default: false
        }
    }

    /// The state after one byte that is not data.
    private mutating func next(_ byte: UInt8) throws(DecodingError) -> State {
        switch state {
        case .size(let digits, let value): return try size(byte, digits, value)
        case .extension(let size, var extensions):
            switch extensions.consume(byte) {
            case .incomplete: return .extension(size: size, extensions)
            case .complete: return .sizeLineFeed(size: size)
            case .malformed: throw .malformed
            }
        case .sizeLineFeed(let size):
            guard byte == 0x0A else { throw .malformed }
            if size == 0 { return .trailerStart }
            dataLeft -= size
            if dataLeft < 0 { throw .tooLarge }
            return .data(left: size)
        case .dataCarriageReturn:
            guard byte == 0x0D else { throw .malformed }
            return .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw .malformed }
            return .size(digits: 0, value: 0)
        case .data, .complete: return state
        default: return try trailer(byte)
        }
    }

    private func size(_ byte: UInt8, _ digits: Int, _ value: Int) throws(DecodingError) -> State {
        if let digit = Hex.value(byte) {
            // Eight digits are 4 GiB, far past every limit here, and cannot overflow.
            guard digits < 8 else { throw .tooLarge }
            return .size(digits: digits + 1, value: value << 4 | Int(digit))
        }
        guard digits > 0 else { throw .malformed }
        switch byte {
        case 0x0D: return .sizeLineFeed(size: value)
        case UInt8(ascii: ";"): return .extension(size: value, ChunkExtension())
        default: throw .malformed
        }
    }

    /// Trailer fields (RFC 9112 §7.1.2): their grammar is checked, their content is nobody's.
    private func trailer(_ byte: UInt8) throws(DecodingError) -> State {
        switch state {
        case .trailerStart where byte == 0x0D: return .finalLineFeed
        case .trailerStart, .trailerName:
            if case .trailerName = state, byte == UInt8(ascii: ":") { return .trailerValue }
            guard Grammar.isToken(byte) else { throw .malformed }
            return .trailerName
        case .trailerValue:
            if byte == 0x0D { return .trailerLineFeed }
            guard Grammar.isFieldValue(byte) else { throw .malformed }
            return state
        case .trailerLineFeed:
            guard byte == 0x0A else { throw .malformed }
            return .trailerStart
        default:
            guard byte == 0x0A else { throw .malformed }
            return .complete
        }
    }
}
