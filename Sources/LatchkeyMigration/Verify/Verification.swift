package import LatchkeyCrypto

/// The state machine that compares both stores secret by secret: takes what was read and returns what to read again. Pure.
package struct Verification: Sendable {
    /// Both sides of one secret, as read.
    package struct Reading: Sendable {
        package var old: StoredValue?
        package var new: StoredValue?
        /// The version of the parameter.
        package var version: Int64?
        /// Why one of the sides could not be read.
        package var failure: StoreFailure?

        package init(
            old: StoredValue? = nil, new: StoredValue? = nil, version: Int64? = nil, failure: StoreFailure? = nil
        ) {
            self.old = old
            self.new = new
            self.version = version
            self.failure = failure
        }
    }

    /// The result of comparing one secret.
    package enum Verdict: String, Hashable, Sendable, CaseIterable {
        case equal
        case different
        /// The secret exists and the parameter does not.
        case missing
        /// The parameter exists and the secret does not.
        case gone
        /// Equal, but the parameter was written since the copy that the journal has.
        case rewritten
        /// One of the sides could not be read.
        case unread

        /// False if the verdict counts as a difference.
        package var isClean: Bool { self == .equal }
    }

    /// The verdict on one secret, and what it rests on.
    package struct Finding: Sendable {
        package var verdict: Verdict
        package var oldBytes: Int?
        package var newBytes: Int?
        package var oldDigest: Digest?
        package var newDigest: Digest?
        /// The version of the parameter.
        package var version: Int64?
        package var failure: StoreFailure?
    }

    /// What the caller has to do next.
    package enum Action: Hashable, Sendable {
        /// Read both sides of the secrets at these indices.
        case read([Int])
        case pause(Duration)
        case finish
    }

    /// The most rounds of reads. With the pauses between, they wait about 6 s for a write to become visible.
    package static let maxRounds = 6

    private let names: [String]
    /// The versions of the parameters as the journal's copy saw them.
    private let expected: [Int64?]
    private let key: DigestKey
    private var round = 0
    private var pending: [Int]
    /// By index. Complete after ``Action/finish``.
    package private(set) var findings: [Int: Finding] = [:]

    /// - Parameters:
    ///   - names: the secrets. All indices refer to this array.
    ///   - expected: for each secret, the version of the parameter in the journal, or nil.
    ///   - key: for the digests that are compared and shown.
    package init(names: [String], expected: [Int64?], key: DigestKey) {
        self.names = names
        self.expected = expected
        self.key = key
        pending = Array(names.indices)
    }

    /// The first action.
    package mutating func start() -> Action { pending.isEmpty ? .finish : .read(pending) }

    /// The action after a pause.
    package func afterPause() -> Action { .read(pending) }

    /// The action after a round of reads. Secrets that are not equal are read again, because Parameter Store is eventually
    /// consistent.
    package mutating func after(_ readings: [Int: Reading]) -> Action {
        round += 1
        for index in pending {
            findings[index] = finding(
                index, readings[index] ?? Reading(failure: StoreFailure(.unsure, code: "not_read")))
        }
        pending = pending.filter { index in
            findings[index].map { !$0.verdict.isClean && $0.failure?.kind != .denied } ?? true
        }
        guard !pending.isEmpty, round < Self.maxRounds else { return .finish }
        return .pause(.milliseconds(200 << (round - 1)))
    }

    private func finding(_ index: Int, _ reading: Reading) -> Finding {
        let name = names[index]
        var finding = Finding(
            verdict: .unread, oldBytes: reading.old?.secret.count, newBytes: reading.new?.secret.count,
            oldDigest: reading.old.map { key.digest(name, $0.secret) },
            newDigest: reading.new.map { key.digest(name, $0.secret) }, version: reading.version,
            failure: reading.failure)
        guard reading.failure == nil else { return finding }
        finding.verdict =
            switch (finding.oldDigest, finding.newDigest) {
            case (nil, nil): .unread
            case (_?, nil): .missing
            case (nil, _?): .gone
            case (let old?, let new?):
                old != new ? .different : expected[index].map { $0 == reading.version } ?? true ? .equal : .rewritten
            }
        return finding
    }
}
