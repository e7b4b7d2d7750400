package import LatchkeyAudit
internal import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// Writes the audit lines for the answers of one worker.
package final class AnswerAudit: Sendable {
    private let log: AuditLog
    private let trail: AuditTrail
    private let time: Timing

    /// - Parameter trail: the chain of the worker.
    package init(_ log: AuditLog, _ trail: AuditTrail, time: Timing) {
        (self.log, self.trail, self.time) = (log, trail, time)
    }

    /// Writes the lines of a turn.
    ///
    /// - Returns: whether its answers may leave.
    func commit() -> Bool { trail.commit(time.now()) || log.policy == .count }

    /// Appends a line for each name of an answer.
    ///
    /// - Returns: whether the answer waits until the lines are written. A request without a valid credential does not wait,
    ///   so that it is never a reason to refuse another one.
    func record(_ request: AnswerRecorder.Request, _ receipt: borrowing ReplyReceipt) -> Bool {
        let status = receipt.status
        let isKnown = request.caller != nil
        guard let action = Self.action(request.route, isDenied: status == 401 || status == 403) else { return false }
        let now = time.now()
        if !isKnown, !log.admitsUnauthenticated(Self.host(request.peer), now: now.monotonic) { return false }
        var line = AuditLine(time: now.wall, action: action)
        line.requestID = request.id.bytes
        line.caller = request.caller
        line.credential = request.credential?.text
        line.peer = request.peer
        line.front = Self.front(request.route)
        line.status = status
        line.decision = Self.decision(status, isKnown: isKnown)
        if !isKnown { line.reason = request.failure.map { "\($0)" } }
        if status < 400 { line.tier = receipt.source }
        let isRequired = isKnown && Self.isRequired(request.route)
        append(line, request, receipt.subject, isRequired: isRequired)
        return isRequired
    }

    /// Appends the line of an answer from memory, which waits until it is written.
    func record(_ line: PreparedAuditLine) { trail.append(prepared: line) }

    /// Whether an answer of the route is refused if its line cannot be written. What shows the failure is not, nor what
    /// is the same for everybody.
    private static func isRequired(_ route: Route) -> Bool {
        route != .health && route != .metrics && route != .openAPI
    }

    private func append(
        _ line: AuditLine, _ request: AnswerRecorder.Request, _ subject: AnyObject?, isRequired: Bool
    ) {
        var line = line
        switch subject {
        case let entry as SecretEntry:
            line.name = request.asked.first ?? entry.key
            line.version = entry.version
            line.source = entry.source.header
            Self.apply(request.decision, to: &line)
            return trail.append(line, isRequired: isRequired)
        case let answered as AnsweredNames where !answered.items.isEmpty:
            if answered.isDescription { line.action = .secretDescribe }
            for item in answered.items {
                line.name = item.name
                line.version = item.version
                line.source = item.source?.header
                line.reason = item.reason
                line.decision = item.reason == nil ? .allowed : .failed
                Self.apply(request.decision(about: item.name) ?? item.wouldDeny.map { .wouldDeny($0) }, to: &line)
                trail.append(line, isRequired: isRequired)
            }
            (line.version, line.source, line.tier) = (nil, nil, nil)
            for denied in request.names where !denied.decision.isAllowed {
                line.name = denied.name
                Self.apply(denied.decision, to: &line)
                trail.append(line, isRequired: isRequired)
            }
            return
        case let answered as AnsweredNames: Self.apply(answered.wouldDeny.map { .wouldDeny($0) }, to: &line)
        case let reason as AnswerReason:
            line.reason = reason.code
            if line.caller != nil { line.decision = reason.isDenial ? .denied : .failed }
        default: break
        }
        guard !request.asked.isEmpty else {
            if request.route == .token { line.name = ProfileGrant.defaultName }
            if request.route == .secrets { line.action = .secretList }
            Self.apply(request.decision, to: &line)
            return trail.append(line, isRequired: isRequired)
        }
        let (decision, reason) = (line.decision, line.reason)
        // The limits for requests without a credential count requests, so that such a request has one line.
        for name in request.asked.prefix(line.caller == nil ? 1 : .max) {
            line.name = name
            (line.decision, line.reason) = (decision, reason)
            Self.apply(request.decision(about: name), to: &line)
            trail.append(line, isRequired: isRequired)
        }
    }

    /// What was decided about the name replaces what the status of the answer says.
    private static func apply(_ decision: AccessDecision?, to line: inout AuditLine) {
        switch decision {
        case .denied(let reason): (line.decision, line.reason) = (.denied, reason.rawValue)
        case .wouldDeny(let reason) where line.decision == .allowed:
            (line.decision, line.reason) = (.wouldDeny, reason.rawValue)
        case .wouldDeny, .allowed, nil: break
        }
    }

    private static func decision(_ status: Int, isKnown: Bool) -> AuditDecision {
        if !isKnown { return .denied }
        switch status {
        case ..<400: return .allowed
        case 401, 403: return .denied
        default: return .failed
        }
    }

    /// What a request to a route does; nil for what is not recorded: probes, and a caller's path that is no route.
    private static func action(_ route: Route, isDenied: Bool) -> AuditAction? {
        switch route {
        case .token, .tokenProfile, .oauthToken: .tokenRead
        case .tokenRejected: .tokenReject
        case .secret, .secrets, .aws, .extensionParameters, .extensionSecrets: .secretRead
        case .cacheClear: .cacheClear
        case .health: .healthRead
        case .metrics: .metricsRead
        case .other: isDenied ? .unknownRoute : nil
        case .openAPI: .openAPIRead
        case .livez, .readyz: nil
        }
    }

    private static func front(_ route: Route) -> StaticString {
        switch route {
        case .oauthToken: "oauth"
        case .aws: "aws-sdk"
        case .extensionParameters, .extensionSecrets: "extension"
        default: "native"
        }
    }

    /// The address without its port; for a Unix socket without the process, because a user may have any number of them.
    private static func host(_ peer: [UInt8]) -> [UInt8] {
        if peer.first == UInt8(ascii: "u") { return Array(peer.prefix { $0 != UInt8(ascii: ",") }) }
        guard let colon = peer.lastIndex(of: UInt8(ascii: ":")) else { return peer }
        return Array(peer[..<colon])
    }
}

extension AnswerRecorder.Request {
    /// The decision about one of the names; that about the request if none was decided about alone.
    fileprivate func decision(about name: String) -> AccessDecision? {
        names.isEmpty ? decision : names.first { $0.name.hasSameBytes(as: name) }?.decision
    }
}

extension CredentialKind {
    /// The raw value as bytes, written without a String.
    var text: StaticString {
        switch self {
        case .key: "key"
        case .jwt: "jwt"
        case .tls: "tls"
        case .unix: "unix"
        case .sigv4: "sigv4"
        }
    }
}
