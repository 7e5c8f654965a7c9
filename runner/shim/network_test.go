//go:build linux

package shim

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A network of its own has its own loopback, counters and settings, and the
// parent sees its sockets through Diag only.
func TestOwnNetwork(t *testing.T) {
	s := openAs(t, Namespaces, Options{Net: "own", Sysctl: map[string]string{"net.ipv4.tcp_fin_timeout": "5", "net.core.somaxconn": "77"}})
	p, err := s.Start(acting("listen"))
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(hostileAddr(t, p.Stdout), ":")
	n, _ := strconv.Atoi(port)
	inside, err := s.Diag()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(inside)
	if got := sockets(t, inside, uint16(n)); got != 2 {
		t.Errorf("%d sockets on the lab's port inside, want the listener and the connection", got)
	}
	out, _, _ := run(t, s, sh("cat /proc/sys/net/ipv4/tcp_fin_timeout /proc/sys/net/core/somaxconn; grep -c : /proc/net/dev"))
	if out != "5\n77\n1\n" {
		t.Errorf("fin timeout, somaxconn and devices: %q", out)
	}
	here, _ := os.Readlink("/proc/self/ns/net")
	if there, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", p.PID)); err != nil || there == here {
		t.Errorf("network %s %v, the host's is %s", there, err, here)
	}
	if got := activeOpens(t, p.PID); got != 1 {
		t.Errorf("TcpActiveOpens of the network is %d, want its only connect", got)
	}
}

func TestHostNetwork(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		here, _ := os.Readlink("/proc/self/ns/net")
		if out, _, _ := run(t, s, sh("readlink /proc/self/ns/net")); out != here+"\n" {
			t.Errorf("network %s, the host's is %s", out, here)
		}
		fd, err := s.Diag()
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
	})
}

func activeOpens(t *testing.T, pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/snmp", pid))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if f[0] != "Tcp:" {
			continue
		}
		for i, name := range names {
			if name == "ActiveOpens" {
				n, _ := strconv.Atoi(f[i])
				return n
			}
		}
		names = f
	}
	return -1
}

// sockets counts the TCP sockets over IPv4 on a local port with a bare dump.
func sockets(t *testing.T, fd int, port uint16) int {
	t.Helper()
	q := make([]byte, 72)
	binary.NativeEndian.PutUint32(q, 72)
	binary.NativeEndian.PutUint16(q[4:], 20) // SOCK_DIAG_BY_FAMILY
	binary.NativeEndian.PutUint16(q[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	q[16], q[17] = unix.AF_INET, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(q[20:], ^uint32(0))
	binary.BigEndian.PutUint16(q[24:], port)
	if err := unix.Sendto(fd, q, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	count, buf := 0, make([]byte, 64<<10)
	for {
		n, err := unix.Read(fd, buf)
		if err != nil {
			t.Fatal(err)
		}
		for b := buf[:n]; len(b) >= 16; {
			size := int(binary.NativeEndian.Uint32(b))
			switch binary.NativeEndian.Uint16(b[4:]) {
			case unix.NLMSG_DONE, unix.NLMSG_ERROR:
				return count
			case 20:
				count++
			}
			b = b[min(len(b), (size+3)&^3):]
		}
	}
}
