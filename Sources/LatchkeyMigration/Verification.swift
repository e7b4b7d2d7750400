package import LatchkeyCrypto

/// Compares both stores, secret by secret, on fresh reads: told what was read, says what to read again. Pure.
package struct Verification: Sendable {
    /// Both sides of one secret as they were read.
    package struct Reading: Sendable {
        package var old: StoredValue?
        package var new: StoredValue?
        /// The parameter's version.
        package var version: Int64?
        /// Why a side could not be read.
        package var trouble: StoreFailure?

        package init(
            old: StoredValue? = nil, new: StoredValue? = nil, version: Int64? = nil, trouble: StoreFailure? = nil
        ) {
            self.old = old
            self.new = new
            self.version = version
            self.trouble = trouble
        }
    }

    /// How one secret compares.
    package enum Verdict: String, Hashable, Sendable, CaseIterable {
        case equal
        case different
        /// The secret is there and the parameter is not.
        case missing
        /// The parameter is there and the secret is not.
        case gone
        /// Equal, and written since the journal's copy.
        case rewritten
        /// A side could not be read.
        case unread

        /// Whether it counts as a difference.
        package var isClean: Bool { self == .equal }
    }

    /// What was found out about one secret.
    package struct Finding: Sendable {
        package var verdict: Verdict
        package var oldBytes: Int?
        package var newBytes: Int?
        package var oldDigest: Digest?
        package var newDigest: Digest?
        package var version: Int64?
        package var trouble: StoreFailure?
    }

    package enum Action: Hashable, Sendable {
        /// Read both sides of these.
        case read([Int])
        case pause(Duration)
        case finish
    }

    /// Rounds of reading at most: with the pauses between, about 6 s for what a write may take to be seen.
    package static let mostRounds = 6

    private let names: [String]
    /// The parameter versions that the journal's copy has seen.
    private let expected: [Int64?]
    private let key: DigestKey
    private var round = 0
    private var pending: [Int]
    /// By index; complete once ``Action/finish`` was given.
    package private(set) var findings: [Int: Finding] = [:]

    /// - Parameters:
    ///   - names: the secrets, each of which is an index from here on.
    ///   - expected: the parameter's version for each as the journal has it, or nil.
    ///   - key: for the digests that are compared and shown.
    package init(names: [String], expected: [Int64?], key: DigestKey) {
        self.names = names
        self.expected = expected
        self.key = key
        pending = Array(names.indices)
    }

    package mutating func start() -> Action { pending.isEmpty ? .finish : .read(pending) }

    /// The pause is over.
    package func afterPause() -> Action { .read(pending) }

    /// All that was to be read has been. What is not equal is read again, for Parameter Store may show a write late.
    package mutating func after(_ readings: [Int: Reading]) -> Action {
        round += 1
        for index in pending {
            findings[index] = finding(
                index, readings[index] ?? Reading(trouble: StoreFailure(.unsure, code: "not_read")))
        }
        pending = pending.filter { index in
            findings[index].map { !$0.verdict.isClean && $0.trouble?.kind != .denied } ?? true
        }
        guard !pending.isEmpty, round < Self.mostRounds else { return .finish }
        return .pause(.milliseconds(200 << (round - 1)))
    }

    private func finding(_ index: Int, _ reading: Reading) -> Finding {
        let name = names[index]
        var finding = Finding(
            verdict: .unread, oldBytes: reading.old?.secret.count, newBytes: reading.new?.secret.count,
            oldDigest: reading.old.map { key.digest(name, $0.secret) },
            newDigest: reading.new.map { key.digest(name, $0.secret) }, version: reading.version,
            trouble: reading.trouble)
        guard reading.trouble == nil else { return finding }
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
