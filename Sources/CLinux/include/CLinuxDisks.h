// File systems in files, mounted through a loop device.
#pragma once
#ifdef __linux__

// Mounts the ext4 file system that lies in a file. The loop device goes with the last mount of it. Zero, or -1 with errno;
// ENODEV where the host has no loop devices. Since Linux 5.8.
int roost_mount_image(const char *image, const char *target, const char *options);

// Has a mounted ext4 file system, and the loop device below it, take all of its file, which has grown. Zero, or -1.
int roost_grow_mounted_image(const char *target);

#endif
