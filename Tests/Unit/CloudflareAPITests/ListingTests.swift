import Domain
import Testing

@testable import CloudflareAPI

@Suite("Listing")
struct ListingTests {
    /// What came of pages, fed one after another until the listing asks for no more.
    private func read(_ pages: [String]) throws -> (Listing, asked: Int) {
        var listing = Listing()
        for (place, page) in pages.enumerated() {
            let json = JSON(Array(page.utf8)) ?? .null
            guard case .another = try listing.add(json, PackAPI.sighting) else { return (listing, place + 1) }
        }
        return (listing, pages.count + 1)  // one more would be asked for
    }

    @Test("a page that announces no more is the whole listing, after one request")
    func onePage() throws {
        for page in [
            page(ids(0..<3), info: info(1, count: 3, total: 3)), page(ids(0..<3)),
            page([], info: info(1, count: 0, total: 0)),
            page([]), page(ids(0..<50), info: info(1, count: 50, total: 50)),
        ] {
            let (listing, asked) = try read([page])
            #expect(asked == 1 && listing.isComplete)
        }
    }

    @Test("pages are asked for until as many have come as were announced")
    func announced() throws {
        let (listing, asked) = try read([
            page(ids(0..<50), info: info(1, count: 50, total: 120)),
            page(ids(50..<100), info: info(2, count: 50, total: 120)),
            page(ids(100..<120), info: info(3, count: 20, total: 120)),
        ])
        #expect(asked == 3 && listing.sightings.map(\.id.text) == ids(0..<120))
    }

    @Test("without an announcement pages are asked for until one is not full")
    func unannounced() throws {
        #expect(try read([page(ids(0..<50)), page(ids(50..<53))]).asked == 2)
        #expect(try read([page(ids(0..<50)), page([])]).asked == 2)
        #expect(try read([page(ids(0..<19))]).asked == 1)
        // A service that does not know our page size cuts at its own, 20.
        #expect(try read([page(ids(0..<20)), page(ids(20..<25))]).0.sightings.count == 25)
        #expect(try read([page(ids(0..<10), info: #"{"per_page":10}"#), page(ids(10..<12))]).0.sightings.count == 12)
    }

    @Test("a page size smaller than the one that was asked for is followed")
    func smallerPages() throws {
        let (listing, asked) = try read([
            page(ids(0..<20), info: info(1, count: 20, total: 30, perPage: 20)),
            page(ids(20..<30), info: info(2, count: 10, total: 30, perPage: 20)),
        ])
        #expect(asked == 2 && listing.sightings.count == 30)
    }

    @Test(
        "pages that do not add up are not believed",
        arguments: [
            // Fewer than announced, on the only page, on the last, on one in the middle.
            [page(ids(0..<1), info: info(1, count: 1, total: 2000))],
            [page(ids(0..<1), info: #"{"total_count":2}"#), page([], info: #"{"total_count":2}"#)],
            [
                page(ids(0..<49), info: info(1, count: 49, total: 51)),
                page(ids(49..<51), info: info(2, count: 2, total: 51)),
            ],
            [
                page(ids(0..<50), info: info(1, count: 50, total: 60)),
                page(ids(50..<59), info: info(2, count: 9, total: 60)),
            ],
            [page(ids(0..<50), info: info(1, count: 50, total: 60)), page([], info: info(2, count: 0, total: 60))],
            // More than announced.
            [page(ids(0..<3), info: info(1, count: 3, total: 2))],
            // A thing came twice: so another did not come.
            [
                page(ids(0..<50), info: info(1, count: 50, total: 55)),
                page(ids(49..<54), info: info(2, count: 5, total: 55)),
            ],
            [page(["a", "a"], info: info(1, count: 2, total: 2))],
            // Something was added or removed between the pages.
            [
                page(ids(0..<50), info: info(1, count: 50, total: 51)),
                page(ids(51..<52), info: info(2, count: 1, total: 52)),
            ],
            [page(ids(0..<50), info: info(1, count: 50, total: 51)), page([], info: info(2, count: 0, total: 50))],
            // The second page is the first again, also where there are to be more, and 4,000 pages were asked for.
            [page(ids(0..<50)), page(ids(0..<50))],
            [
                page(ids(0..<50), info: #"{"total_count":100,"per_page":50}"#),
                page(ids(0..<50), info: #"{"total_count":100,"per_page":50}"#), page(ids(50..<100)),
            ],
            [
                page(ids(0..<20), info: #"{"total_pages":2,"per_page":20}"#),
                page([], info: #"{"total_pages":3,"per_page":20}"#),
            ],
            // Not a list, or not one that says that it is good.
            [#"{"success":true,"result":null}"#], [#"{"success":true}"#], [#"{"success":true,"result":{}}"#],
            [#"{"success":false,"result":[]}"#], [#"{"result":[]}"#], [#"{"success":"true","result":[]}"#], ["[]"],
            ["null"],
            // Something in it has no identifier.
            [page(["a", ""])], [#"{"success":true,"result":[null]}"#], [#"{"success":true,"result":[{"id":null}]}"#],
            [#"{"success":true,"result":[{"id":{}}]}"#], [#"{"success":true,"result":[{"id":"a b"}]}"#],
            // More than can be.
            [page(ids(0..<50), info: #"{"total_count":9223372036854775807}"#)],
            [page(ids(0..<50), info: #"{"total_pages":999999999}"#)],
        ])
    func notBelieved(pages: [String]) { #expect(throws: Listing.Fault.self) { try read(pages) } }

    @Test("counts that are no counts are as good as none", arguments: ["-1", "null", "\"x\"", "1.5", "1e99", "{}"])
    func oddCounts(count: String) throws {
        let odd = #"{"total_count":\#(count),"total_pages":\#(count),"per_page":\#(count)}"#
        #expect(try read([page(ids(0..<3), info: odd)]).asked == 1)
    }

    @Test("of a thing that came twice the later form is kept, in the place of the first")
    func duplicates() throws {
        var (listing, _) = try read([page(["a", "b"])])
        let (later, _) = try read([page(["b", "c"], status: "pending_deletion")])
        listing.merge(later)
        #expect(listing.sightings.map(\.id.text) == ["a", "b", "c"])
        #expect(listing.sightings.map(\.status) == ["active", "pending_deletion", "pending_deletion"])
    }

    @Test("a listing without `success` is believed when it shows something")
    func bareResult() throws {
        #expect(try read([#"{"result":[{"id":7,"status":"active"}]}"#]).0.sightings.map(\.id.text) == ["7"])
    }

    @Test("the number of pages is bounded")
    func bounded() throws {
        var listing = Listing()
        let info = #"{"per_page":1}"#  // pages of one thing are full
        for number in 1..<Listing.pageLimit {
            let json = try #require(JSON(Array(page(["p\(number)"], info: info).utf8)))
            #expect(try listing.add(json) { ObjectID($0).map(bare) } == .another(page: number + 1))
        }
        let last = try #require(JSON(Array(page(["last"], info: info).utf8)))
        #expect(throws: Listing.Fault.self) { try listing.add(last) { ObjectID($0).map(bare) } }
    }

    private func bare(_ id: ObjectID) -> Sighting {
        Sighting(id: id, status: "", stage: .unread, traits: .pack(PackTraits(type: "", hosts: [])))
    }
}
