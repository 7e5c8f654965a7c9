package lab

import (
	"errors"
	"flag"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/sock"
)

// process is what this process reports. Main makes it, Listening begins it.
var process *reporter

// Main is a lab's main: it reads the flags, has serve do the work, and reports
// m, a pointer to a struct of telemetry.Counter and telemetry.Gauge.
//
// serve listens on addr, calls Listening, and serves until quit is readable:
// that is SIGTERM or SIGINT, and stays so. It then takes no new connections,
// answers what has arrived, and returns nil. Main does not return.
func Main(serve func(addr netip.AddrPort, quit int) error, m any) {
	log.SetFlags(0)
	signal.Ignore(unix.SIGPIPE) // EPIPE says it too, and does not kill
	flag.CommandLine.Init(filepath.Base(os.Args[0]), flag.ContinueOnError)
	addr, err := parse(flag.CommandLine, os.Args[1:], os.Getenv("LABS_ADDR"))
	if errors.Is(err, flag.ErrHelp) {
		help(os.Stdout, flag.CommandLine)
		os.Exit(0)
	}
	if err != nil {
		log.Print(err)
		os.Exit(BadFlags)
	}
	os.Exit(run(serve, addr, m))
}

func run(serve func(addr netip.AddrPort, quit int) error, addr netip.AddrPort, m any) int {
	process = newReporter(m)
	quit, err := quitAtSignal()
	if err != nil {
		log.Print(err)
		return Failed
	}
	if err = serve(addr, quit); err != nil {
		log.Print(err)
	}
	time.AfterFunc(DrainTime, func() { os.Exit(CutShort) }) // stdout may be a pipe that nobody empties
	began := process.end()
	switch {
	case err != nil && !began:
		return CannotListen
	case err != nil:
		return Failed
	}
	return Drained
}

// Listening announces that lfd listens and begins the report. Of several
// listeners the first one counts.
func Listening(lfd int) {
	addr, err := sock.Addr(lfd)
	if err != nil {
		log.Print(err)
		os.Exit(CannotListen)
	}
	process.begin(addr)
}

// quitAtSignal returns a descriptor that is readable from the first SIGTERM or
// SIGINT on. A second one, or DrainTime, ends the process.
func quitAtSignal() (quit int, err error) {
	quit, err = unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("eventfd2", err)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	go func() {
		<-signals
		unix.Write(quit, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // never read: it stays readable
		select {
		case <-signals:
		case <-time.After(DrainTime):
			log.Printf("drain: not done after %s: connections are cut", DrainTime)
		}
		os.Exit(CutShort)
	}()
	return quit, nil
}
