internal import LatchkeyCore

/// `expires_in` as issuers really write it (RFC 6749 §5.1 wants an integer).
enum TokenLifetime {
    /// A lifetime, or that there is none to read.
    enum Reading: Equatable {
        case absent
        case lasting(Duration)
        case invalid
    }

    /// - A number is rounded down to whole seconds, a string must be decimal digits alone.
    /// - Absent and null are ``Reading/absent``: the broker then assumes something short.
    /// - Anything under one second, and every other type, is ``Reading/invalid``.
    /// - What is longer than ``IssuedToken/longestLifetime`` is taken as that, however long.
    static func read(_ value: JSON?) -> Reading {
        switch value {
        case nil, .null: .absent
        case .integer(let seconds): lasting(seconds)
        case .number(let seconds): lasting(seconds)
        case .string(let digits): lasting(digits)
        case .bool, .array, .object: .invalid
        }
    }

    private static let longest = IssuedToken.longestLifetime.inSeconds

    /// Compared before it is converted: Int64(1e99) would trap. A number past a double's range has only its sign.
    private static func lasting(_ number: JSONNumber) -> Reading {
        let seconds = number.double ?? (number.text.hasPrefix("-") ? 0 : longest)
        return seconds >= longest ? lasting(Int64(longest)) : lasting(Int64(max(0, seconds)))
    }

    private static func lasting(_ seconds: Int64) -> Reading {
        seconds > 0 ? .lasting(min(.seconds(seconds), IssuedToken.longestLifetime)) : .invalid
    }

    private static func lasting(_ digits: String) -> Reading {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return .invalid }
        // Digits that overflow mean a lifetime past every bound.
        return lasting(Int64(digits) ?? .max)
    }
}
