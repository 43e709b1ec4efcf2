#define _GNU_SOURCE
#include "CLinuxDisks.h"
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// From fs/ext4/ext4.h, which no header of the system has.
#define EXT4_RESIZE _IOW('f', 16, uint64_t)

static int open_loop(int number, char *path, size_t size) {
    snprintf(path, size, "/dev/loop%d", number);
    return open(path, O_RDWR | O_CLOEXEC);
}

// A loop device that shows this file, or -1 with errno.
static int attach(int file, char *path, size_t size) {
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) {
        errno = ENODEV;
        return -1;
    }
    struct loop_config config;
    memset(&config, 0, sizeof config);
    config.fd = (uint32_t)file;
    // Past the page cache of the disk below, or each page would be in memory twice.
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
    int device = -1;
    // Another program may take the free one first.
    for (int attempt = 0; attempt < 64 && device < 0; attempt++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0) break;
        int candidate = open_loop(number, path, size);
        if (candidate < 0) {
            errno = ENODEV;
            break;
        }
        if (ioctl(candidate, LOOP_CONFIGURE, &config) == 0) {
            device = candidate;
        } else {
            int error = errno;
            close(candidate);
            errno = error;
            if (error != EBUSY) break;
        }
    }
    int error = errno;
    close(control);
    errno = error;
    return device;
}

int roost_mount_image(const char *image, const char *target, const char *options) {
    int file = open(image, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return -1;
    char path[32];
    int device = attach(file, path, sizeof path);
    int error = errno;
    close(file);
    if (device < 0) {
        errno = error;
        return -1;
    }
    int result = mount(path, target, "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME, options);
    error = errno;
    // Without a mount, this is the last descriptor, and the device is free again.
    close(device);
    errno = error;
    return result;
}

int roost_grow_mounted_image(const char *target) {
    struct stat status;
    struct statfs disk;
    char path[32];
    if (stat(target, &status) != 0 || statfs(target, &disk) != 0) return -1;
    int device = open_loop((int)minor(status.st_dev), path, sizeof path);
    if (device < 0) return -1;
    uint64_t bytes = 0;
    int folder = -1;
    int result = -1;
    if (ioctl(device, LOOP_SET_CAPACITY, 0) == 0 && ioctl(device, BLKGETSIZE64, &bytes) == 0) {
        uint64_t blocks = bytes / (uint64_t)disk.f_bsize;
        folder = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder >= 0) result = ioctl(folder, EXT4_RESIZE, &blocks);
    }
    int error = errno;
    if (folder >= 0) close(folder);
    close(device);
    errno = error;
    return result;
}
#endif
