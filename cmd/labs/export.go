package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"socketlabs/labs"
	"socketlabs/site"
)

func exportCommand(p *place) *cobra.Command {
	return &cobra.Command{
		Use:   "export DIR",
		Short: "Write the whole book as files that need no server",
		Long: `Export writes every page of the workbook, in both languages, into the folder DIR,
with the author's recordings, which its pages replay. Any file host serves it, under
any path; it also opens from the folder: DIR/index.html. A folder that is not empty
must be an earlier export: it is replaced whole, or stays as it is.`,
		Example: "  labs export /tmp/socket-labs",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := labs.Root(p.root)
			if err != nil {
				return err
			}
			files, err := site.ExportBook(cmd.Context(), site.Config{Root: root, Log: p.log(cmd.ErrOrStderr(), slog.LevelWarn)}, args[0])
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files; open index.html\n", args[0], len(files))
			}
			return err
		},
	}
}
