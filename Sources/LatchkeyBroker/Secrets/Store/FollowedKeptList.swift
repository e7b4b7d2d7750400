package import LatchkeyCore

/// The secrets that stay in Secrets Manager, as the parameter `<prefix>/latchkey/kept` lists them. Pure.
///
/// Once a list was followed, only another list changes it. A parameter that is missing, that cannot be read or that
/// holds no list changes nothing. Before the first list, a parameter that is missing or that must not be read means
/// that no secret is kept.
package struct FollowedKeptList: Sendable {
    /// The result of one read of the parameter.
    package enum Look: Hashable, Sendable {
        case text(String)
        case absent
        /// The policy does not allow reading it.
        case denied(UpstreamFault)
        case unread(UpstreamFault)
    }

    /// Why the parameter is not followed now.
    package enum Failure: Hashable, Sendable {
        /// A list of names was followed, and the parameter does not exist any more.
        case gone
        /// It does not hold a list.
        case noList
        case denied(UpstreamFault)
        case unread(UpstreamFault)

        /// A short code for `/health` and the log.
        package var code: String {
            switch self {
            case .gone: "absent"
            case .noList: "no_list"
            case .denied(let fault), .unread(let fault): fault.summary
            }
        }

        /// What is wrong and how to fix it, in lower case.
        package var description: String {
            let content = "names of Secrets Manager, separated by commas, or \(KeptList.placeholder) for none"
            return switch self {
            case .gone: "the parameter is gone: write \(content) into it"
            case .noList: "the parameter does not hold a list: write \(content) into it"
            case .denied:
                "the parameter may not be read: allow ssm:GetParameter and ssm:GetParameters (latchkey policy)"
            case .unread: "the parameter cannot be read: check Parameter Store"
            }
        }
    }

    /// What a read has changed.
    package enum Event: Hashable, Sendable {
        case nothing
        /// This list has to be put in force.
        case follow(KeptList)
        /// The parameter cannot be followed, for the first time or for another reason than before.
        case failing(Failure)
        /// The parameter is followed again and holds the current list.
        case recovered
    }

    /// The list in force; nil until it is known.
    package private(set) var list: KeptList?
    /// Why the parameter is not followed now; nil if it is.
    package private(set) var failure: Failure?
    private var hasFollowed = false

    package init() {}

    /// Applies one read.
    package mutating func take(_ look: Look) -> Event {
        switch look {
        case .text(let text):
            guard let list = KeptList(text) else { return fail(.noList) }
            hasFollowed = true
            return follow(list)
        case .absent:
            return hasFollowed && list?.names.isEmpty == false ? fail(.gone) : follow(KeptList(names: []))
        case .denied(let fault): return fail(.denied(fault))
        case .unread(let fault): return fail(.unread(fault))
        }
    }

    private mutating func follow(_ list: KeptList) -> Event {
        let hasFailed = failure != nil
        failure = nil
        guard list != self.list else { return hasFailed ? .recovered : .nothing }
        self.list = list
        return .follow(list)
    }

    private mutating func fail(_ failure: Failure) -> Event {
        // Without an earlier list, a response that gives no list means an empty one.
        switch failure {
        case .noList, .denied: list = list ?? KeptList(names: [])
        case .gone, .unread: break
        }
        let isKnown = self.failure?.code == failure.code
        self.failure = failure
        return isKnown ? .nothing : .failing(failure)
    }

    /// Whether the policy has never allowed reading the list. That is normal for a setup that keeps no secret.
    package var isDeniedFromTheStart: Bool {
        if case .denied = failure { !hasFollowed } else { false }
    }
}
