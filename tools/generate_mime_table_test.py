#!/usr/bin/python3
"""Tests of tools/generate-mime-table: one type for each extension, by the rules that its head states."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

PATH = pathlib.Path(__file__).with_name("generate-mime-table")
loader = importlib.machinery.SourceFileLoader("generate_mime_table", str(PATH))
generator = importlib.util.module_from_spec(importlib.util.spec_from_loader("generate_mime_table", loader))
loader.exec_module(generator)


def type_of(extension: str, text: str) -> str | None:
    return generator.table_from(text).get(extension)


class MimeTable(unittest.TestCase):
    def test_reads_types_with_several_extensions(self):
        text = "# comment\ntext/html\thtml htm # both\napplication/activity+json\n"
        self.assertEqual(type_of("html", text), "text/html")
        self.assertEqual(type_of("htm", text), "text/html")

    def test_registered_before_experimental_before_nothing(self):
        self.assertEqual(type_of("a", "application/x-a a\nimage/a a\n"), "image/a")
        self.assertEqual(type_of("a", "application/vnd.a a\nimage/a a\n"), "image/a")
        self.assertEqual(type_of("a", "application/x-a a\napplication/vnd.a a\n"), "application/vnd.a")

    def test_text_before_others_then_the_order_of_the_file(self):
        self.assertEqual(type_of("a", "application/x-a a\ntext/x-a a\n"), "text/x-a")
        self.assertEqual(type_of("a", "image/b a\naudio/b a\n"), "image/b")

    def test_is_lower_case_and_sorted(self):
        table = generator.table_from("Image/PNG PNG\ntext/html html\naudio/basic au\n")
        self.assertEqual(table["png"], "image/png")
        self.assertEqual(list(table), sorted(table))

    def test_leaves_out_what_could_break_the_table(self):
        self.assertIsNone(type_of("tar.gz", "a/b tar.gz\n"))
        self.assertIsNone(type_of('x"', 'a/b x"\n'))
        self.assertIsNone(type_of("x", 'a/"b x\n'))

    def test_web_types_of_the_installed_list(self):
        path = pathlib.Path("/etc/mime.types")
        if not path.exists():
            self.skipTest("no /etc/mime.types here")
        table = generator.table_from(path.read_text(encoding="utf-8"))
        expected = {"html": "text/html", "css": "text/css", "js": "text/javascript", "mjs": "text/javascript",
                    "json": "application/json", "map": "application/json", "wasm": "application/wasm", "svg": "image/svg+xml",
                    "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif", "woff2": "font/woff2",
                    "webmanifest": "application/manifest+json", "md": "text/markdown", "txt": "text/plain", "xml": "application/xml",
                    "pdf": "application/pdf", "mp4": "video/mp4", "webm": "video/webm", "mp3": "audio/mpeg", "ogg": "audio/ogg",
                    "zip": "application/zip", "gz": "application/gzip", "yaml": "application/yaml", "csv": "text/csv"}
        self.assertEqual({extension: table.get(extension) for extension in expected}, expected)


if __name__ == "__main__":
    unittest.main()
