package import LatchkeyCrypto

/// A template: text with placeholders for secrets and tokens. Pure.
///
/// ``TemplateReader`` has the grammar.
package struct Template: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case text([UInt8])
        case placeholder(TemplatePlaceholder)
    }

    package let parts: [Part]
    private let limits: RenderLimits

    /// Reads a template.
    /// - Throws: the first error.
    package init(_ bytes: [UInt8], limits: RenderLimits = RenderLimits()) throws(TemplateError) {
        var reader = TemplateReader(bytes, limits: limits)
        parts = try reader.parts()
        self.limits = limits
    }

    /// The placeholders in order.
    package var placeholders: [TemplatePlaceholder] {
        parts.compactMap { if case .placeholder(let placeholder) = $0 { placeholder } else { nil } }
    }

    /// What the broker must be asked for, each once, in the order of the first placeholders.
    package var sources: [TemplateSource] {
        var seen: Set<TemplateSource> = []
        return placeholders.map(\.source).filter { seen.insert($0).inserted }
    }

    /// Where a source is first used.
    package func place(of source: TemplateSource) -> TextPlace? {
        placeholders.first { $0.source == source }?.place
    }

    /// The text with the values in place of the placeholders.
    ///
    /// - Parameter values: the value of each of ``sources``.
    package func rendered(_ values: [TemplateSource: Secret]) throws(TemplateError) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let text): bytes += text
            case .placeholder(let placeholder):
                guard let value = values[placeholder.source] else {
                    throw TemplateError("\(placeholder.source) has no value", at: placeholder.place)
                }
                bytes += try placeholder.rendered(value)
                guard bytes.count <= limits.renderedBytes else {
                    throw TemplateError(
                        "the file gets larger than \(limits.renderedBytes) bytes", at: placeholder.place)
                }
            }
        }
        return bytes
    }
}
