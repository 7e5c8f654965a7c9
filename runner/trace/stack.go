//go:build linux

package trace

import (
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"path/filepath"
	"strings"
)

// symbols turn addresses of a Go program into places of its source. The table of
// functions that the runtime itself uses says whose function it is; DWARF, where
// the program has it, unfolds what the compiler inlined.
type symbols struct {
	table  *gosym.Table
	dwarf  *dwarf.Data
	goroot string // where its standard library was compiled from
	root   string
	known  map[uint64][]Frame
}

// readSymbols reads a program; nil when it is not Go's, or can be anywhere in memory.
func readSymbols(path, root string) *symbols {
	f, err := elf.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	lines, text := f.Section(".gopclntab"), f.Section(".text")
	if f.Type != elf.ET_EXEC || lines == nil || text == nil {
		return nil
	}
	data, err := lines.Data()
	if err != nil {
		return nil
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text.Addr))
	if err != nil {
		return nil
	}
	s := &symbols{table: table, root: root, known: map[uint64][]Frame{}}
	s.dwarf, _ = f.DWARF()
	if main := table.LookupFunc("runtime.main"); main != nil {
		file, _, _ := table.PCToLine(main.Entry)
		s.goroot = strings.TrimSuffix(filepath.ToSlash(file), "runtime/proc.go")
	}
	return s
}

// stack returns the frames that are the program's own: neither the standard
// library's nor a dependency's.
func (s *symbols) stack(pcs []uint64) []Frame {
	var own []Frame
	for i, pc := range pcs {
		if i > 0 {
			pc-- // a return address: the call stands before it
		}
		for _, f := range s.frames(pc) {
			if s.theirs(f.File) {
				continue
			}
			if rest, ok := strings.CutPrefix(f.File, s.root+"/"); ok {
				f.File = rest
			}
			own = append(own, f)
		}
	}
	return own
}

func (s *symbols) theirs(file string) bool {
	return file == "" || strings.HasPrefix(file, "<") || s.goroot != "" && strings.HasPrefix(file, s.goroot) || strings.Contains(file, "/pkg/mod/")
}

// frames are the functions at an address, the innermost first.
func (s *symbols) frames(pc uint64) []Frame {
	if list, ok := s.known[pc]; ok {
		return list
	}
	var list []Frame
	file, line, fn := s.table.PCToLine(pc)
	if fn != nil {
		list = []Frame{{fn.Name, file, line}}
		if more := s.inlined(pc, list[0]); more != nil {
			list = more
		}
	}
	s.known[pc] = list
	return list
}

// inlined unfolds the calls that were compiled into a function: each knows from
// where it was called.
func (s *symbols) inlined(pc uint64, at Frame) []Frame {
	if s.dwarf == nil {
		return nil
	}
	r := s.dwarf.Reader()
	unit, err := r.SeekPC(pc)
	if err != nil {
		return nil
	}
	lines, err := s.dwarf.LineReader(unit)
	if err != nil || lines == nil {
		return nil
	}
	files := lines.Files()
	list := []Frame{at} // its line is that of what stands innermost
	names := []string{at.Func}
	for e, err := r.Next(); err == nil && e != nil && e.Tag != 0; e, err = r.Next() {
		covers := e.Tag == dwarf.TagSubprogram || e.Tag == dwarf.TagInlinedSubroutine || e.Tag == dwarf.TagLexDwarfBlock
		if !covers || !s.covers(e, pc) {
			r.SkipChildren()
			continue
		}
		if e.Tag != dwarf.TagInlinedSubroutine {
			continue // into it
		}
		from := Frame{Func: names[0]}
		from.Line = int(number(e, dwarf.AttrCallLine))
		if i := number(e, dwarf.AttrCallFile); i >= 0 && int(i) < len(files) && files[i] != nil {
			from.File = files[i].Name
		}
		names = append([]string{s.origin(e)}, names...)
		list[0].Func = names[0]
		list = append(list[:1], append([]Frame{from}, list[1:]...)...)
	}
	return list
}

func (s *symbols) covers(e *dwarf.Entry, pc uint64) bool {
	ranges, err := s.dwarf.Ranges(e)
	if err != nil {
		return false
	}
	for _, r := range ranges {
		if r[0] <= pc && pc < r[1] {
			return true
		}
	}
	return false
}

// origin is the name of the function that was inlined.
func (s *symbols) origin(e *dwarf.Entry) string {
	off, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
	if !ok {
		return ""
	}
	r := s.dwarf.Reader()
	r.Seek(off)
	of, err := r.Next()
	if err != nil || of == nil {
		return ""
	}
	name, _ := of.Val(dwarf.AttrName).(string)
	return name
}

func number(e *dwarf.Entry, a dwarf.Attr) int64 {
	v, ok := e.Val(a).(int64)
	if !ok {
		return -1
	}
	return v
}
