import Testing
import Toolkit

@testable import Scaffold

@Suite("Where SQLite's file lies")
struct SQLiteFileTests {
    @Test("a constant in the address of SQLite's file is filled in")
    func fileByConstant() async throws {
        let scan = try await Scan.run(
            Project(files: [
                "requirements.txt": "fastapi\naiosqlite\n",
                "main.py": """
                from fastapi import FastAPI
                from sqlalchemy.ext.asyncio import create_async_engine
                HOME = ".user"
                class Settings:
                    DATABASE_URL: str = f"sqlite+aiosqlite:///./{HOME}/habits.db"
                app = FastAPI()
                """,
            ])
        )
        #expect(scan.facts.database?.file == "./.user/habits.db")
    }
}
