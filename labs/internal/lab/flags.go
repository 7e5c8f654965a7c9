package lab

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"text/tabwriter"
	"time"

	"socketlabs/labs/internal/sock"
)

// defaultAddr is where a lab listens that nobody told otherwise.
const defaultAddr = "127.0.0.1:9000"

// bounded is a flag that takes only what its Setting allows, written in any way
// that the Setting reads.
type bounded struct {
	flag.Value
	setting Setting
}

// Set sets the flag. Package flag puts the name and the text before the error.
func (b bounded) Set(text string) error {
	v, err := b.setting.Parse(text)
	if err != nil {
		return errors.New("it takes " + b.setting.Allowed())
	}
	return b.Value.Set(b.setting.Text(v))
}

// IsBoolFlag makes -armed mean -armed=true.
func (b bounded) IsBoolFlag() bool { return b.setting.Kind == Bool }

// bound binds every flag of set to the domain that its usage ends in.
func bound(set *flag.FlagSet) (err error) {
	set.VisitAll(func(f *flag.Flag) {
		s, parseErr := ParseUsage(f.Name, kindOf(f.Value), defaultOf(f), f.Usage)
		err = errors.Join(err, parseErr)
		f.Value = bounded{f.Value, s}
	})
	return err
}

func kindOf(v flag.Value) SettingKind {
	getter, _ := v.(flag.Getter)
	switch getter.Get().(type) {
	case bool:
		return Bool
	case float64:
		return Float
	case string:
		return Choice
	case time.Duration:
		return Duration
	}
	return Int
}

func defaultOf(f *flag.Flag) any { return f.Value.(flag.Getter).Get() }

// parse reads a lab's command line: its own knobs, which set holds already, and
// what every lab has. env is the value of LABS_ADDR.
func parse(set *flag.FlagSet, args []string, env string) (addr netip.AddrPort, err error) {
	if err := bound(set); err != nil {
		return addr, err
	}
	if env == "" {
		env = defaultAddr
	}
	at := set.String("addr", env, "IP address and port to listen on; port 0 is any free one")
	expose := set.Bool("expose", false, "allow an address that other machines can reach")
	set.Init(set.Name(), flag.ContinueOnError)
	set.SetOutput(io.Discard)
	if err := set.Parse(args); err != nil {
		return addr, err
	}
	if set.NArg() > 0 {
		return addr, fmt.Errorf("%q is no flag: -h lists them", set.Arg(0))
	}
	if addr, err = sock.ParseAddr(*at); err != nil {
		return addr, fmt.Errorf("-addr: %w", err)
	}
	if !addr.Addr().IsLoopback() && !*expose {
		return addr, fmt.Errorf("-addr: other machines can reach %s, and a lab trusts everybody: add -expose if you mean it", addr)
	}
	return addr, nil
}

// help prints the flags with their defaults and domains.
func help(w io.Writer, set *flag.FlagSet) {
	fmt.Fprintf(w, "usage: %s [flags]\n\n", set.Name())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	set.VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(table, "  -%s=%s\t%s\n", f.Name, f.DefValue, f.Usage)
	})
	table.Flush()
	fmt.Fprintf(w, "\nSIGTERM and Ctrl+C drain. Exit code: %d drained, %d failed, %d bad flags, %d cannot listen, %d drain cut short.\n",
		Drained, Failed, BadFlags, CannotListen, CutShort)
}
