internal import LatchkeyCore

/// The body of a response in AWS's format, and what it gives out.
struct AWSAnswer: Sendable {
    let body: JSON
    let names: AnsweredNames

    init(_ body: JSON, _ names: [AnsweredNames.Item], isDescription: Bool = false) {
        self.body = body
        self.names = AnsweredNames(names, isDescription: isDescription)
    }
}
