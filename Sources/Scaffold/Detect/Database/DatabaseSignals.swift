/// What a project says about databases, weighed by engine.
///
/// Each kind of signal counts once for an engine, with its strongest case: ten addresses say no more than one.
struct DatabaseSignals: Sendable {
    typealias Engine = Facts.Database.Engine

    enum Kind: Hashable, Sendable {
        case url, mention, dialect, selector, type, driverImport, driverCall, dialectImport, name, dependency
        case composeImage, composeURL, exampleURL, configuration, platform, mapper, document

        /// Says where the database is, or that there is one to be configured.
        var configures: Bool {
            switch self {
            case .url, .dialect, .selector, .type, .name, .composeImage, .composeURL, .exampleURL, .configuration,
                .platform,
                .mapper:
                true
            case .mention, .driverImport, .driverCall, .dialectImport, .dependency, .document: false
            }
        }
    }

    private(set) var weights: [Engine: [Kind: Double]] = [:]
    private(set) var evidence: [Engine: [(weight: Double, evidence: Facts.Evidence)]] = [:]
    /// By engine and driver; kinds count once here as well.
    private(set) var drivers: [Engine: [String: [Kind: Double]]] = [:]
    /// Engines whose driver or mapper the code imports.
    var backed: Set<Engine> = []
    /// A mapper for any SQL engine is imported.
    var hasMapper = false
    /// A variable or setting such as `DATABASE_URL` that names no engine.
    var hasGenericName = false
    /// A driver is called with something of the configuration.
    var hasConfiguredCall: Set<Engine> = []
    /// Whole addresses, with where they stand.
    var urls: [(url: DatabaseURL, place: Place, weight: Double)] = []
    /// Names of SQLite's files in the code, and whether the code opens files with its driver.
    var files: [(url: DatabaseURL, place: Place, weight: Double)] = []
    var opensFiles = false
    /// Addresses in code that name a driver.
    var explicit: Set<Engine> = []

    mutating func add(_ kind: Kind, _ engine: Engine, _ weight: Double, at place: Place, _ what: String) {
        if weights[engine]?[kind] ?? 0 < weight { weights[engine, default: [:]][kind] = weight }
        evidence[engine, default: []].append((weight, Facts.Evidence(place, what)))
    }

    mutating func addDriver(_ driver: String, of engine: Engine, _ kind: Kind, _ weight: Double) {
        let known = drivers[engine]?[driver]?[kind] ?? 0
        drivers[engine, default: [:]][driver, default: [:]][kind] = max(known, weight)
    }

    /// An address, whole or only a scheme.
    mutating func add(_ url: DatabaseURL, _ kind: Kind, _ weight: Double, at place: Place) {
        let name = url.driver.map { "\(url.engine.rawValue)+\($0)" } ?? url.engine.rawValue
        // Only in memory: nothing to keep, no database to speak of.
        if url.engine == .sqlite, url.isWhole, url.file == nil { return }
        add(kind, url.engine, weight, at: place, "an address of \(name)")
        if let driver = url.driver {
            addDriver(driver, of: url.engine, kind, weight)
            explicit.insert(url.engine)
        }
        if url.isWhole { urls.append((url, place, weight)) }
    }

    /// What everything but documents says together.
    func score(_ engine: Engine) -> Double {
        (weights[engine] ?? [:]).reduce(0) { $0 + ($1.key == .document ? 0 : $1.value) }
    }

    func driverScore(_ driver: String, of engine: Engine) -> Double {
        drivers[engine]?[driver]?.values.reduce(0, +) ?? 0
    }

    /// Whether code can talk to it.
    func isBacked(_ engine: Engine) -> Bool {
        backed.contains(engine) || (hasMapper && engine != .mongodb && engine != .elasticsearch)
    }

    /// Whether the app has one and not only a library for it.
    func isConfigured(_ engine: Engine) -> Bool {
        weights[engine]?.keys.contains(where: \.configures) == true || hasConfiguredCall.contains(engine)
            || (hasGenericName && (weights[engine]?[.driverCall] != nil || hasMapper))
    }

    /// The strongest evidence, in the order of places, at most four.
    func best(_ engine: Engine) -> [Facts.Evidence] {
        var seen: Set<Place> = []
        let sorted = (evidence[engine] ?? []).sorted { ($1.weight, $0.evidence.place) < ($0.weight, $1.evidence.place) }
        return Array(sorted.map(\.evidence).filter { seen.insert($0.place).inserted }.prefix(4))
    }
}
