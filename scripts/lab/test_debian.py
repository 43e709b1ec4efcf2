import unittest

from lab.debian import hierarchies

MOUNTS = """\
70 69 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
73 69 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
78 69 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
79 69 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
80 69 0:39 / /tmp rw - tmpfs tmpfs rw
"""
GROUPS = "9:name=systemd:/\n4:memory:/box/1\n1:cpu,cpuacct:/\n0::/\n"


class DebianTests(unittest.TestCase):
    def test_knows_the_hierarchies_of_control_groups_and_its_own_place_in_each(self):
        self.assertEqual(list(hierarchies(MOUNTS, GROUPS)), [
            ("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "cpu,cpuacct", "/"),
            ("/sys/fs/cgroup/memory", "cgroup", "memory", "/box/1"),
            ("/sys/fs/cgroup/systemd", "cgroup", "none,name=systemd", "/"),
            ("/sys/fs/cgroup/unified", "cgroup2", "", "/"),
        ])

    def test_version_2_alone_has_one(self):
        only = "30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
        self.assertEqual(list(hierarchies(only, "0::/user.slice\n")), [("/sys/fs/cgroup", "cgroup2", "", "/user.slice")])


if __name__ == "__main__":
    unittest.main()
