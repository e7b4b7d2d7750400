internal import LatchkeyAudit
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The parts of audit lines that the answers from memory of one worker have in common, so that they are rendered once.
struct HitLines {
    /// The members of each caller and kind of credential; empty until they are needed.
    private var callers: [[UInt8]] = []
    /// The version of the keys that ``callers`` belongs to.
    private var version = -1

    /// The members of an answer with the default profile's token.
    static let token: [UInt8] = {
        var line = access(.tokenRead, status: 200)
        line.name = ProfileGrant.defaultName
        return line.accessMembers()
    }()

    /// The members of an answer with a secret, or without it because it is unchanged.
    static func secret(_ entry: SecretEntry, status: Int) -> [UInt8] {
        var line = access(.secretRead, status: status)
        line.name = entry.key
        line.version = entry.version
        line.source = entry.source.header
        return line.accessMembers()
    }

    private static func access(_ action: AuditAction, status: Int) -> AuditLine {
        var line = AuditLine(time: WallTime(milliseconds: 0), action: action)
        line.front = "native"
        line.tier = Tier.memory.header
        line.decision = .allowed
        line.status = status
        return line
    }

    /// The members of a caller.
    mutating func members(of caller: AuthenticatedCaller, _ keys: borrowing LiveKeys.Copy) -> [UInt8] {
        if keys.version != version { (callers, version) = ([], keys.version) }
        let place = caller.place
        while callers.count <= place { callers.append([]) }
        if callers[place].isEmpty {
            callers[place] = AuditLine.callerMembers(keys.ring.caller(caller)?.id, caller.credential.text)
        }
        return callers[place]
    }

    /// The member of the peer of a connection, which is kept with the connection.
    static func peer(_ context: RequestContext) -> [UInt8] {
        let member = context.note
        if !member.isEmpty { return member }
        context.note = AuditLine.peerMember(context.peerName)
        return context.note
    }
}
