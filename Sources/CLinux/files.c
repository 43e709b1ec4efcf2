#define _GNU_SOURCE
#include "CLinuxFiles.h"
#ifdef __linux__
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
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

void roost_disk_use(const char *path, long long *apparent, long long *allocated) {
    char *const paths[] = {(char *)path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (!tree) return;
    for (FTSENT *entry; (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_DP || entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) continue;
        const struct stat *status = entry->fts_statp;
        int names = S_ISDIR(status->st_mode) || status->st_nlink < 1 ? 1 : (int)status->st_nlink;
        *allocated += (long long)status->st_blocks * 512 / names;
        if (S_ISREG(status->st_mode)) *apparent += (long long)status->st_size / names;
    }
    fts_close(tree);
}

ssize_t roost_find_bytes(const void *bytes, size_t count, const void *wanted, size_t length) {
    const char *found = memmem(bytes, count, wanted, length);
    return found ? found - (const char *)bytes : -1;
}
#endif
