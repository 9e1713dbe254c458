// Swift's own module of the C library leaves out <sys/epoll.h>.
#pragma once
#include <sys/epoll.h>
