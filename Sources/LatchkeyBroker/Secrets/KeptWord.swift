package import LatchkeyCore

/// Which secrets stay in Secrets Manager, by what each look at the parameter `<prefix>/latchkey/kept` gave. Pure.
///
/// Once a list was followed, only another list changes it: a parameter that is gone, unreadable or no list is no
/// instruction. Before that, a parameter that is absent or that may not be read means that no secret is kept.
package struct KeptWord: Sendable {
    /// What one look gave.
    package enum Look: Hashable, Sendable {
        case text(String)
        case absent
        /// The policy in force does not allow to read it.
        case denied(UpstreamFault)
        case unread(UpstreamFault)
    }

    /// Why the parameter is not followed now.
    package enum Failure: Hashable, Sendable {
        /// A list of names was followed, and the parameter is gone.
        case gone
        /// It holds no list.
        case noList
        case denied(UpstreamFault)
        case unread(UpstreamFault)

        /// One word for `/health` and the log.
        package var code: String {
            switch self {
            case .gone: "absent"
            case .noList: "no_list"
            case .denied(let fault), .unread(let fault): fault.summary
            }
        }

        /// What is wrong and what to do about it; lower case.
        package var description: String {
            let words = "names of Secrets Manager, separated by commas, or \(KeptList.placeholder) for none"
            return switch self {
            case .gone: "the parameter is gone: write \(words) into it"
            case .noList: "the parameter does not hold a list: write \(words) into it"
            case .denied:
                "the parameter may not be read: allow ssm:GetParameter and ssm:GetParameters (latchkey policy)"
            case .unread: "the parameter cannot be read: check Parameter Store"
            }
        }
    }

    /// What a look came to.
    package enum Event: Hashable, Sendable {
        case nothing
        /// Another list is to be in force.
        case follow(KeptList)
        /// The parameter cannot be followed, or cannot be for another reason than before.
        case failing(Failure)
        /// It is followed again, and says what is in force.
        case recovered
    }

    /// The list in force; nil until it is known.
    package private(set) var list: KeptList?
    /// Why the parameter is not followed now; nil while it is.
    package private(set) var failure: Failure?
    private var hasFollowed = false

    package init() {}

    /// Takes in one look.
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
        // An answer that gives no list means none, unless one was followed before.
        switch failure {
        case .noList, .denied: list = list ?? KeptList(names: [])
        case .gone, .unread: break
        }
        let isKnown = self.failure?.code == failure.code
        self.failure = failure
        return isKnown ? .nothing : .failing(failure)
    }

    /// Whether no list was ever read, because the policy does not allow it: that is no fault of a setup that keeps no
    /// secret.
    package var isDeniedFromTheStart: Bool {
        if case .denied = failure { !hasFollowed } else { false }
    }
}
