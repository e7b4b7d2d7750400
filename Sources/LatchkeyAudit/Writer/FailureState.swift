internal import Synchronization

/// Whether writing fails, so that each change is reported once.
final class FailureState: Sendable {
    private let isFailing = Atomic<Bool>(false)

    /// Notes the state; whether it is new.
    func changes(to isFailing: Bool) -> Bool {
        self.isFailing.exchange(isFailing, ordering: .relaxed) != isFailing
    }
}
