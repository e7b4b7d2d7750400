internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyMetrics

/// Answers decoded AWS requests from an ``AWSReadStore``.
package struct AWSRequestHandler: Sendable {
    /// A parameter of a listing, with the name of its secret.
    typealias ListedItem = (name: String, item: ParameterItem)
    /// Leaves the parameters that the caller may have, each with why only the mode `observe` gives it out.
    typealias ListingFilter = @Sendable ([ListedItem]) -> [(element: ListedItem, wouldDeny: AccessReason?)]

    let store: AWSReadStore

    package init(
        store: AWSReadStore
    ) {
        self.store = store
    }

    /// The answer if memory has all of it; nil when a store must be asked.
    func cached(_ request: AWSReadRequest, now: Now) -> Result<AWSAnswer, AWSProtocolError>? {
        switch request {
        case .parameter(let ask, let isDecrypted):
            return cached(ask, isDecrypted, now).map { Self.answer(ask, $0) }
        case .parameters(let asks, let foreignARNs, let isDecrypted):
            return Self.all(asks) { cached($0, isDecrypted, now) }.map { Self.answer(asks, $0, foreignARNs) }
        case .secret(let ask): return cached(ask, now).map { Self.answer(ask, $0) }
        case .secrets(let asks, let denied):
            return Self.all(asks) { cached($0, now) }.map { Self.answer(asks, $0, denied) }
        case .path, .description: return nil
        }
    }

    private func cached(
        _ ask: ParameterReference, _ isDecrypted: Bool, _ now: Now
    ) -> Result<ParameterItem, UpstreamFault>? {
        store.cachedParameter(ParameterRead(query: ask.query, isDecrypted: isDecrypted), now).map { ask.checked($0) }
    }

    private func cached(_ ask: SecretReference, _ now: Now) -> Result<SecretItem, UpstreamFault>? {
        var last: Result<SecretItem, UpstreamFault>?
        for query in ask.queries(store.storeOf) {
            guard let result = store.cachedSecret(query, now).map({ ask.checked($0) }) else { return nil }
            guard result.isNotFound else { return result }
            last = result
        }
        return last
    }

    /// Answers from the store, in a task of its own.
    ///
    /// - Parameters:
    ///   - filter: leaves the elements of a listing that the caller may have. Called once for a listing.
    ///   - refresh: whether to read past the cache. Only for a single secret.
    ///   - completion: called once, on any thread. Its second argument says why a requested refresh failed.
    func answer(
        _ request: AWSReadRequest, filter: @escaping ListingFilter, refresh: Bool, terms: ReadTerms,
        completion: @escaping @Sendable (Result<AWSAnswer, AWSProtocolError>, UpstreamFault?) -> Void
    ) {
        Task {
            guard refresh, case .secret(let ask) = request else {
                return completion(
                    await answer(request, filter: filter, refresh: refresh, terms: terms), nil)
            }
            let secret = await secret(ask, true, terms)
            completion(Self.answer(ask, secret), Self.refreshError(secret))
        }
    }

    private static func refreshError(_ result: Result<SecretItem, UpstreamFault>) -> UpstreamFault? {
        switch result {
        case .success(let item): item.refreshError
        case .failure(let fault): fault.isFromEarlierRead ? .refreshFloor : nil
        }
    }

    private func answer(
        _ request: AWSReadRequest, filter: ListingFilter, refresh: Bool, terms: ReadTerms
    ) async -> Result<AWSAnswer, AWSProtocolError> {
        switch request {
        case .parameter(let ask, let isDecrypted):
            return Self.answer(ask, await parameter(ask, isDecrypted, terms))
        case .parameters(let asks, let foreignARNs, let isDecrypted):
            return Self.answer(
                asks, await Self.gather(asks) { await parameter($0, isDecrypted, terms) }, foreignARNs)
        case .path(let ask): return answer(ask, await listing(ask, terms), filter)
        case .secret(let ask): return Self.answer(ask, await secret(ask, refresh, terms))
        case .secrets(let asks, let denied):
            return Self.answer(asks, await Self.gather(asks) { await secret($0, refresh, terms) }, denied)
        case .description(let ask): return await description(ask, terms)
        }
    }

    // MARK: Reads

    private func parameter(
        _ ask: ParameterReference, _ isDecrypted: Bool, _ terms: ReadTerms
    ) async -> Result<ParameterItem, UpstreamFault> {
        do throws(UpstreamFault) {
            let read = ParameterRead(query: ask.query, isDecrypted: isDecrypted)
            return ask.checked(.success(try await store.parameter(read, terms)))
        } catch {
            return .failure(error)
        }
    }

    private func secret(
        _ ask: SecretReference, _ refresh: Bool, _ terms: ReadTerms
    ) async -> Result<SecretItem, UpstreamFault> {
        var last = Result<SecretItem, UpstreamFault>.failure(UpstreamFault(.notFound))
        for query in ask.queries(store.storeOf) {
            do throws(UpstreamFault) {
                last = ask.checked(.success(try await store.secret(query, refresh, terms)))
            } catch {
                last = .failure(error)
            }
            if !last.isNotFound { break }
        }
        return last
    }

    private func description(
        _ ask: SecretReference, _ terms: ReadTerms
    ) async -> Result<AWSAnswer, AWSProtocolError> {
        var last = UpstreamFault(.notFound)
        for query in ask.queries(store.storeOf) {
            do throws(UpstreamFault) {
                if let own = try await store.description(query, terms) {
                    if ask.accepts(arn: own["ARN"]?.string ?? "", name: own["Name"]?.string ?? "") {
                        return .success(
                            AWSAnswer(own, [Self.description(query, .secretsManager)], isDescription: true))
                    }
                } else {
                    let item = try ask.checked(.success(try await store.secret(query, false, terms))).get()
                    return .success(
                        AWSAnswer(item.description, [Self.description(query, .parameterStore)], isDescription: true))
                }
            } catch {
                guard error.reason == .notFound else {
                    return .failure(AWSProtocolError(error, service: .secretsManager))
                }
                last = error
            }
        }
        return .failure(AWSProtocolError(last, service: .secretsManager))
    }

    private func listing(
        _ ask: PathPageRequest, _ terms: ReadTerms
    ) async -> Result<[ParameterItem], UpstreamFault> {
        let read = PathRead(path: ask.path, isRecursive: ask.isRecursive, isDecrypted: ask.isDecrypted)
        do throws(UpstreamFault) {
            return .success(try await store.listing(read, terms))
        } catch {
            return .failure(error)
        }
    }

    /// Reads all items concurrently; the results keep the order of `asks`. ``AWSReadRequest`` limits their number, and
    /// so the number of tasks.
    private static func gather<Ask: Sendable, Item: Sendable>(
        _ asks: [Ask], _ read: @escaping @Sendable (Ask) async -> Result<Item, UpstreamFault>
    ) async -> [Result<Item, UpstreamFault>] {
        await asks.concurrentMap(read)
    }

    /// The items for all reads; nil as soon as one is missing.
    private static func all<Read, Item>(_ reads: [Read], _ lookup: (Read) -> Item?) -> [Item]? {
        var found: [Item] = []
        for read in reads {
            guard let item = lookup(read) else { return nil }
            found.append(item)
        }
        return found
    }

    // MARK: Answers

    private static let notFound = Problem.Code.notFound.rawValue

    private static func item(_ ask: ParameterReference, _ item: ParameterItem) -> AnsweredNames.Item {
        AnsweredNames.Item(name: ask.query.key.name, version: "\(item.version)", source: .parameterStore)
    }

    private static func item(_ ask: SecretReference, _ item: SecretItem) -> AnsweredNames.Item {
        // The short name is that of a secret whose ARN was given with its suffix.
        var query = ask.query
        if let short = ask.shortQuery, item.name.hasSuffix(short.key.name) { query = short }
        return AnsweredNames.Item(
            name: query.key.name, version: item.versionID,
            source: item.isParameter ? .parameterStore : .secretsManager)
    }

    private static func description(_ query: SecretQuery, _ source: Tier) -> AnsweredNames.Item {
        AnsweredNames.Item(name: query.key.name, source: source)
    }

    private static func answer(
        _ ask: ParameterReference, _ result: Result<ParameterItem, UpstreamFault>
    ) -> Result<AWSAnswer, AWSProtocolError> {
        result.map { AWSAnswer(["Parameter": $0.json(selector: ask.selector)], [item(ask, $0)]) }.mapError {
            AWSProtocolError($0, service: .parameterStore)
        }
    }

    /// Unknown names go into `InvalidParameters`. Any other fault fails the whole call.
    private static func answer(
        _ asks: [ParameterReference], _ results: [Result<ParameterItem, UpstreamFault>], _ foreignARNs: [String]
    ) -> Result<AWSAnswer, AWSProtocolError> {
        var (found, missing) = ([JSON](), foreignARNs.map { JSON.string($0) })
        // To the caller they are like names that do not exist, whatever it may have.
        var names = foreignARNs.map { AnsweredNames.Item(name: $0, reason: "foreign") }
        for (ask, result) in zip(asks, results) {
            switch result {
            case .success(let item):
                found.append(item.json(selector: ask.selector))
                names.append(Self.item(ask, item))
            case .failure(let fault) where fault.reason == .notFound:
                missing.append(.string(ask.text))
                names.append(AnsweredNames.Item(name: ask.query.key.name, reason: notFound))
            case .failure(let fault): return .failure(AWSProtocolError(fault, service: .parameterStore))
            }
        }
        return .success(AWSAnswer(["Parameters": .array(found), "InvalidParameters": .array(missing)], names))
    }

    private static func answer(
        _ ask: SecretReference, _ result: Result<SecretItem, UpstreamFault>
    ) -> Result<AWSAnswer, AWSProtocolError> {
        result.map { AWSAnswer($0.json, [item(ask, $0)]) }.mapError { AWSProtocolError($0, service: .secretsManager) }
    }

    /// Secrets that cannot be read, and those that the caller may not have, go into `Errors`. A transient fault fails the
    /// whole call, so that SDKs retry it.
    private static func answer(
        _ asks: [SecretReference], _ results: [Result<SecretItem, UpstreamFault>], _ denied: [String]
    ) -> Result<AWSAnswer, AWSProtocolError> {
        var (values, errors): ([JSON], [JSON]) = ([], denied.map(Self.denied))
        var names: [AnsweredNames.Item] = []
        for (ask, result) in zip(asks, results) {
            switch result {
            case .success(let item):
                values.append(item.json)
                names.append(Self.item(ask, item))
            case .failure(let fault) where fault.isTransient:
                return .failure(AWSProtocolError(fault, service: .secretsManager))
            case .failure(let fault):
                let fault = AWSProtocolError(fault, service: .secretsManager)
                names.append(AnsweredNames.Item(name: ask.query.key.name, reason: fault.type))
                errors.append([
                    "SecretId": .string(ask.text), "ErrorCode": .string(fault.type),
                    "Message": .string(fault.message ?? ""),
                ])
            }
        }
        return .success(AWSAnswer(["SecretValues": .array(values), "Errors": .array(errors)], names))
    }

    private static func denied(_ id: String) -> JSON {
        [
            "SecretId": .string(id), "ErrorCode": "AccessDeniedException",
            "Message": .string("not authorized, because \(AWSProtocolError.notAllowed)"),
        ]
    }

    /// One page. The token cache and Latchkey's own parameters are also below the prefix; they are left out.
    private func answer(
        _ ask: PathPageRequest, _ result: Result<[ParameterItem], UpstreamFault>, _ filter: ListingFilter
    ) -> Result<AWSAnswer, AWSProtocolError> {
        result.map { items in
            let known = items.compactMap { item in
                store.names.key(ofParameter: item.name).map { (name: $0.name, item: item) }
            }
            let shown = filter(known)
            let page = ListingPage(of: shown.map(\.element.item.name), after: ask.after, size: ask.size)
            var members: JSONObject = ["Parameters": .array(shown[page.range].map { $0.element.item.json() })]
            members["NextToken"] = page.next.map { .string($0) }
            let names = shown[page.range].map { element, wouldDeny in
                AnsweredNames.Item(
                    name: element.name, version: "\(element.item.version)", source: .parameterStore,
                    wouldDeny: wouldDeny)
            }
            return AWSAnswer(.object(members), names)
        }.mapError { AWSProtocolError($0, service: .parameterStore) }
    }
}

extension Result where Failure == UpstreamFault {
    fileprivate var isNotFound: Bool {
        if case .failure(let fault) = self { fault.reason == .notFound } else { false }
    }
}
