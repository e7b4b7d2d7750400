package import LatchkeyBroker
package import LatchkeyCore

/// For whom a read is made, and until when.
package struct ReadTerms: Sendable {
    package let requester: Requester?
    package let deadline: MonotonicTime

    package init(_ requester: Requester?, deadline: MonotonicTime) {
        (self.requester, self.deadline) = (requester, deadline)
    }
}
