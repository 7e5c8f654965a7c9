// An echo server on one level-triggered epoll loop, as short and as fast as C
// allows: the floor that the labs are held against. Address: 127.0.0.1:PORT in
// LABS_ADDR.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static char buf[4096];

static void die(const char *what) {
	perror(what);
	exit(1);
}

// answer echoes what is there; a client of the benchmark reads all it asks for,
// so that a full send queue is an end too.
static int answer(int fd) {
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof buf, 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0 || send(fd, buf, n, MSG_NOSIGNAL) != n)
			return 0;
		if (n < (ssize_t)sizeof buf)
			return 1;
	}
}

int main(void) {
	const char *port = strrchr(getenv("LABS_ADDR") ?: "", ':');
	if (!port)
		die("LABS_ADDR");
	int on = 1, lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epfd = epoll_create1(0);
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(port + 1)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(lfd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(lfd, (struct sockaddr *)&addr, sizeof addr) || listen(lfd, 1024))
		die("listen");
	struct epoll_event e = {.events = EPOLLIN, .data.fd = lfd}, events[256];
	epoll_ctl(epfd, EPOLL_CTL_ADD, lfd, &e);
	for (;;) {
		int n = epoll_wait(epfd, events, 256, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd != lfd) {
				if (!answer(fd))
					close(fd);
			} else if ((fd = accept4(lfd, 0, 0, SOCK_NONBLOCK)) >= 0) {
				e.data.fd = fd;
				epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e);
			}
		}
	}
}
