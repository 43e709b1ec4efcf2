#define _GNU_SOURCE
#include "CLinux.h"
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int roost_open_in_root(int root, const char *path) {
    struct open_how how = {0};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int roost_open_folder(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

int roost_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int roost_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int roost_pidfd_send_signal(int descriptor, int number) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, number, (void *)0, 0);
}

int roost_mount_overlay(const char *target, const char *options) {
    return mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, options);
}

int roost_mount_memory(const char *target, unsigned long bytes) {
    char options[64];
    snprintf(options, sizeof options, "mode=0700,size=%lu,noswap", bytes);
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount("tmpfs", target, "tmpfs", flags, options) == 0) return 0;
    // Before Linux 6.4 there is no such option.
    if (errno != EINVAL) return -1;
    snprintf(options, sizeof options, "mode=0700,size=%lu", bytes);
    return mount("tmpfs", target, "tmpfs", flags, options);
}

int roost_is_memory(const char *path) {
    struct statfs status;
    if (statfs(path, &status) != 0) return -1;
    return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

int roost_unmount_lazily(const char *target) { return umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW); }

int roost_spawn(
    pid_t *pid, const char *program, char *const arguments[], char *const environment[], struct roost_descriptors own
) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = posix_spawnattr_init(&attributes);
    if (result != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return result;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    // Descriptor 3 last, since one of the others may be that number on our side; none of ours is below.
    if (own.terminal) posix_spawn_file_actions_addopen(&actions, 0, own.terminal, O_RDWR, 0);
    else if (own.input >= 0) posix_spawn_file_actions_adddup2(&actions, own.input, 0);
    else posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, own.terminal ? 0 : own.output, 1);
    posix_spawn_file_actions_adddup2(&actions, own.terminal ? 0 : own.errors, 2);
    if (own.sync >= 0) posix_spawn_file_actions_adddup2(&actions, own.sync, 3);
    posix_spawn_file_actions_addclosefrom_np(&actions, own.sync >= 0 ? 4 : 3);
    result = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

int roost_memory_file(const void *content, size_t size) {
    int descriptor = memfd_create("roost", MFD_CLOEXEC);
    if (descriptor < 0) return -1;
    for (size_t done = 0; done < size;) {
        ssize_t count = write(descriptor, (const char *)content + done, size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            close(descriptor);
            return -1;
        }
        done += (size_t)count;
    }
    return descriptor;
}

int roost_open_terminal(int *master, char *name, size_t size) {
    int descriptor = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    if (grantpt(descriptor) != 0 || unlockpt(descriptor) != 0 || ptsname_r(descriptor, name, size) != 0) {
        close(descriptor);
        return -1;
    }
    // Raw from its first moment: what is typed before the other end says so itself must not be taken for lines.
    struct termios settings;
    if (tcgetattr(descriptor, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(descriptor, TCSANOW, &settings);
    }
    *master = descriptor;
    return 0;
}

int roost_resize_terminal(int master, unsigned short columns, unsigned short rows) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(master, TIOCSWINSZ, &size);
}

int roost_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }
#endif
