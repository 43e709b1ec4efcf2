import unittest

from lab import deb_parts

LDD = """\
\tlinux-vdso.so.1 (0x00007ffd)
\tlibsqlite3.so.0 => /lib/x86_64-linux-gnu/libsqlite3.so.0 (0x00007f)
\tlibFoundation.so => /opt/swift/usr/lib/swift/linux/libFoundation.so (0x00007f)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f)
"""


class DebPartsTests(unittest.TestCase):
    def test_tells_libraries_of_swift_from_those_of_the_system(self):
        paths = deb_parts.linked(LDD)
        self.assertEqual(sorted(paths), ["libFoundation.so", "libc.so.6", "libsqlite3.so.0"])
        self.assertEqual([name for name, path in paths.items() if deb_parts.of_swift(path)], ["libFoundation.so"])

    def test_knows_what_a_file_itself_asks_for(self):
        told = " 0x0001 (NEEDED)   Shared library: [libc.so.6]\n 0x000e (SONAME)   Library soname: [libx.so]\n"
        self.assertEqual(deb_parts.needed(told), {"libc.so.6"})

    def test_a_library_that_is_not_there_ends_it(self):
        with self.assertRaisesRegex(ValueError, "libFoundation.so was not found"):
            deb_parts.linked("\tlibFoundation.so => not found\n")

    def test_depends_on_what_a_host_needs_and_on_what_is_linked(self):
        told = deb_parts.depends(["runc", "nftables", "zlib1g"], {"libc6": "2.36", "zlib1g": None})
        self.assertEqual(told, "libc6 (>= 2.36), zlib1g, nftables, runc")

    def test_control_has_no_empty_line_inside(self):
        text = deb_parts.control("0.1.0", "amd64", "A <a@b.c>", "libc6", 12)
        self.assertTrue(text.startswith("Package: roost\nVersion: 0.1.0\n"))
        self.assertNotIn("\n\n", text)
        self.assertTrue(text.endswith("\n"))

    def test_the_changelog_has_the_day_of_the_source(self):
        text = deb_parts.changelog("0.1.0", "A <a@b.c>", 0)
        self.assertIn("\n -- A <a@b.c>  Thu, 01 Jan 1970 00:00:00 +0000\n", text)

    def test_units_get_the_paths_of_a_package(self):
        unit = "ExecStart=/usr/local/bin/roostd listen -- /usr/local/lib/roost/keep.sh /usr/local/bin/roostd edge"
        self.assertEqual(deb_parts.moved(unit), "ExecStart=/usr/bin/roostd listen -- /usr/lib/roost/keep.sh /usr/bin/roostd edge")

    def test_versions(self):
        for good in ("0.1.0", "1.2~rc1", "0.1.0+git20261130.abc-1"):
            self.assertTrue(deb_parts.VERSION.fullmatch(good), good)
        for bad in ("v1", "", "1 2", "1/../2"):
            self.assertFalse(deb_parts.VERSION.fullmatch(bad), bad)


if __name__ == "__main__":
    unittest.main()
