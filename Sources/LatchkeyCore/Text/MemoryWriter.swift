/// Writes bytes one after the other into memory that is known to be large enough: the caller has added up the size of all
/// parts before.
///
/// For what is written for every request: a part costs a copy, and no check. The attributes let the compiler inline the
/// functions in other modules.
@usableFromInline
package struct MemoryWriter {
    /// Where the next byte goes.
    @usableFromInline
    package var next: UnsafeMutablePointer<UInt8>

    @inlinable
    package init(_ start: UnsafeMutablePointer<UInt8>) { next = start }

    @inlinable @inline(__always)
    package mutating func append(_ byte: UInt8) {
        next.pointee = byte
        next += 1
    }

    @inlinable @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        UnsafeMutableRawPointer(next).copyMemory(from: base, byteCount: bytes.count)
        next += bytes.count
    }

    @inlinable @inline(__always)
    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a number in decimal: ``DecimalDigits/count(_:)`` bytes.
    @inlinable
    package mutating func append(decimal number: UInt64) {
        let count = DecimalDigits.count(number)
        var (rest, place) = (number, count)
        repeat {
            place -= 1
            next[place] = 0x30 | UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        next += count
    }

    /// Appends two lower-case hexadecimal digits for each byte.
    package mutating func append(hex bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            next[0] = Self.digit(byte >> 4)
            next[1] = Self.digit(byte & 15)
            next += 2
        }
    }

    /// Without a branch: 39 lie between `9` and `a`.
    @inline(__always)
    private static func digit(_ value: UInt8) -> UInt8 { value &+ 0x30 &+ ((9 &- value) >> 7) &* 39 }
}
