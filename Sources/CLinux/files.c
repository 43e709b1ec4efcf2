#define _GNU_SOURCE
#include "CLinuxFiles.h"
#ifdef __linux__
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

int roost_set_attribute(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}

ssize_t roost_get_attribute(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}

ssize_t roost_list_attributes(const char *path, char *names, size_t size) { return llistxattr(path, names, size); }

int roost_sync_disk(int descriptor) { return syncfs(descriptor); }

ssize_t roost_copy_range(int from, int to, size_t size) { return copy_file_range(from, NULL, to, NULL, size, 0); }

int roost_set_changed(const char *path, long long seconds) {
    struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, 0}};
    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

int roost_touch(const char *path) {
    struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

dev_t roost_device(unsigned int major_number, unsigned int minor_number) { return makedev(major_number, minor_number); }
unsigned int roost_file_device_major(dev_t device) { return major(device); }
unsigned int roost_file_device_minor(dev_t device) { return minor(device); }
#endif
