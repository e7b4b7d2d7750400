internal import LatchkeyCore

/// Decodes the chunked transfer coding (RFC 9112 §7.1) of requests and responses, however the network splits it.
///
/// The decoder is strict where leniency has been used to smuggle requests (RFC 9112 §11.2): only CR LF ends a line, and a
/// size is 1 to 8 hexadecimal digits, with nothing before them and only `;` or CR LF after them. Extensions must be
/// well-formed (``ChunkExtension``). Extensions and trailers are read up to a limit and discarded.
package struct ChunkedDecoder: Sendable {
    /// Why a body is rejected.
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
    ///   - bodyBytes: the maximum size of the data of all chunks together.
    ///   - overheadBytes: the maximum size of all extensions and trailers together. Sizes and line ends need no limit of
    ///     their own: a chunk has at most 12 bytes of them, and at least one byte of data.
    ///   - keepsData: false to read the body to its end and discard its data.
    package init(bodyBytes: Int, overheadBytes: Int, keepsData: Bool = true) {
        dataLeft = bodyBytes
        overheadLeft = overheadBytes
        self.keepsData = keepsData
    }

    /// Whether the last chunk and the trailers have been read.
    package var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    /// Reads input up to the end of the body and appends its data to `body`.
    ///
    /// - Returns: the number of bytes of `input` that belong to the body; less than all only when the body is complete.
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

    /// Whether the next byte belongs to an extension or a trailer.
    private var isDiscarding: Bool {
        switch state {
        case .extension, .trailerStart, .trailerName, .trailerValue: true
        default: false
        }
    }

    /// The state after a byte that is not data.
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

    /// `chunk-size` (RFC 9112 §7.1).
    private func size(_ byte: UInt8, _ digits: Int, _ value: Int) throws(DecodingError) -> State {
        if let digit = Hex.value(byte) {
            // Eight digits are up to 4 GiB, above every body limit, and cannot overflow an Int (RFC 9112 §7.1).
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

    /// Trailer fields (RFC 9112 §7.1.2). Their syntax is checked; their content is discarded, which the RFC permits.
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
