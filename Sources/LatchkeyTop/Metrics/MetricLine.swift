internal import LatchkeyCore

/// Reads one line of the Prometheus text format 0.0.4: `name{label="value",…} value [timestamp]`.
struct MetricLine {
    /// Labels of one sample that are read. A line with more is refused.
    static let maxLabels = 32

    private let bytes: ArraySlice<UInt8>
    /// The index of the next byte.
    private var next: Int

    private init(_ bytes: ArraySlice<UInt8>) { (self.bytes, next) = (bytes, bytes.startIndex) }

    /// Nil for a line in another form. Takes time linear in the bytes.
    static func sample(_ line: ArraySlice<UInt8>) -> MetricSample? {
        var reader = MetricLine(line)
        reader.skipBlanks()
        guard let name = reader.name(colons: true) else { return nil }
        reader.skipBlanks()
        guard let labels = reader.labels() else { return nil }
        reader.skipBlanks()
        guard let value = Double(reader.word()) else { return nil }
        reader.skipBlanks()
        let time = reader.word()
        reader.skipBlanks()
        guard time.isEmpty || Int64(time) != nil, reader.peek == nil else { return nil }
        return MetricSample(name: name, labels: labels, value: value)
    }

    private mutating func labels() -> [String: String]? {
        guard take("{") else { return [:] }
        var labels: [String: String] = [:]
        while true {
            skipBlanks()
            if take("}") { return labels }
            guard labels.count < Self.maxLabels, let name = name(colons: false) else { return nil }
            skipBlanks()
            guard take("=") else { return nil }
            skipBlanks()
            guard take("\""), let value = quoted() else { return nil }
            labels[name] = value
            skipBlanks()
            // A comma may follow the last label too.
            if take(",") { continue }
            return take("}") ? labels : nil
        }
    }

    /// What follows an opening quotation mark, without its escapes; nil if the line ends before the closing one.
    private mutating func quoted() -> String? {
        var value: [UInt8] = []
        while let byte = pop() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = pop() else { return nil }
                switch escaped {
                case UInt8(ascii: "n"): value.append(0x0A)
                case UInt8(ascii: "\\"), UInt8(ascii: "\""): value.append(escaped)
                default: value += [byte, escaped]
                }
            default: value.append(byte)
            }
        }
        return nil
    }

    private mutating func name(colons: Bool) -> String? {
        guard let first = peek, !ASCII.isDigit(first) else { return nil }
        let name = span { byte in
            ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || colons && byte == UInt8(ascii: ":")
        }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    private mutating func word() -> String { String(decoding: span { !ASCII.isBlank($0) }, as: UTF8.self) }

    private mutating func skipBlanks() { _ = span(ASCII.isBlank) }

    /// Takes the bytes up to the first that is no member.
    private mutating func span(_ isMember: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = next
        while let byte = peek, isMember(byte) { next += 1 }
        return bytes[start..<next]
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        next += 1
        return true
    }

    private mutating func pop() -> UInt8? {
        guard let byte = peek else { return nil }
        next += 1
        return byte
    }

    private var peek: UInt8? { next < bytes.endIndex ? bytes[next] : nil }
}
