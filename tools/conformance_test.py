"""Checks that tools/conformance notices what it is there to notice."""
import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parent / "conformance"
loader = importlib.machinery.SourceFileLoader("conformance", str(TOOL))
conformance = importlib.util.module_from_spec(importlib.util.spec_from_loader("conformance", loader))
loader.exec_module(conformance)

GOOD = """# comment
== 2.1 First
MUST: One thing
  tests: test_a.py::test_x
    http_test:Suite.Name
  note: and more
SHOULD NOT: Another
  not followed: because
== 10.2 Second
OTHERS: Third | fourth
  not applicable: binds clients
"""


class ConformanceTest(unittest.TestCase):
    def rows(self, text):
        with tempfile.TemporaryDirectory(dir=TOOL.parent) as folder:
            path = pathlib.Path(folder) / "rfc9112_part.txt"
            path.write_text(text)
            rows = conformance.read_table(path)
        conformance.check_rows(rows)
        return rows

    def assert_fault(self, text, message):
        with self.assertRaisesRegex(conformance.Fault, message):
            self.rows(text)

    def test_reads_rows(self):
        first, second, third = self.rows(GOOD)
        self.assertEqual((first.rfc, first.section, first.title, first.level), ("9112", "2.1", "First", "MUST"))
        self.assertEqual(first.tests, ("test_a.py::test_x", "http_test:Suite.Name"))
        self.assertEqual((second.state, second.why), ("not followed", "because"))
        self.assertEqual(third.section, "10.2")

    def test_refuses_malformed_tables(self):
        for text, message in (("MUST: no section\n  tests: a\n", "no section"), ("== 1 A\nPERHAPS: x\n  tests: a\n", "no such level"),
                              ("== 1 A\nMUST: x\n", "exactly one of"), ("== 1 A\nMUST: x\n  tests: a\n  pending: b\n", "exactly one of"),
                              ("== 1 A\nMUST: x\n  tests: a\n  tests: b\n", "twice"), ("== 1 A\nMUST: x\n  because: y\n", "not understood"),
                              ("== 2 A\nMAY: x\n  tests: a\n== 1 B\nMAY: y\n  tests: a\n", "out of order")):
            self.assert_fault(text, message)

    def test_refuses_rows_that_stand_twice(self):
        self.assert_fault("== 1 A\nMUST: One, thing\n  tests: a\nMUST: one thing\n  tests: b\n", "the same row")

    def test_refuses_what_is_open_at_must_level(self):
        for level in ("MUST", "MUST NOT", "RULE"):
            self.assert_fault(f"== 1 A\n{level}: x\n  pending: later\n", "open at MUST level")
            self.assert_fault(f"== 1 A\n{level}: x\n  not followed: no\n", "not followed")
        self.rows("== 1 A\nSHOULD: x\n  pending: later\n")

    def test_refuses_tests_that_do_not_exist(self):
        rows = self.rows(GOOD)
        conformance.check_tests(rows, {"test_a.py::test_x", "http_test:Suite.Name"}, "no such test")
        with self.assertRaisesRegex(conformance.Fault, "no such test: http_test:Suite.Name"):
            conformance.check_tests(rows, {"test_a.py::test_x"}, "no such test")

    def test_knows_what_passed(self):
        with tempfile.TemporaryDirectory() as folder:
            end_to_end = pathlib.Path(folder) / "results.xml"
            end_to_end.write_text("""<testsuites><testsuite>
                <testcase classname="tests.end_to_end.test_a" name="test_x[1]"/><testcase classname="tests.end_to_end.test_a" name="test_x[2]"/>
                <testcase classname="test_a" name="test_y[1]"/><testcase classname="test_a" name="test_y[2]"><failure/></testcase>
                <testcase classname="test_a" name="test_z"><skipped/></testcase></testsuite></testsuites>""")
            unit = pathlib.Path(folder) / "http_test.xml"
            unit.write_text("""<testsuites><testsuite name="Suite">
                <testcase name="Good" status="run" result="completed" classname="Suite"/>
                <testcase name="Bad" status="run" result="completed" classname="Suite"><failure/></testcase>
                <testcase name="Off" status="notrun" result="suppressed" classname="Suite"/>
                <testcase name="Many/0" status="run" result="completed" classname="All/Suite"/></testsuite></testsuites>""")
            self.assertEqual(conformance.passed_tests([end_to_end, unit]), {"test_a.py::test_x", "http_test:Suite.Good", "http_test:Suite.Many"})

    def test_makes_a_page(self):
        page = conformance.page(self.rows(GOOD))
        self.assertIn("| MUST | One thing | `test_a.py::test_x`<br>`http_test:Suite.Name`<br>and more | pass |", page)
        self.assertIn("| SHOULD NOT | Another | because | not followed |", page)
        self.assertIn("| others | Third \\| fourth | binds clients | does not apply |", page)
        self.assertIn("### [10.2](https://www.rfc-editor.org/rfc/rfc9112#section-10.2) Second", page)


if __name__ == "__main__":
    unittest.main()
