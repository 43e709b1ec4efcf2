// Linux calls that Swift can't import: variadic system calls, macros, and what glibc shows only to GNU sources.
//
// This header must not define _GNU_SOURCE: Swift's own Glibc module is built without it, and types such as fd_set
// would then differ between the two modules.
#pragma once
#include "CLinuxDisks.h"
#include "CLinuxFiles.h"
#include "CLinuxUsers.h"
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <sys/types.h>

// Opens a file of a foreign root file system: symbolic links, absolute ones too, are taken as if `root` were "/".
// O_NONBLOCK so that a FIFO planted there can't hold us. Since Linux 5.6.
int roost_open_in_root(int root, const char *path);

// A descriptor that only names a folder.
int roost_open_folder(const char *path);

// A pipe whose ends close on exec.
int roost_pipe(int ends[2]);

// A process descriptor that polls readable once the process has ended. Since Linux 5.3.
int roost_pidfd_open(pid_t pid);

int roost_pidfd_send_signal(int descriptor, int number);

// Mount and unmount without the `unsigned long` casts that Swift would need at each call.
int roost_mount_overlay(const char *target, const char *options);

int roost_unmount_lazily(const char *target);

// Mounts memory at a folder for root alone, of at most so many bytes, kept out of swap where the kernel can.
int roost_mount_memory(const char *target, unsigned long bytes);

// Whether what lies at a path is kept in memory: 1, 0, or -1 with errno.
int roost_is_memory(const char *path);

// What a program that we start gets of ours.
struct roost_descriptors {
    int input;   // becomes standard input; negative: /dev/null
    int output;  // becomes standard output
    int errors;  // becomes standard error
    int sync;    // becomes descriptor 3; negative: none
    const char *terminal;  // becomes all three, and the terminal that the session is controlled by; NULL: none
};

// Starts a program in a session of its own with a clean signal state; nothing else of ours is left open in it.
// Zero, or the number of the error.
int roost_spawn(
    pid_t *pid, const char *program, char *const arguments[], char *const environment[], struct roost_descriptors own
);

// A file without a name that is in memory alone, with that content; it closes on exec.
int roost_memory_file(const void *content, size_t size);

// Our end of a new terminal, and the path of the other; it closes on exec. Zero, or -1 with errno.
int roost_open_terminal(int *master, char *name, size_t size);

// Zero, or -1 with errno.
int roost_resize_terminal(int master, unsigned short columns, unsigned short rows);

// The exit code, or 128 + the signal, of a child's wait status.
int roost_exit_code(int status);

// `statfs.f_type` of a file that stands for a namespace.
static const long roost_nsfs_magic = 0x6e736673;
#endif
