/// Packages of Debian that Python packages need, to be built or to run.
///
/// Wheels bring what they need themselves; the table names only those that do not.
///
/// > Source: the installation pages of the projects, and Debian 13's package names.
package enum SystemPackages {
    /// What the dependencies need beyond `python:<version>-slim`; those of development groups do not count.
    package static func needed(for dependencies: [Facts.Dependency]) -> (build: [String], run: [String]) {
        var build: Set<String> = []
        var run: Set<String> = []
        let counted = dependencies.filter { !Vocabulary.development.contains($0.group ?? "") }
        for dependency in counted {
            if let row = table[dependency.name] {
                build.formUnion(row.build)
                run.formUnion(row.run)
            }
            if dependency.version.hasPrefix("@ git+") { build.insert("git") }
        }
        if let psycopg = psycopg(counted) {
            build.formUnion(psycopg.build)
            run.formUnion(psycopg.run)
        }
        return (build.sorted(), run.sorted())
    }

    // MARK: - Private

    private static let table: [String: (build: [String], run: [String])] = [
        "psycopg2": (["gcc", "libpq-dev"], ["libpq5"]),
        "psycopg-c": (["gcc", "libpq-dev"], ["libpq5"]),
        "pygresql": (["gcc", "libpq-dev"], ["libpq5"]),
        "mysqlclient": (["default-libmysqlclient-dev", "gcc", "pkg-config"], ["libmariadb3"]),
        "pyodbc": ([], ["unixodbc"]),
        "aioodbc": ([], ["unixodbc"]),
        "python-magic": ([], ["libmagic1"]),
        "weasyprint": ([], ["libharfbuzz-subset0", "libpango-1.0-0", "libpangoft2-1.0-0"]),
        "django-weasyprint": ([], ["libharfbuzz-subset0", "libpango-1.0-0", "libpangoft2-1.0-0"]),
        "opencv-python": ([], ["libgl1", "libglib2.0-0"]),
        "opencv-contrib-python": ([], ["libgl1", "libglib2.0-0"]),
        "ultralytics": ([], ["libgl1", "libglib2.0-0"]),
        "easyocr": ([], ["libgl1", "libglib2.0-0"]),
        "paddleocr": ([], ["libgl1", "libglib2.0-0"]),
        "pydub": ([], ["ffmpeg"]),
        "ffmpeg-python": ([], ["ffmpeg"]),
        "moviepy": ([], ["ffmpeg"]),
        "openai-whisper": ([], ["ffmpeg"]),
        "demucs": ([], ["ffmpeg"]),
        "yt-dlp": ([], ["ffmpeg"]),
        "pytesseract": ([], ["tesseract-ocr"]),
        "pdf2image": ([], ["poppler-utils"]),
        "cairosvg": ([], ["libcairo2"]),
        "pycairo": (["gcc", "libcairo2-dev", "pkg-config"], ["libcairo2"]),
        "rlpycairo": (["gcc", "libcairo2-dev", "pkg-config"], ["libcairo2"]),
        "pyzbar": ([], ["libzbar0"]),
        "gdal": (["g++", "libgdal-dev"], ["gdal-bin"]),
        "pygraphviz": (["gcc", "libgraphviz-dev", "pkg-config"], ["graphviz"]),
        "graphviz": ([], ["graphviz"]),
        "python-ldap": (["gcc", "libldap-dev", "libsasl2-dev"], ["libldap2", "libsasl2-2"]),
        "python-saml": (["gcc", "libxmlsec1-dev", "pkg-config"], ["libxmlsec1-openssl"]),
        "xmlsec": (["gcc", "libxmlsec1-dev", "pkg-config"], ["libxmlsec1-openssl"]),
        "pysaml2": ([], ["xmlsec1"]),
        "pyaudio": (["gcc", "portaudio19-dev"], ["libportaudio2"]),
        "soundfile": ([], ["libsndfile1"]),
        "uwsgi": (["gcc"], []),
        "gitpython": ([], ["git"]),
        "pypandoc": ([], ["pandoc"]),
        "python-snappy": (["g++", "libsnappy-dev"], ["libsnappy1v5"]),
    ]

    /// psycopg 3 comes as pure Python (needs libpq to run), compiled (`[c]`) or with all in it (`[binary]`).
    private static func psycopg(_ dependencies: [Facts.Dependency]) -> (build: [String], run: [String])? {
        let own = dependencies.filter { $0.name == "psycopg" }
        guard !own.isEmpty else { return nil }
        let extras = Set(own.flatMap(\.extras))
        if extras.contains("binary") || dependencies.contains(where: { $0.name == "psycopg-binary" }) { return nil }
        return extras.contains("c") ? (["gcc", "libpq-dev"], ["libpq5"]) : ([], ["libpq5"])
    }
}
