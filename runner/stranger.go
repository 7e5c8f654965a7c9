package runner

import (
	"context"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/observe"
)

// lookTime is how often a server that is not ours is looked at until it listens.
const lookTime = 10 * time.Millisecond

// await waits until the lab listens: it says so itself. Of a server that is not
// ours the kernel says it; a connection would be the first that it sees.
func (b *block) await(ctx context.Context) error {
	if b.run.command != nil {
		diag, err := b.sup.Diag()
		if err != nil {
			return err
		}
		looking, stop := context.WithCancel(ctx)
		defer stop()
		b.work.Go(func() {
			defer unix.Close(diag)
			b.look(looking, observe.NewSockets(diag, b.told.Port()))
		})
	}
	return b.wait(ctx, listenTime, func() bool { return b.addr.IsValid() })
}

// look says that the server listens, once it does.
func (b *block) look(ctx context.Context, sockets *observe.Sockets) {
	for sleep(ctx, monotonic()+lookTime) == nil {
		if stats, err := sockets.Read(); err == nil && stats.Listens() {
			b.say(telemetry.Event{T: b.run.now(), Kind: telemetry.KindState, From: telemetry.FromLab, State: &telemetry.State{
				Phase: telemetry.Running, Facts: map[string]string{"addr": b.told.String()}}})
			return
		}
	}
}

// deaf is the ending of a run whose lab does not listen.
func (b *block) deaf() error {
	line := b.lastLine()
	if b.run.command != nil && line == "" {
		line = "nothing listens on " + b.told.String() + ": the server finds its address in LABS_ADDR"
	}
	return fails("not-listening", line)
}

// freeAddr is an address of the loopback that nobody uses now.
func freeAddr() (netip.AddrPort, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).AddrPort(), nil
}
