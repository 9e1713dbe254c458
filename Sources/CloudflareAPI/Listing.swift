import Domain

/// Puts the pages of one listing together, and believes them only when they add up (S1).
///
/// A listing has no stable order and no snapshot: a thing may come on two pages, and a page may be cut short. What is
/// asked of it:
/// - each page is good, and its `result` an array in which every object has an identifier;
/// - `total_count` and `total_pages`, where they are given, are the same on every page, and exactly as many different
///   things have come as they say;
/// - where they are not given, pages are asked for until one is not full. A page is full when it holds as many as it
///   says it may (`per_page`), or, where it says nothing, the 20 that Cloudflare's pages hold by default: a service
///   that does not know our `per_page` would cut there;
/// - an empty listing says so itself, by `success: true`.
struct Listing {
    /// The most that Cloudflare gives in one page of packs, client certificates or zones.
    static let pageSize = 50
    /// 200,000 things: past that something is wrong with the answers.
    static let pageLimit = 4000

    enum Step: Hashable {
        case another(page: Int)
        case complete
    }

    /// Why the pages are not believed.
    struct Fault: Error, Hashable {
        var explanation: String
    }

    private(set) var totalCount: Int?
    private(set) var totalPages: Int?
    /// True once the last page has come, and everything adds up.
    private(set) var isComplete = false
    private var pages = 0
    private var places: [ObjectID: Int] = [:]
    private var found: [Sighting] = []

    /// Each thing once, in the order in which they came; of one that came twice the later form.
    var sightings: [Sighting] { found }

    /// How many pages there will be; nil while nothing has been announced.
    var announcedPages: Int? {
        totalPages ?? totalCount.map { $0 / Self.pageSize + ($0 % Self.pageSize == 0 ? 0 : 1) }
    }

    /// Takes in what came of the other of two listings.
    mutating func merge(_ other: Listing) { for sighting in other.found { insert(sighting) } }

    /// Takes the next page in.
    /// - Parameter read: Makes a sighting of an object; nil when it has no identifier that can be used.
    mutating func add(_ json: JSON, _ read: (JSON) -> Sighting?) throws(Fault) -> Step {
        pages += 1
        guard let objects = json["result"].array else { throw fault("has no list of results") }
        guard json["success"].bool == true || (json["success"].isNull && !objects.isEmpty) else {
            throw fault("does not say that it succeeded")
        }
        let info = json["result_info"]
        try note(total: info["total_count"].count, pages: info["total_pages"].count)
        let before = found.count
        for object in objects {
            guard let sighting = read(object) else { throw fault("holds something without an identifier") }
            insert(sighting)
        }
        let announced = info["per_page"].count
        let step = try nextStep(
            received: objects.count, isNews: found.count > before, pageSize: announced.map { min($0, Self.pageSize) })
        isComplete = step == .complete
        return step
    }

    private mutating func note(total: Int?, pages count: Int?) throws(Fault) {
        if let known = totalCount, let total, known != total {
            throw fault("speaks of \(total) in all, the one before of \(known): the listing changed meanwhile")
        }
        if let known = totalPages, let count, known != count {
            throw fault("speaks of \(count) pages, the one before of \(known): the listing changed meanwhile")
        }
        totalCount = totalCount ?? total
        totalPages = totalPages ?? count
        if let announced = announcedPages, announced > Self.pageLimit {
            throw fault("announces \(announced) pages, more than \(Self.pageLimit)")
        }
    }

    private func nextStep(received: Int, isNews: Bool, pageSize: Int?) throws(Fault) -> Step {
        if let totalCount, found.count > totalCount {
            throw fault("brings the things to \(found.count), and announces \(totalCount) in all")
        }
        let lacksCount = totalCount.map { found.count < $0 } ?? false
        let lacksPages = totalPages.map { pages < $0 } ?? false
        if totalCount == nil, totalPages == nil {
            guard received >= max(pageSize ?? 20, 1) else { return .complete }
            guard isNews else { throw fault("repeats what came before") }
        } else {
            guard lacksCount || lacksPages else { return .complete }
            guard isNews || pages == 1 || received == 0 else { throw fault("repeats what came before") }
            guard received > 0, received >= pageSize ?? received else { throw short(received, of: pageSize) }
            guard lacksPages || totalPages == nil else { throw short(received, of: pageSize) }
        }
        guard pages < Self.pageLimit else { throw fault("is not the last one of \(Self.pageLimit)") }
        return .another(page: pages + 1)
    }

    private mutating func insert(_ sighting: Sighting) {
        if let place = places[sighting.id] {
            found[place] = sighting
        } else {
            places[sighting.id] = found.count
            found.append(sighting)
        }
    }

    private func short(_ received: Int, of pageSize: Int?) -> Fault {
        let whole =
            totalCount.map { "\(found.count) of \($0) things have come" } ?? "\(totalPages ?? 0) pages were announced"
        return fault("is short: it holds \(received)\(pageSize.map { " of up to \($0)" } ?? ""), and \(whole)")
    }

    private func fault(_ clause: String) -> Fault { Fault(explanation: "page \(pages) of the listing \(clause)") }
}

extension JSON {
    /// A number of things: whole, and not negative.
    fileprivate var count: Int? { int.flatMap { $0 >= 0 ? $0 : nil } }
}
