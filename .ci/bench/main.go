// Bench holds our servers and our load generator against others, on this
// machine: the labs against the Go engines gnet, evio, netpoll and nbio, the net
// package and an epoll server in C; the generator against a client in C and one
// with a goroutine for each connection.
//
//	go run -C .ci/bench . [-reps 9] [-seconds 1] [-points 64x1,64x16] [-engines uring,gnet] [-also NAME=PATH]
//
// Server and clients have a CPU each. Within a repetition all engines are
// measured one after the other, each in a fresh process, in an order that
// rotates, and ratios are formed within it: what the machine does to one of them
// it is likely to do to all. CPU time is the steadier measure than wall time.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 2 && os.Args[1] == "client" {
		if err := play(os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	ended, err := inOwnNetwork()
	if err == nil && !ended {
		err = run()
	}
	if err != nil {
		log.Fatal(err)
	}
}

// point is a load: so many connections with so many requests in flight each.
type point struct{ connections, depth int }

func (p point) String() string {
	if p.depth == 0 {
		return fmt.Sprintf("%d idle", p.connections)
	}
	return fmt.Sprintf("%dx%d", p.connections, p.depth)
}

// config is the command line.
type config struct {
	reps           int
	seconds        float64
	points         []point
	engines        []engine
	clients        bool
	serverCPU, cpu int
}

func flags() (config, error) {
	c := config{}
	flag.IntVar(&c.reps, "reps", 9, "paired repetitions")
	flag.Float64Var(&c.seconds, "seconds", 1, "measured for each engine, point and repetition, after half of it to warm up")
	points := flag.String("points", "1x1,64x1,64x16,1000x1,10000x1,10000x0", "connections x depth; depth 0 is idle connections")
	only := flag.String("engines", "", "only these, separated by commas")
	also := flag.String("also", "", "a server of yours, NAME=PATH: it listens on the address in LABS_ADDR")
	flag.BoolVar(&c.clients, "clients", true, "measure the clients too")
	flag.Parse()
	for _, text := range strings.Split(*points, ",") {
		var p point
		if _, err := fmt.Sscanf(text, "%dx%d", &p.connections, &p.depth); err != nil || p.connections < 1 {
			return c, fmt.Errorf("-points: %q is no point like 64x16", text)
		}
		c.points = append(c.points, p)
	}
	for _, e := range engines() {
		if *only == "" || slices.Contains(strings.Split(*only, ","), e.name) {
			c.engines = append(c.engines, e)
		}
	}
	if name, path, ok := strings.Cut(*also, "="); ok {
		c.engines = append(c.engines, engine{name: name, kind: lab, path: path})
	}
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(0, &cpus); err != nil {
		return c, err
	}
	if cpus.Count() < 2 {
		return c, errors.New("it takes two CPUs: one for the server, one for the clients")
	}
	c.serverCPU, c.cpu = -1, -1
	for i := 0; c.cpu < 0; i++ {
		if cpus.IsSet(i) {
			c.serverCPU, c.cpu = i, c.serverCPU
		}
	}
	return c, nil
}

func run() error {
	c, err := flags()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	if c.engines, err = build(root, dir, c.engines); err != nil {
		return err
	}
	fmt.Printf("%s, %d CPUs, %s; server on CPU %d, clients on CPU %d; %d repetitions of %g s\n",
		kernel(), runtime.NumCPU(), runtime.Version(), c.serverCPU, c.cpu, c.reps, c.seconds)
	for _, p := range c.points {
		t := &table{point: p, engines: c.engines}
		for rep := range c.reps {
			row := map[string]figure{}
			for i := range c.engines {
				e := c.engines[(i+rep)%len(c.engines)]
				if e.most > 0 && p.connections > e.most {
					continue
				}
				f, err := c.one(e, p)
				if err != nil {
					fmt.Fprintf(os.Stderr, "%s at %s: %v\n", e.name, p, err)
					continue
				}
				row[e.name] = f
			}
			t.rows = append(t.rows, row)
		}
		t.print(os.Stdout)
	}
	if c.clients {
		return c.compareClients(dir)
	}
	return nil
}

// one measures an engine once.
func (c config) one(e engine, p point) (figure, error) {
	s, err := e.start(c.serverCPU)
	if err != nil {
		return figure{}, err
	}
	before := rss(s.cmd.Process.Pid)
	f, err := measure(job{
		Addr: s.addr, PID: s.cmd.Process.Pid, Connections: p.connections, Depth: p.depth, Warmup: tenths(c.seconds / 2), Seconds: tenths(c.seconds),
	}, c.cpu)
	f.Calls = s.stop()
	f.PerConnection = (f.RSS - before) / float64(p.connections)
	return f, err
}

// tenths rounds to the grid of the load generator, up.
func tenths(s float64) float64 { return float64(int(s*10+0.999)) / 10 }

func kernel() string {
	var u unix.Utsname
	unix.Uname(&u)
	return "Linux " + unix.ByteSliceToString(u.Release[:])
}

// compareClients measures clients against the C server, each on the same CPU.
func (c config) compareClients(dir string) error {
	i := slices.IndexFunc(c.engines, func(e engine) bool { return e.kind == floor })
	if i < 0 {
		return nil
	}
	ours, inC, goroutines := "ours", "C", "goroutines"
	paths := map[string]string{inC: filepath.Join(dir, "client-c"), goroutines: filepath.Join(dir, "client-go")}
	if err := buildClients(paths[inC], paths[goroutines]); err != nil {
		return err
	}
	for _, p := range c.points {
		if p.depth == 0 || p.connections > 1000 {
			continue
		}
		var rows []map[string]float64
		for rep := range c.reps {
			row := map[string]float64{}
			for k := range 3 {
				name := []string{ours, inC, goroutines}[(k+rep)%3]
				rate, err := c.client(c.engines[i], p, name, paths[name])
				if err != nil {
					return err
				}
				row[name] = rate
			}
			rows = append(rows, row)
		}
		printClients(os.Stdout, p, rows, ours, inC, goroutines)
	}
	return nil
}

// client returns one client's requests per CPU second of its own.
func (c config) client(e engine, p point, name, path string) (float64, error) {
	s, err := e.start(c.serverCPU)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	if path == "" {
		f, err := measure(job{Addr: s.addr, PID: s.cmd.Process.Pid, Connections: p.connections, Depth: p.depth, Warmup: tenths(c.seconds / 4), Seconds: tenths(c.seconds)}, c.cpu)
		return f.Requests / f.Client, err
	}
	addr := s.addr
	if name == "C" {
		_, addr, _ = strings.Cut(s.addr, ":")
	}
	return outside(path, []string{addr, strconv.Itoa(p.connections), strconv.Itoa(p.depth), fmt.Sprint(c.seconds)}, c.cpu)
}
