/// What is wrong with a template, and where. Never holds a value.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    package let place: TextPlace
    /// In lower case.
    package let message: String

    package init(_ message: String, at place: TextPlace) {
        self.message = message
        self.place = place
    }

    /// `LINE:COLUMN: MESSAGE`, to follow the name of the template.
    package var description: String { "\(place): \(message)" }
}
