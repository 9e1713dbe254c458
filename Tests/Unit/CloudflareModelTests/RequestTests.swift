import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Requests as they come") struct RequestTests {
    @Test(
        "parameters are decoded, the first of a name counts",
        arguments: [
            ("/zones?name=example.com", "name", "example.com"), ("/zones?a=1&name=x%2Ey&name=z", "name", "x.y"),
            ("/zones?name=a+b%20c", "name", "a b c"), ("/zones?name", "name", ""), ("/zones?x=1", "name", nil),
            ("/zones?name=%+1%zz%4", "name", "% 1%zz%4"), ("/zones?n%61me=1", "name", "1"),
            ("/zones?name=a=b", "name", "a=b"),
            ("/zones?", "name", nil), ("/zones", "name", nil),
        ] as [(String, String, String?)])
    func parameters(target: String, name: String, value: String?) {
        #expect(ModelRequest(method: "GET", target: target).parameter(name) == value)
    }

    @Test("with and without /client/v4 it is the same path")
    func prefix() throws {
        var world = try World()
        for target in ["/client/v4/zones?per_page=5", "/zones?per_page=5"] {
            let request = ModelRequest(method: "GET", target: target, authorization: world.authorization)
            #expect(request.apiPath == "/zones")
            #expect(world.model.reply(to: request, at: world.now).status == 200)
        }
    }
}
