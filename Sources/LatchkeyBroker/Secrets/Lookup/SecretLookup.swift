internal import LatchkeyCore
internal import LatchkeyMetrics

/// The lookup of one secret as a state machine: given the result of the last read, it returns the next one. Pure.
///
/// A key is a field of the blob `<prefix>/secrets` if the blob has it, else the item `<prefix>/{key}`. A version or
/// label applies to the blob if the key is one of its fields, else to the item. The blob and the item may be in two
/// stores.
struct SecretLookup: Sendable {
    /// What to do next.
    enum Step: Sendable {
        /// Read this item, from memory or from its store.
        case read(SecretQuery)
        /// Serve this entry of the record that was read.
        case found(SecretRead, SecretEntry)
        case failed(UpstreamFault)
    }

    /// What is being read.
    private enum Stage: Sendable {
        /// The current version of the blob, which decides whether the key is a field.
        case blob
        /// The requested version of the blob, for its field.
        case field
        case item
    }

    /// The item, with its store.
    private let item: SecretQuery
    private let blobStore: SecretStore
    private let demand: SecretDemand
    private var stage: Stage
    /// Why the blob is not as new as demanded. The blob is a part of the answer, even if it lacks the key.
    private var blobFault: UpstreamFault?

    /// - Parameter skipsBlob: whether the item is read without looking for a field of the blob.
    init(_ item: SecretQuery, blobStore: SecretStore, demand: SecretDemand, skipsBlob: Bool) {
        self.item = item
        self.blobStore = blobStore
        self.demand = demand
        stage = skipsBlob || item.key == .blob ? .item : .blob
    }

    /// Returns the first step.
    func begin() -> Step { .read(stage == .blob ? SecretQuery(.blob, store: blobStore) : item) }

    /// Continues after an item was read.
    mutating func apply(_ outcome: SecretRead.Outcome) -> Step {
        switch stage {
        case .blob: applyBlob(outcome)
        case .field: field(of: outcome)
        case .item: whole(blobFault.map { outcome.asEarlierRead(because: $0) } ?? outcome)
        }
    }

    private mutating func applyBlob(_ outcome: SecretRead.Outcome) -> Step {
        switch outcome {
        case .success(let blob) where blob.record.fields[key] != nil:
            guard item.isVersioned else { return field(of: outcome) }
            stage = .field
            return .read(SecretQuery(.blob, version: item.version, label: item.label, store: blobStore))
        case .success(let blob): blobFault = demand == .forced ? blob.fault : nil
        case .failure(let fault) where fault.reason == .notFound:
            blobFault = fault.isFromEarlierRead ? .refreshFloor : nil
        // Without the blob it is unknown whether the key is one of its fields.
        case .failure(let fault): return .failed(fault)
        }
        stage = .item
        return item.key.isItemName ? .read(item) : apply(.failure(absence))
    }

    private func field(of outcome: SecretRead.Outcome) -> Step {
        switch outcome {
        case .failure(let fault): .failed(fault)
        case .success(let read):
            switch read.record.fields[key] {
            case .success(let entry): .found(read, entry)
            case .failure(let fault): .failed(fault)
            case nil: .failed(absence)
            }
        }
    }

    private func whole(_ outcome: SecretRead.Outcome) -> Step {
        switch outcome {
        case .failure(let fault): .failed(fault)
        case .success(let read): .found(read, read.record.whole)
        }
    }

    private var key: ExactText { ExactText(item.key.name) }

    private var absence: UpstreamFault { UpstreamFault(.notFound, upstream: item.store?.tier.upstream) }
}
