package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"

	"socketlabs/runner"
	"socketlabs/site"
)

// defaultAddr is where the workbook is served when nothing is asked for; when
// it is taken, the next free port is.
const defaultAddr = "127.0.0.1:7022"

type serveFlags struct {
	addr, lang string
	open       bool
	class      classFlags
}

func serveCommand(p *place) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the workbook to your browser (the default)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkLang(f.lang); f.lang != "" && err != nil {
				return err
			}
			return p.serve(cmd, f)
		},
	}
	cmd.Flags().StringVar(&f.addr, "addr", "", "address to serve on, a loopback one without --workshop; port 0 for any (default "+defaultAddr+", or the next free port)")
	cmd.Flags().StringVar(&f.lang, "lang", "", "language of the printed link: ko or en (default: what the browser prefers)")
	cmd.Flags().BoolVar(&f.open, "open", false, "open the link in your browser")
	f.class.add(cmd.Flags())
	return cmd
}

func (p *place) serve(cmd *cobra.Command, f serveFlags) (err error) {
	if err := f.class.check(); err != nil {
		return err
	}
	ln, err := listen(f.addr, f.class.name != "")
	if err != nil {
		return err
	}
	defer func() { ln.Close() }()
	root, data, err := p.open()
	if err != nil {
		return err
	}
	log := p.log(cmd.ErrOrStderr(), slog.LevelInfo)
	config := site.Config{Root: root, Data: data, Log: log}
	if f.class.name != "" {
		if ln, err = f.class.open(&config, ln); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, config.Class.Close()) }()
	}
	r, err := runner.Open(runner.Config{Root: root, Data: data, Log: log, Limits: f.class.limits(config.Class)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeRunner(r)) }()
	config.Runner = r
	if config.Class == nil {
		if err := expireClasses(data, r); err != nil {
			return err
		}
	}
	s, err := site.New(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	link := s.Link(reachable(ln.Addr()), f.lang)
	if config.Class == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "Socket Labs: %s\n", link)
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "Instructor: %s\n", link)
		if err := f.class.invite(cmd.OutOrStdout(), config, ln.Addr(), f.lang); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "Measures:   %s\n", s.Pace())
		fmt.Fprintln(cmd.OutOrStdout(), "            Pages, votes and the wall are tested with 200 people on 2 cores.")
	}
	if f.open {
		openBrowser(cmd.Context(), link, func(err error) { log.Warn("open the browser", "error", err) })
	}
	return s.Serve(cmd.Context(), ln)
}

// listen opens the address that was asked for, or the default one or the next
// free port above it. Only loopback, but for a workshop: others could reach what
// runs here.
func listen(addr string, workshop bool) (net.Listener, error) {
	if addr != "" {
		host, err := netip.ParseAddrPort(addr)
		if err != nil {
			return nil, fmt.Errorf("--addr %q is not allowed: it takes an address and a port, like %s", addr, defaultAddr)
		}
		if !host.Addr().IsLoopback() && !workshop {
			return nil, fmt.Errorf("--addr %s would let others in: it takes a loopback address, like %s, or a --workshop, which people join by a code", addr, defaultAddr)
		}
		ln, err := net.Listen("tcp", addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("%w: end the program that has it, or leave --addr out for the next free port", err)
		}
		return ln, err
	}
	at := netip.MustParseAddrPort(defaultAddr)
	for port := at.Port(); port < at.Port()+100; port++ {
		ln, err := net.Listen("tcp", netip.AddrPortFrom(at.Addr(), port).String())
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return ln, err
		}
	}
	return nil, fmt.Errorf("no free port from %s on: name one with --addr 127.0.0.1:0", defaultAddr)
}

// openBrowser starts the desktop's opener and does not wait for it.
func openBrowser(ctx context.Context, link string, failed func(error)) {
	name := "xdg-open"
	if b := os.Getenv("BROWSER"); b != "" {
		name = b
	}
	cmd := exec.CommandContext(ctx, name, link)
	if err := cmd.Start(); err != nil {
		failed(err)
		return
	}
	go cmd.Wait()
}
