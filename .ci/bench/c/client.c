// A closed loop of CONNECTIONS clients on one epoll loop: DEPTH requests of 64
// bytes in flight on each, sent back as sent. Prints the requests answered in
// SECONDS and the CPU seconds that they took.
// usage: client PORT CONNECTIONS DEPTH SECONDS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64 };
static char out[SIZE * 1001], in[SIZE * 1000]; // out: one request, over and over
static int got[100000];                        // bytes of an answer that is not whole yet

static void die(const char *what) {
	perror(what);
	exit(1);
}

static double now(clockid_t clock) {
	struct timespec ts;
	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
	if (argc != 5)
		return 2;
	int port = atoi(argv[1]), connections = atoi(argv[2]), depth = atoi(argv[3]), on = 1;
	double seconds = atof(argv[4]);
	for (int i = 0; i < (int)sizeof out; i++)
		out[i] = i % SIZE * 37 + 1;
	int epfd = epoll_create1(0), *fds = calloc(connections, sizeof *fds);
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	for (int i = 0; i < connections; i++) {
		int fd = fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (fd < 0 || fd >= 100000 || connect(fd, (struct sockaddr *)&addr, sizeof addr))
			die("connect");
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
		epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e);
	}
	for (int i = 0; i < connections; i++)
		if (send(fds[i], out, SIZE * depth, MSG_NOSIGNAL) != SIZE * depth)
			die("send");
	struct epoll_event events[64];
	long requests = 0, before = 0;
	double began = now(CLOCK_MONOTONIC) + seconds / 4, cpu = -1; // a quarter to warm up
	for (;;) {
		int n = epoll_wait(epfd, events, 64, -1);
		double t = now(CLOCK_MONOTONIC);
		if (cpu < 0 && t >= began) {
			cpu = now(CLOCK_PROCESS_CPUTIME_ID);
			before = requests;
			began = t;
		}
		if (cpu >= 0 && t >= began + seconds) {
			printf("%ld %.6f\n", requests - before, now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
			return 0;
		}
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			ssize_t r = recv(fd, in, sizeof in, MSG_DONTWAIT);
			if (r <= 0)
				die("recv");
			if (memcmp(in, out + got[fd], r)) {
				fprintf(stderr, "wrong byte\n");
				return 1;
			}
			got[fd] += r;
			int whole = got[fd] / SIZE;
			got[fd] %= SIZE;
			requests += whole;
			if (whole > 0 && send(fd, out, SIZE * whole, MSG_NOSIGNAL) != SIZE * whole)
				die("send");
		}
	}
}
