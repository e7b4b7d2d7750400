import LatchkeyAWS
import Testing

@Suite struct AmazonResourceNameTests {
    @Test func `Every part of a name is kept`() throws {
        let text = "arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:orders/dev/db-Ab12Cd"
        let name = try #require(AmazonResourceName(text))
        #expect(name.partition == "aws-us-gov")
        #expect(name.service == "secretsmanager")
        #expect(name.region == "us-gov-west-1")
        #expect(name.account == "111122223333")
        #expect(name.resource == "secret:orders/dev/db-Ab12Cd")
        #expect(name.description == text)
    }

    @Test func `A name of a service without regions or accounts has empty parts`() throws {
        let name = try #require(AmazonResourceName("arn:aws:s3:::bucket/key"))
        #expect((name.region, name.account) == ("", ""))
    }

    @Test(arguments: [
        "", "arn", "arn:", "arn:aws:ssm:eu-central-1:111122223333", "arn:aws:ssm:eu-central-1:111122223333:",
        "arn::ssm:eu-central-1:111122223333:parameter/a", "arn:aws::eu-central-1:111122223333:parameter/a",
        "ARN:aws:ssm:eu-central-1:111122223333:parameter/a", " arn:aws:ssm:eu-central-1:111122223333:parameter/a",
        "arn:aws:ssm:eu-central-1:11112222333:parameter/a", "arn:aws:ssm:eu-central-1:1111222233334:parameter/a",
        "arn:aws:ssm:eu-central-1:11112222333x:parameter/a", "arn:aws:ssm:eu-central-1:١١١١٢٢٢٢٣٣٣٣:parameter/a",
        "arn:aws:ssm:eu-central-1:111122223333:parameter/a b", "arn:aws:ssm:eu-central-1:111122223333:parameter/ä",
        "arn:aws:ssm:eu-central-1:111122223333:parameter/a\n",
        "arn:aws:ssm:eu-central-1:111122223333:" + String(repeating: "a", count: 2011),
    ])
    func `A text that is not an ARN is rejected`(_ text: String) {
        #expect(AmazonResourceName(text) == nil)
    }

    @Test func `A name of the maximum length is read`() {
        let text = "arn:aws:ssm:eu-central-1:111122223333:" + String(repeating: "a", count: 2010)
        #expect(text.utf8.count == AmazonResourceName.maxBytes)
        #expect(AmazonResourceName(text) != nil)
    }
}
