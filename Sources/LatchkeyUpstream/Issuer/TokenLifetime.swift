internal import LatchkeyCore

/// Reads `expires_in` in the forms that issuers use; RFC 6749 §5.1 requires a number.
enum TokenLifetime {
    enum Reading: Equatable {
        case absent
        case valid(Duration)
        case invalid
    }

    /// - A number is rounded down to whole seconds. A string must consist of decimal digits.
    /// - Absent and null are ``Reading/absent``; the broker then assumes a short lifetime.
    /// - Less than one second, and every other type, is ``Reading/invalid``.
    /// - A longer lifetime than ``AccessTokenLimits/maxIssuedLifetime`` is shortened to that.
    static func read(_ value: JSON?) -> Reading {
        switch value {
        case nil, .null: .absent
        case .integer(let seconds): reading(seconds)
        case .number(let seconds): reading(seconds)
        case .string(let digits): reading(digits)
        case .bool, .array, .object: .invalid
        }
    }

    private static let maxSeconds = AccessTokenLimits.maxIssuedLifetime.inSeconds

    /// Compares before converting, because `Int64(1e99)` traps. Of a number beyond the range of a double only the sign
    /// is known.
    private static func reading(_ number: JSONNumber) -> Reading {
        let seconds = number.double ?? (number.text.hasPrefix("-") ? 0 : maxSeconds)
        return seconds >= maxSeconds ? reading(Int64(maxSeconds)) : reading(Int64(max(0, seconds)))
    }

    private static func reading(_ seconds: Int64) -> Reading {
        seconds > 0 ? .valid(min(.seconds(seconds), AccessTokenLimits.maxIssuedLifetime)) : .invalid
    }

    private static func reading(_ digits: String) -> Reading {
        guard !digits.isEmpty, digits.utf8.allSatisfy(ASCII.isDigit) else { return .invalid }
        // A number that does not fit exceeds the maximum.
        return reading(Int64(digits) ?? .max)
    }
}
