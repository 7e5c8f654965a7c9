// Command labs serves the workbook and does the same work headless.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

// Exit statuses.
const (
	statusHolds = 0 // every check holds
	statusFails = 1 // a check does not
	statusError = 2 // it could not run
	statusVoid  = 3 // it ran and proves nothing
)

// status is an exit status as an error: what it means was already said.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	runner.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	var code status
	switch {
	case err == nil:
		return statusHolds
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(stderr, "labs: %v\n", err)
	return statusError
}

// place is where the work is done: flags that all commands share.
type place struct {
	root, data string
	verbose    bool
}

func command() *cobra.Command {
	p := &place{}
	serve := serveCommand(p)
	cmd := &cobra.Command{
		Use:           "labs",
		Short:         "Learn what sockets do in production, by measuring",
		Long:          "Socket Labs runs real servers under real load and shows what they do.\nWithout a command it serves the workbook to your browser.",
		Args:          cobra.NoArgs,
		RunE:          serve.RunE,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.Flags().AddFlagSet(serve.Flags())
	flags := cmd.PersistentFlags()
	flags.StringVar(&p.root, "root", "", "the clone of Socket Labs (default: around the current folder)")
	flags.StringVar(&p.data, "data", "", "the data folder, for recordings and progress (default: $XDG_DATA_HOME/socket-labs)")
	flags.BoolVarP(&p.verbose, "verbose", "v", false, "say more")
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: `%s --help` says what it takes", err, c.CommandPath())
	})
	cmd.AddCommand(serve, listCommand(p), runCommand(p), runsCommand(p), traceCommand(p), compareCommand(p), sweepCommand(p), ladderCommand(p),
		queuesCommand(p), doctorCommand(p), mysteryCommand(p), adviseCommand(p), errorsCommand(p), checklistCommand(p), hardenCommand(), rehearseCommand(p), exerciseCommand(p), exportCommand(p), checkCommand(p))
	return cmd
}

// open returns the module's folder and the data folder.
func (p *place) open() (root, data string, err error) {
	root, err = labs.Root(p.root)
	if err != nil {
		return "", "", err
	}
	data = p.data
	if data == "" {
		data = os.Getenv("XDG_DATA_HOME")
		if data == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", "", errors.New("no home folder: name the data folder with --data")
			}
			data = filepath.Join(home, ".local", "share")
		}
		data = filepath.Join(data, "socket-labs")
	}
	return root, data, nil
}

// book loads the labs and the lessons; the problems are part of the answer.
func (p *place) book() (*labs.Catalog, *content.Book, []content.Problem, error) {
	root, err := labs.Root(p.root)
	if err != nil {
		return nil, nil, nil, err
	}
	catalog, err := labs.Read(root)
	if err != nil {
		return nil, nil, nil, err
	}
	book, problems := content.Load(filepath.Join(root, "content"), catalog)
	return catalog, book, problems, nil
}

// runner opens the runner on the data folder.
func (p *place) runner(stderr io.Writer, limits runner.Limits) (*runner.Runner, error) {
	root, data, err := p.open()
	if err != nil {
		return nil, err
	}
	return runner.Open(runner.Config{Root: root, Data: data, Limits: limits, Log: p.log(stderr, slog.LevelWarn)})
}

// log writes what is at least of that level: for people on a terminal, and as
// JSON otherwise.
func (p *place) log(w io.Writer, level slog.Level) *slog.Logger {
	if p.verbose {
		level = slog.LevelDebug
	}
	if terminal(w) {
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: "15:04:05", NoColor: os.Getenv("NO_COLOR") != ""}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// terminal says whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
