/// What one worker process needs, by the libraries that it imports.
///
/// The figures are estimates, but that of a bare app, which was measured.
enum WorkerMemory {
    /// In MiB.
    static func mebibytes(_ context: ScanContext, _ modules: [PythonModule]) -> Int {
        var imported: Set<String> = []
        for module in modules {
            for item in module.imports where item.level ?? 0 == 0 {
                imported.insert(String(item.target.prefix { $0 != "." }).lowercased())
            }
        }
        let declared = Set(
            context.facts.dependencies.filter { $0.group == nil }.map { $0.name.replacing("-", with: "_") }
        )
        // Where the code was not read, what is declared has to do.
        let used = imported.isEmpty ? declared : imported
        if !used.isDisjoint(with: models) { return 2048 }
        if !used.isDisjoint(with: numbers) { return 384 }
        if used.isEmpty { return usual }
        return used.union(declared).isDisjoint(with: databases) && declared.count < 15 ? bare : usual
    }

    // MARK: - Private

    private static let bare = 96
    private static let usual = 160

    private static let models: Set<String> = [
        "torch", "tensorflow", "transformers", "sentence_transformers", "keras", "jax", "paddle", "paddleocr",
        "easyocr", "whisper",
        "faster_whisper", "diffusers", "vllm", "ultralytics", "flair", "stanza", "fastai", "detectron2", "demucs",
        "insightface",
        "torchvision", "torchaudio", "pytorch_lightning", "lightning", "bark", "openai_whisper", "auto_gptq", "peft",
        "accelerate",
        "deepface", "whisperx", "tts", "llama_cpp", "open_clip", "kokoro", "docling", "surya", "marker",
    ]

    private static let numbers: Set<String> = [
        "pandas", "scipy", "sklearn", "scikit_learn", "numpy", "polars", "pyarrow", "matplotlib", "xgboost", "lightgbm",
        "catboost",
        "onnxruntime", "cv2", "opencv_python", "opencv_python_headless", "spacy", "geopandas", "rasterio", "numba",
        "dask",
        "statsmodels", "nltk", "gensim", "langchain", "llama_index", "unstructured", "chromadb", "faiss", "rio_tiler",
        "xarray",
        "duckdb", "plotly", "seaborn", "prophet", "networkx", "skimage", "librosa", "moviepy", "pyspark", "shap",
    ]

    private static let databases: Set<String> = [
        "sqlalchemy", "sqlmodel", "tortoise", "django", "motor", "beanie", "pymongo", "odmantic", "asyncpg", "psycopg",
        "psycopg2",
        "boto3", "celery", "elasticsearch", "peewee", "ormar", "piccolo", "gino", "databases", "aiomysql", "google",
        "azure",
        "strawberry", "openai", "grpc", "kubernetes", "aiobotocore", "firebase_admin", "supabase", "prisma", "redis",
        "flask_sqlalchemy",
    ]
}
