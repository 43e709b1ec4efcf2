// User namespaces, and mounts that show files under other owners.
#pragma once
#ifdef __linux__
#include <sys/types.h>

// Starts a process that holds a new user namespace and a new network namespace owned by it, and does nothing else. The
// kernel counts what is used in them to the host's user `base`, who is root inside; the `count` numbers from there on
// are mapped. Its number, or -1 with errno. `roost_release_namespaces` ends it; what is attached to the namespaces keeps
// them.
pid_t roost_hold_namespaces(unsigned int base, unsigned int count, int *hold);

void roost_release_namespaces(pid_t holder, int hold);

// The user namespace that owns a namespace, as a descriptor that closes on exec, or -1 with errno.
int roost_owner_namespace(const char *path);

// The host's user whom a user namespace counts to, or -1 with errno. Of the host's own namespace: 0.
long long roost_namespace_user(int namespace);

// Whether a descriptor is the user namespace that this process is in.
int roost_is_own_user_namespace(int namespace);

// Mounts what is at `source` at `target` once more, with the owners that it has in a user namespace. Zero, or -1 with
// errno. Since Linux 5.12, where the file system can.
int roost_mount_mapped(const char *source, const char *target, int namespace);

#endif
