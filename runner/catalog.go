package runner

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"socketlabs/labs"
)

// catalog is the labs as they were read last. Reading parses all of their source,
// and when a class presses Run at once it is the same each time.
type catalog struct {
	root string

	mu    sync.Mutex
	stamp uint64              // guards what follows: of the files that were read
	read  *labs.Catalog       // nil: nothing was
	whole map[string]labs.Lab // as each lab was when it was last not broken
}

// Catalog returns the labs as their source stands now. A lab that is broken in
// the middle of an edit keeps what it last declared: its lesson stays, and a run
// of it begins and says where the compiler stopped.
func (r *Runner) Catalog() (*labs.Catalog, error) { return r.catalog.now() }

func (c *catalog) now() (*labs.Catalog, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp := c.sum()
	if c.read == nil || stamp != c.stamp {
		read, err := labs.Read(c.root)
		if err != nil {
			return nil, err
		}
		c.keep(read)
		c.read, c.stamp = read, stamp
	}
	return &labs.Catalog{Root: c.read.Root, Labs: slices.Clone(c.read.Labs)}, nil
}

// keep remembers the labs that are whole, and puts what they were in the place of
// those that are not.
func (c *catalog) keep(read *labs.Catalog) {
	for i, now := range read.Labs {
		whole, known := c.whole[now.Name]
		switch {
		case now.Broken == "":
			c.whole[now.Name] = now
		case known:
			whole.Code, whole.Build = now.Code, now.Build
			read.Labs[i] = whole
		}
	}
}

// sum sums up names, sizes and times of the files that labs are made of.
func (c *catalog) sum() uint64 {
	h := fnv.New64a()
	for _, at := range []string{"go.mod", "go.sum", "labs"} {
		filepath.WalkDir(filepath.Join(c.root, at), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			if info, err := d.Info(); err == nil {
				fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return h.Sum64()
}
