/* An echo server that does the system calls and nothing else: what any server on epoll cannot do without. One thread and
 * one listening socket for each processor. It says on standard error where it listens. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in addr = {.sin_family = AF_INET};

static void check(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static int listener(void)
{
	int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	check(s >= 0, "socket");
	check(!setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), "SO_REUSEPORT");
	check(!bind(s, (struct sockaddr *)&addr, sizeof addr), "bind");
	check(!listen(s, 4096), "listen");
	return s;
}

static void *loop(void *arg)
{
	static _Thread_local char buf[65536];
	int s = *(int *)arg, ep = epoll_create1(EPOLL_CLOEXEC), one = 1;
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = s}, events[256];
	check(ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev), "epoll");
	for (;;) {
		int n = epoll_wait(ep, events, 256, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == s) {
				while ((fd = accept4(s, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
					setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
					ev.data.fd = fd;
					check(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), "epoll_ctl");
				}
				continue;
			}
			ssize_t r = read(fd, buf, sizeof buf);
			if (r < 0 && errno == EAGAIN)
				continue;
			/* A peer that does not read is cut off: there is no queue. */
			if (r <= 0 || write(fd, buf, r) != r)
				close(fd);
		}
	}
}

int main(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int *s = calloc(cores, sizeof *s);
	socklen_t size = sizeof addr;
	pthread_t t;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s[0] = listener();
	check(!getsockname(s[0], (struct sockaddr *)&addr, &size), "getsockname");
	for (long i = 1; i < cores; i++)
		s[i] = listener();
	for (long i = 1; i < cores; i++)
		check(!pthread_create(&t, NULL, loop, &s[i]), "pthread_create");
	fprintf(stderr, "epoll listening on tcp:127.0.0.1:%d\n", ntohs(addr.sin_port));
	loop(&s[0]);
}
