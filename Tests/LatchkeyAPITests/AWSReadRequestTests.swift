import LatchkeyAPI
import LatchkeyAWS
import LatchkeyBroker
import LatchkeyCore
import Testing

/// Decoding requests of AWS SDKs, without a store.
@Suite("Requests of AWS SDKs") struct AWSReadRequestTests {
    private let names = ResourceNames(prefix: "/orders/prod", region: "eu-central-1", partition: "aws")

    private func read(_ operation: AWSReadOperation, _ body: JSON) -> Result<AWSReadRequest, AWSProtocolError> {
        do throws(AWSProtocolError) {
            return .success(try AWSReadRequest(operation, body: body.bytes(), names: names, caller: "default"))
        } catch {
            return .failure(error)
        }
    }

    private func fault(_ operation: AWSReadOperation, _ body: JSON) -> String? {
        if case .failure(let fault) = read(operation, body) { return fault.type }
        return nil
    }

    private func target(_ text: String) -> String {
        do throws(AWSProtocolError) {
            return try Array(text.utf8).withUnsafeBytes { AWSTarget($0) }.operation(for: "default").rawValue
        } catch {
            return error.type
        }
    }

    @Test func `Each operation is known by its own service's name alone`() {
        for operation in AWSReadOperation.allCases {
            let own = operation.service == .parameterStore ? "AmazonSSM" : "secretsmanager"
            let other = operation.service == .parameterStore ? "secretsmanager" : "AmazonSSM"
            #expect(target("\(own).\(operation.rawValue)") == operation.rawValue)
            #expect(target("\(other).\(operation.rawValue)").hasSuffix("#UnknownOperationException"))
        }
    }

    @Test(arguments: [
        ("AmazonSSM.PutParameter", "AccessDeniedException"), ("secretsmanager.DeleteSecret", "AccessDeniedException"),
        ("secretsmanager.PutParameter", "com.amazon.coral.service#UnknownOperationException"),
        ("AmazonSSM.SendCommand", "com.amazon.coral.service#UnknownOperationException"),
        ("DynamoDB_20120810.GetItem", "com.amazon.coral.service#UnknownOperationException"),
        ("GetParameter", "com.amazon.coral.service#UnknownOperationException"),
        ("", "com.amazon.coral.service#UnknownOperationException"),
    ])
    func `Other operations are denied or unknown`(text: String, type: String) {
        #expect(target(text) == type)
    }

    @Test(
        arguments: [
            ("/orders/prod/db", nil, nil), ("/orders/prod/db/pass:3", "3", nil), ("/orders/prod/db:live", nil, "live"),
            ("arn:aws:ssm:eu-central-1:123456789012:parameter/orders/prod/db:3", "3", nil),
            ("arn:aws:ssm:eu-central-1:123456789012:parameter/orders/prod/db", nil, nil),
        ] as [(String, String?, String?)])
    func `A parameter is named by its name or ARN, with a selector`(
        text: String, version: String?, label: String?
    ) throws {
        guard case .parameter(let ask, false) = try read(.getParameter, ["Name": .string(text)]).get() else {
            Issue.record("another request")
            return
        }
        #expect(ask.query.key.name.hasPrefix("db"))
        #expect(ask.query.version == version)
        #expect(ask.query.label == label)
    }

