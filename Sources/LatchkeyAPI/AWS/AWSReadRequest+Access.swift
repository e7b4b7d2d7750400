internal import LatchkeyAWS
internal import LatchkeyBroker

extension AWSReadRequest {
    /// The names that the request asks for, and the decision about each. A listing has none: it is filtered.
    func decisions(_ access: CallerAccess) -> [AccessedName] {
        switch self {
        case .parameter(let ask, _): [AccessedName(ask, access)]
        case .parameters(let asks, _, _): asks.map { AccessedName($0, access) }
        case .path: []
        case .secret(let ask), .description(let ask): [AccessedName(ask, access)]
        case .secrets(let asks, _): asks.map { AccessedName($0, access) }
        }
    }

    /// The request for what the caller may have.
    ///
    /// - Returns: nil if that is nothing. As with IAM, one name that is not allowed refuses a whole GetParameters, and is
    ///   an error of its own in a BatchGetSecretValue.
    func restricted(to access: CallerAccess) -> AWSReadRequest? {
        switch self {
        case .parameter, .parameters: decisions(access).allSatisfy(\.decision.isAllowed) ? self : nil
        case .path: self
        case .secret(let ask): ask.decision(access).isAllowed ? .secret(ask.restricted(to: access)) : nil
        case .description(let ask): ask.decision(access).isAllowed ? .description(ask.restricted(to: access)) : nil
        case .secrets(let asks, let denied):
            .secrets(
                asks.filter { $0.decision(access).isAllowed }.map { $0.restricted(to: access) },
                denied: denied + asks.filter { !$0.decision(access).isAllowed }.map(\.text))
        }
    }
}

extension AccessedName {
    fileprivate init(_ ask: ParameterReference, _ access: CallerAccess) {
        self.init(ask.query.key.name, access.decision(.secret(ask.query.key.name)))
    }

    fileprivate init(_ ask: SecretReference, _ access: CallerAccess) {
        self.init((ask.shortQuery ?? ask.query).key.name, ask.decision(access))
    }
}
