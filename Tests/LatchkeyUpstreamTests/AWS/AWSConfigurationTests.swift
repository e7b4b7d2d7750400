import LatchkeyHTTP
import LatchkeyUpstream
import Testing

@Suite struct AWSConfigurationTests {
    private func configuration(_ environment: [String: String], _ files: [String: String] = [:]) -> AWSConfiguration {
        AWSConfiguration(environment: environment.merging(["HOME": "/home/me"]) { own, _ in own }) {
            SharedFileContent(files[$0])
        }
    }

    private func host(_ configuration: AWSConfiguration, _ service: AWSService) -> String? {
        configuration.endpoints[service]?.origin.host
    }

    @Test(arguments: [
        ("us-east-1", "ssm.us-east-1.amazonaws.com", "secretsmanager.us-east-1.amazonaws.com"),
        ("eu-central-1", "ssm.eu-central-1.amazonaws.com", "secretsmanager.eu-central-1.amazonaws.com"),
        ("cn-north-1", "ssm.cn-north-1.amazonaws.com.cn", "secretsmanager.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "ssm.us-gov-west-1.amazonaws.com", "secretsmanager.us-gov-west-1.amazonaws.com"),
        ("us-iso-east-1", "ssm.us-iso-east-1.c2s.ic.gov", "secretsmanager.us-iso-east-1.c2s.ic.gov"),
    ])
    func `A region's endpoints have the suffix of its partition`(region: String, ssm: String, secrets: String) {
        let found = configuration(["AWS_REGION": region])
        #expect(host(found, .parameterStore) == ssm)
        #expect(host(found, .secretsManager) == secrets)
        #expect(found.problems.isEmpty)
    }

    @Test func `FIPS and dual-stack endpoints follow AWS's rules`() {
        let fips = configuration(["AWS_REGION": "us-east-1", "AWS_USE_FIPS_ENDPOINT": "true"])
        #expect(host(fips, .parameterStore) == "ssm-fips.us-east-1.amazonaws.com")
        let gov = configuration(["AWS_REGION": "us-gov-west-1", "AWS_USE_FIPS_ENDPOINT": "true"])
        #expect(host(gov, .parameterStore) == "ssm.us-gov-west-1.amazonaws.com")
        #expect(host(gov, .secretsManager) == "secretsmanager-fips.us-gov-west-1.amazonaws.com")
        let dual = configuration(["AWS_REGION": "eu-west-1", "AWS_USE_DUALSTACK_ENDPOINT": "true"])
        #expect(host(dual, .parameterStore) == "ssm.eu-west-1.api.aws")
    }

    @Test func `A service's endpoint takes precedence over the common one, and the environment over the files`() {
        let files = [
            "/home/me/.aws/config": """
            [profile dev]
            region = eu-north-1
            endpoint_url = http://config:1
            services = local
            [services local]
            ssm =
              endpoint_url = http://config-ssm:2/base
            """
        ]
        let own = configuration(["AWS_PROFILE": "dev", "AWS_ENDPOINT_URL_SSM": "http://[::1]:9"], files)
        #expect(own.endpoints[.parameterStore]?.origin == Origin(scheme: .http, host: "::1", port: 9))
        #expect(own.endpoints[.secretsManager]?.origin == Origin(scheme: .http, host: "config", port: 1))
        let file = configuration(["AWS_PROFILE": "dev"], files)
        #expect(file.region == "eu-north-1")
        #expect(file.endpoints[.parameterStore]?.origin == Origin(scheme: .http, host: "config-ssm", port: 2))
        #expect(file.endpoints[.parameterStore]?.path == "/base")
        let ignored = configuration(["AWS_PROFILE": "dev", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], files)
        #expect(host(ignored, .secretsManager) == "secretsmanager.eu-north-1.amazonaws.com")
    }

    @Test(arguments: [
        (["AWS_REGION": "no/region"], "AWS_REGION"),
        (["AWS_RETRY_MODE": "never", "AWS_REGION": "r"], "AWS_RETRY_MODE"),
        (["AWS_MAX_ATTEMPTS": "0", "AWS_REGION": "r"], "AWS_MAX_ATTEMPTS"), ([:], "AWS_REGION"),
        (["AWS_ENDPOINT_URL": "localhost:1", "AWS_REGION": "r"], "AWS_ENDPOINT_URL"),
        (["AWS_ENDPOINT_URL_SSM": "http://h:0", "AWS_REGION": "r"], "AWS_ENDPOINT_URL_SSM"),
        (["AWS_ENDPOINT_URL": "http://u:p@h", "AWS_REGION": "r"], "AWS_ENDPOINT_URL"),
    ])
    func `A setting that cannot be used is named`(environment: [String: String], name: String) {
        #expect(configuration(environment).problems.map(\.name).contains(name))
    }

    @Test(arguments: ["-us-east-1", "us-east-1-", "123", "us_east_1", String(repeating: "a", count: 64), "us-east-1\n"])
    func `A text that is not a label of a host name is not a region`(region: String) {
        #expect(configuration(["AWS_REGION": region]).problems.map(\.name) == ["AWS_REGION"])
    }

    @Test func `An error in a shared file is reported once, with file and line`() {
        let files = [
            "/home/me/.aws/config": """
            [profile dev]
            region = eu-north-1
            services = local
            role_arn = arn:aws:iam::111122223333:role/a
            source_profile = nobody
            """
        ]
        let found = configuration(["AWS_PROFILE": "dev"], files).problems
        #expect(found.map(\.name) == ["/home/me/.aws/config, line 3", "/home/me/.aws/config, line 5"])
        let environment = [
            "AWS_PROFILE": "dev", "AWS_ENDPOINT_URL": "http://h:1", "AWS_ACCESS_KEY_ID": "AK",
            "AWS_SECRET_ACCESS_KEY": "s",
        ]
        #expect(configuration(environment, files).problems.isEmpty, "settings that are not used are not checked")
    }
}
