// Linux calls that Swift can't import: variadic system calls and macros.
#pragma once
#ifdef __linux__
#define _GNU_SOURCE
#include <sched.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#endif
