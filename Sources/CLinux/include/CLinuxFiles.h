// Calls on files that Swift can't import: GNU extensions and macros.
#pragma once
#ifdef __linux__
#include <sys/types.h>

// Extended attributes of the file itself, never of what a link points to.
int roost_set_attribute(const char *path, const char *name, const void *value, size_t size);
ssize_t roost_get_attribute(const char *path, const char *name, void *value, size_t size);
ssize_t roost_list_attributes(const char *path, char *names, size_t size);

// Writes out what the disk that holds this descriptor has not written yet.
int roost_sync_disk(int descriptor);

// Copies within the kernel, sharing blocks where the file system can. Since Linux 5.3 also between file systems.
ssize_t roost_copy_range(int from, int to, size_t size);

// Sets the time of the last change alone, of a link itself.
int roost_set_changed(const char *path, long long seconds);

// Sets the time of the last access alone to now.
int roost_touch(const char *path);

// Adds up what a folder with all below it takes of its disk, other disks left out: bytes of all files as their sizes say,
// and bytes of blocks. A file with several names counts its part for each. What goes away meanwhile counts nothing.
void roost_disk_use(const char *path, long long *apparent, long long *allocated);

// Where bytes are found in others, or -1.
ssize_t roost_find_bytes(const void *bytes, size_t count, const void *wanted, size_t length);

dev_t roost_device(unsigned int major, unsigned int minor);
unsigned int roost_file_device_major(dev_t device);
unsigned int roost_file_device_minor(dev_t device);
#endif