    @Test(arguments: [
        "/orders/prod", "/orders/prod/", "/orders/prodx/db", "/orders", "db", "/orders/prod/../x", "/orders/prod//db",
        "/orders/prod/auth0-cache/token", "/orders/prod/latchkey/backend", "orders/prod/db",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/other/db",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders/prod/db-aB3dEf",
        "arn:aws:ssm:eu-central-1:123456789012:document/orders/prod/db", "arn:aws:ssm:eu-central-1:1:parameter/other",
    ])
    func `A name outside the application's prefix is denied`(name: String) {
        #expect(fault(.getParameter, ["Name": .string(name)]) == "AccessDeniedException")
        #expect(
            fault(.getParameters, ["Names": [.string("/orders/prod/db"), .string(name)]]) == "AccessDeniedException")
    }

    @Test(arguments: [
        ("orders/prod/db", "db"), ("orders/prod/a/b", "a/b"),
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders/prod/db-aB3dEf", "db-aB3dEf"),
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders/prod/db", "db"),
        ("orders/prod/db-aB3dEf", "db-aB3dEf"),
    ])
    func `A secret is named by its name or ARN`(id: String, key: String) throws {
        guard case .secret(let ask) = try read(.getSecretValue, ["SecretId": .string(id)]).get() else {
            Issue.record("another request")
            return
        }
        #expect(ask.query.key.name == key)
    }

    @Test(arguments: ["/orders/prod/db", "orders/prod", "orders/prod/", "other", "orders/prod/auth0-cache/token"])
    func `A secret outside the application's prefix is denied`(id: String) {
        #expect(fault(.getSecretValue, ["SecretId": .string(id)]) == "AccessDeniedException")
        #expect(fault(.describeSecret, ["SecretId": .string(id)]) == "AccessDeniedException")
        #expect(fault(.batchGetSecretValue, ["SecretIdList": [.string(id)]]) == "AccessDeniedException")
    }

    @Test func `Paths are the prefix or below it`() {
        for path in ["/orders/prod", "/orders/prod/", "/orders/prod/db", "/orders/prod/db/"] {
            #expect(fault(.getParametersByPath, ["Path": .string(path)]) == nil)
        }
        for path in ["/", "/orders", "/orders/prodx", "/orders/prod/auth0-cache", "/orders/prod/latchkey/"] {
            #expect(fault(.getParametersByPath, ["Path": .string(path)]) == "AccessDeniedException")
        }
    }

    @Test func `A violation of AWS's model is a validation error`() {
        let many = JSON.array((0..<11).map { .string("/orders/prod/\($0)") })
        let secrets = JSON.array((0..<21).map { .string("orders/prod/\($0)") })
        let path: JSON = "/orders/prod"
        for (operation, body) in [
            (.getParameter, [:]), (.getParameter, ["Name": ""]), (.getParameters, [:]), (.getParameters, ["Names": []]),
            (.getParameters, ["Names": many]), (.getParametersByPath, ["Path": path, "MaxResults": 0]),
            (.getParametersByPath, ["Path": path, "MaxResults": 11]), (.getSecretValue, [:]),
            (.batchGetSecretValue, ["SecretIdList": secrets]), (.getParameter, ["Name": "/orders/prod/db:"]),
            (.getParameter, ["Name": "/orders/prod/db:0"]), (.getParameter, ["Name": "/orders/prod/db:1:live"]),
            (.getParameter, ["Name": "/orders/prod/db:5a"]), (.getParameter, ["Name": "/orders/prod/db:../x"]),
        ] as [(AWSReadOperation, JSON)] {
            #expect(fault(operation, body) == "ValidationException", "\(operation) \(body)")
        }
        #expect(fault(.getParameter, ["Name": 1]) == "SerializationException")
        #expect(fault(.getParameter, ["Name": "/orders/prod/db", "WithDecryption": "x"]) == "SerializationException")
        #expect(fault(.getParametersByPath, ["Path": path, "NextToken": "made up"]) == "InvalidNextToken")
        #expect(fault(.batchGetSecretValue, [:]) == "InvalidParameterException")
    }

    @Test func `Pages cover a listing once, whatever their size`() throws {
        let listing = (0..<23).map { "/orders/prod/\(($0 * 7) % 23)" }
        for size in 1...10 {
            var seen: [String] = []
            var mark: ListingPage.Mark?
            repeat {
                let page = ListingPage(of: listing, after: mark, size: size)
                #expect(page.range.count <= size)
                seen += listing[page.range]
                mark = page.next.flatMap { ListingPage.Mark(token: $0) }
                #expect((page.next == nil) == (mark == nil))
            } while mark != nil
            #expect(seen == listing)
        }
    }

    @Test func `A listing that changes between pages continues after the last name`() throws {
        let first = ListingPage(of: ["a", "b", "c", "d"], after: nil, size: 2)
        let mark = try #require(first.next.flatMap { ListingPage.Mark(token: $0) })
        #expect(ListingPage(of: ["new", "a", "b", "c"], after: mark, size: 2).range == 3..<4)
        #expect(ListingPage(of: ["a", "c", "d"], after: mark, size: 2).range == 1..<3)
        #expect(ListingPage(of: [], after: mark, size: 2).range == 0..<0)
    }

    @Test func `Each fault of the broker becomes an error that the service has`() {
        let reasons: [UpstreamFault.Reason] = [
            .notFound, .denied, .refused, .throttled, .unavailable, .timedOut, .invalid, .overloaded, .notReady,
        ]
        let retried = ["ThrottlingException", "InternalServerError", "InternalServiceError"]
        for service in AWSReadService.allCases {
            for reason in reasons {
                let fault = UpstreamFault(reason)
                let error = AWSProtocolError(fault, service: service)
                #expect(!fault.isTransient || retried.contains(error.type), "\(service) \(reason)")
            }
        }
    }

    @Test(
        arguments: [
            (.refused, .secretsManager, "InvalidParameterException", "InvalidParameterException"),
            (.refused, .secretsManager, "ValidationException", "ValidationException"),
            (.refused, .parameterStore, "ValidationException", "ValidationException"),
            (.refused, .parameterStore, "SomethingElse", "ValidationException"),
            (.notFound, .secretsManager, "InvalidRequestException", "InvalidRequestException"),
            (.denied, .secretsManager, "DecryptionFailure", "DecryptionFailure"),
            (.denied, .parameterStore, "InvalidKeyId", "InvalidKeyId"),
            (.denied, .parameterStore, "UnrecognizedClientException", "AccessDeniedException"),
            (.denied, .secretsManager, "ExpiredTokenException", "AccessDeniedException"),
        ] as [(UpstreamFault.Reason, AWSReadService, String, String)])
    func
        `A store's refusal keeps its type, is not tried again, and the broker's own credentials do not concern callers`(
            reason: UpstreamFault.Reason, service: AWSReadService, code: String, type: String
        )
    {
        let error = AWSProtocolError(UpstreamFault(reason, code: code), service: service)
        #expect(error.type == type)
        #expect(error.status == 400)
    }
}
