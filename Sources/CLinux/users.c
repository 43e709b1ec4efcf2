#define _GNU_SOURCE
#include "CLinuxUsers.h"
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Since glibc 2.36 in <sys/mount.h>; the numbers are the same on all architectures.
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define ROOST_TREE_CLONE 1
#define ROOST_MOVE_FROM_EMPTY_PATH 4
#define ROOST_ATTRIBUTE_NOSUID 0x2
#define ROOST_ATTRIBUTE_NODEV 0x4
#define ROOST_ATTRIBUTE_IDMAP 0x100000

struct mount_attributes {
    uint64_t set, clear, propagation, namespace;
};

static int write_map(pid_t pid, const char *name, unsigned int base, unsigned int count) {
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int length = snprintf(line, sizeof line, "0 %u %u\n", base, count);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t written = write(file, line, (size_t)length);
    int error = errno;
    close(file);
    errno = error;
    return written == length ? 0 : -1;
}

// In the new process: only system calls, since other threads of the one it was made from may hold any lock.
static void hold(unsigned int base, int told, int until) {
    char byte = 0;
    // By number: the library's own functions would want all threads to follow.
    int failed = syscall(SYS_setgroups, 0, (void *)0) != 0 || syscall(SYS_setresgid, base, base, base) != 0
        || syscall(SYS_setresuid, base, base, base) != 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0;
    byte = failed ? (char)errno : 0;
    if (write(told, &byte, 1) == 1 && !failed) {
        while (read(until, &byte, 1) < 0 && errno == EINTR) {}
    }
    _exit(0);
}

pid_t roost_hold_namespaces(unsigned int base, unsigned int count, int *kept) {
    int told[2], until[2];
    if (pipe2(told, O_CLOEXEC) != 0) return -1;
    if (pipe2(until, O_CLOEXEC) != 0) {
        close(told[0]);
        close(told[1]);
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(until[1]);
        close(told[0]);
        hold(base, told[1], until[0]);
    }
    int error = errno;
    close(told[1]);
    close(until[0]);
    if (pid > 0) {
        char byte = EIO;
        ssize_t got;
        while ((got = read(told[0], &byte, 1)) < 0 && errno == EINTR) {}
        error = got == 1 ? byte : EIO;
        if (error == 0 && (write_map(pid, "uid_map", base, count) != 0 || write_map(pid, "gid_map", base, count) != 0)) {
            error = errno;
        }
        if (error != 0) {
            roost_release_namespaces(pid, until[1]);
            pid = -1;
        }
    } else {
        close(until[1]);
    }
    close(told[0]);
    errno = error;
    *kept = until[1];
    return pid;
}

void roost_release_namespaces(pid_t holder, int hold) {
    close(hold);
    // Another process that was forked meanwhile may have the end of the pipe, too.
    kill(holder, SIGKILL);
    while (waitpid(holder, (void *)0, 0) < 0 && errno == EINTR) {}
}

int roost_owner_namespace(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    int owner = ioctl(file, NS_GET_USERNS);
    int error = errno;
    close(file);
    errno = error;
    return owner;
}

long long roost_namespace_user(int namespace) {
    uid_t user;
    return ioctl(namespace, NS_GET_OWNER_UID, &user) == 0 ? (long long)user : -1;
}

int roost_is_own_user_namespace(int namespace) {
    struct stat own, other;
    return stat("/proc/self/ns/user", &own) == 0 && fstat(namespace, &other) == 0 && own.st_ino == other.st_ino;
}

int roost_mount_mapped(const char *source, const char *target, int namespace) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, source, ROOST_TREE_CLONE | O_CLOEXEC);
    if (tree < 0) return -1;
    struct mount_attributes attributes = {
        .set = ROOST_ATTRIBUTE_IDMAP | ROOST_ATTRIBUTE_NOSUID | ROOST_ATTRIBUTE_NODEV, .namespace = (uint64_t)namespace
    };
    int result = (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
    if (result == 0) {
        result = (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, target, ROOST_MOVE_FROM_EMPTY_PATH);
    }
    int error = errno;
    close(tree);
    errno = error;
    return result;
}
#endif
