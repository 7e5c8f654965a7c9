package labs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/telemetry"
)

// Root returns the module's folder: the first at or above dir whose go.mod is
// this module's.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if mod, err := os.ReadFile(filepath.Join(at, "go.mod")); err == nil && strings.HasPrefix(string(mod), "module socketlabs\n") {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not inside a clone of Socket Labs: change into one, or name it with --root", dir)
		}
	}
}

// Read finds the labs of the module at root: the folders directly under labs/
// that hold a package main. A lab that cannot be read whole is listed as
// Broken with what was read before: the others are not in its way, and building
// it can say what is wrong.
func Read(root string) (*Catalog, error) {
	dirs, err := os.ReadDir(filepath.Join(root, "labs"))
	if err != nil {
		return nil, err
	}
	shared, err := hashFiles(root, sharedFiles(root))
	if err != nil {
		return nil, err
	}
	c := &Catalog{Root: root}
	for _, d := range dirs {
		if !d.IsDir() || d.Name() == "internal" || d.Name() == "telemetry" {
			continue
		}
		l, err := read(root, d.Name(), shared)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c.Labs = append(c.Labs, l)
	}
	return c, nil
}

// sharedFiles are the module's files that every lab's binary is made of.
func sharedFiles(root string) []string {
	files := []string{"go.mod", "go.sum"}
	dirs := []string{"labs/telemetry"}
	entries, _ := os.ReadDir(filepath.Join(root, "labs/internal"))
	for _, e := range entries {
		if e.IsDir() && e.Name() != "labtest" { // that is for tests
			dirs = append(dirs, path.Join("labs/internal", e.Name()))
		}
	}
	for _, dir := range dirs {
		files = append(files, goFiles(root, dir)...)
	}
	return files
}

// goFiles lists the Go files of dir that are not tests, relative to root.
func goFiles(root, dir string) []string {
	entries, _ := os.ReadDir(filepath.Join(root, dir))
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") && e.Type().IsRegular() {
			files = append(files, path.Join(dir, e.Name()))
		}
	}
	return files
}

func hashFiles(root string, files []string) (string, error) {
	h := sha256.New()
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(root, f))
		if err != nil {
			return "", err
		}
		hashFile(h, f, text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// Source returns the Go files of a lab as they stand now, by their names in its
// folder, and the hash of them that is Lab.Code.
func Source(root, name string) (code string, files map[string]string, err error) {
	h, files := sha256.New(), map[string]string{}
	for _, f := range goFiles(root, path.Join("labs", name)) {
		text, err := os.ReadFile(filepath.Join(root, f))
		if err != nil {
			return "", nil, err
		}
		hashFile(h, f, text)
		files[path.Base(f)] = string(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), files, nil
}

func hashFile(h io.Writer, name string, text []byte) {
	fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
}

// read reads one lab; fs.ErrNotExist when the folder holds no package main.
func read(root, name, shared string) (Lab, error) {
	dir := path.Join("labs", name)
	files := goFiles(root, dir)
	if len(files) == 0 {
		return Lab{}, fs.ErrNotExist
	}
	code, err := hashFiles(root, files)
	if err != nil {
		return Lab{}, err
	}
	sum := sha256.Sum256([]byte(code + shared))
	l := Lab{Name: name, Code: code, Build: hex.EncodeToString(sum[:8])}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return Lab{}, err
		}
		l.Lines += bytes.Count(text, []byte{'\n'})
		r := reader{root: root, file: file, text: text, lab: &l}
		switch err := r.read(); {
		case errors.Is(err, fs.ErrNotExist):
			return Lab{}, err
		case err != nil && l.Broken == "":
			l.Broken = err.Error()
		}
	}
	return l, nil
}

// reader reads one file of a lab.
type reader struct {
	root string
	file string
	text []byte
	set  *token.FileSet
	lab  *Lab
}

func (r *reader) read() error {
	r.set = token.NewFileSet()
	f, err := parser.ParseFile(r.set, r.file, r.text, parser.ParseComments|parser.SkipObjectResolution)
	if list, ok := err.(scanner.ErrorList); ok {
		return list[0]
	}
	if f.Name.Name != "main" {
		return fs.ErrNotExist
	}
	if f.Doc != nil && r.lab.Synopsis == "" {
		r.lab.Synopsis = synopsis(f.Doc.Text())
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if err := r.vars(d); err != nil {
				return err
			}
		case *ast.FuncDecl:
			r.lab.Funcs = append(r.lab.Funcs, r.function(d))
		}
	}
	return nil
}

// synopsis is the first sentence of a package comment.
func synopsis(doc string) string {
	doc = strings.Join(strings.Fields(doc), " ")
	if i := strings.Index(doc, ". "); i >= 0 {
		doc = doc[:i+1]
	}
	return doc
}

// vars reads the flags and the variable m among a declaration's variables.
func (r *reader) vars(d *ast.GenDecl) error {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if fields, ok := v.Type.(*ast.StructType); ok && len(v.Names) == 1 && v.Names[0].Name == "m" {
			r.lab.Metrics = append(r.lab.Metrics, r.metrics(fields, "")...)
		}
		for _, value := range v.Values {
			call, ok := value.(*ast.CallExpr)
			if !ok || !selects(call.Fun, "flag", "") {
				continue
			}
			knob, err := r.knob(call)
			if err != nil {
				return fmt.Errorf("%s: %w", r.at(call.Pos()), err)
			}
			r.lab.Knobs = append(r.lab.Knobs, knob)
		}
	}
	return nil
}

var kinds = map[string]lab.SettingKind{
	"Bool": lab.Bool, "Int": lab.Int, "Float64": lab.Float, "String": lab.Choice, "Duration": lab.Duration,
}

func (r *reader) knob(call *ast.CallExpr) (Setting, error) {
	kind, ok := kinds[call.Fun.(*ast.SelectorExpr).Sel.Name]
	if !ok || len(call.Args) != 3 {
		return Setting{}, errors.New("a knob is declared by flag.Bool, Int, Float64, String or Duration")
	}
	name, err := eval(call.Args[0])
	if err != nil {
		return Setting{}, err
	}
	value, err := eval(call.Args[1])
	if err != nil {
		return Setting{}, err
	}
	usage, err := eval(call.Args[2])
	if err != nil {
		return Setting{}, err
	}
	def, ok := setting(kind, value)
	if !ok || name.Kind() != constant.String || usage.Kind() != constant.String {
		return Setting{}, errors.New("a flag has a name, a default of its type and a usage")
	}
	return lab.ParseUsage(constant.StringVal(name), kind, def, constant.StringVal(usage))
}

// setting turns a flag's default into a Setting's.
func setting(kind lab.SettingKind, v constant.Value) (any, bool) {
	switch kind {
	case lab.Bool:
		return v.Kind() == constant.Bool && constant.BoolVal(v), v.Kind() == constant.Bool
	case lab.Choice:
		if v.Kind() != constant.String {
			return nil, false
		}
		return constant.StringVal(v), true
	}
	if v.Kind() != constant.Int && v.Kind() != constant.Float {
		return nil, false
	}
	n, _ := constant.Float64Val(v)
	if kind == lab.Duration {
		n /= float64(time.Second)
	}
	return n, true
}

// metrics lists the fields of m, and of what it embeds from a package under
// labs/internal: their names and kinds. Of an embedded struct, pkg is the package.
func (r *reader) metrics(s *ast.StructType, pkg string) []telemetry.Metric {
	of := map[string]telemetry.MetricKind{
		"Counter": telemetry.KindCounter, "Gauge": telemetry.KindGauge, "Histogram": telemetry.KindHistogram,
	}
	var list []telemetry.Metric
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 {
			list = append(list, r.embedded(f.Type, pkg)...)
			continue
		}
		sel, ok := f.Type.(*ast.SelectorExpr)
		if !ok || of[sel.Sel.Name] == "" {
			continue
		}
		for _, n := range f.Names {
			name := telemetry.Name(n.Name)
			m := telemetry.Metric{Name: "lab." + name, Kind: of[sel.Sel.Name]}
			if strings.Contains("_"+name+"_", "_bytes_") || name == "pending" {
				m.Unit = "bytes"
			}
			list = append(list, m)
		}
	}
	return list
}

// embedded lists the metrics of an embedded struct: x.Name of labs/internal/x, or
// Name of pkg, where x.Name stands.
func (r *reader) embedded(e ast.Expr, pkg string) []telemetry.Metric {
	name, ok := e.(*ast.Ident)
	if sel, selected := e.(*ast.SelectorExpr); selected {
		x, _ := sel.X.(*ast.Ident)
		ok, pkg, name = x != nil && pkg == "", x.String(), sel.Sel
	}
	if !ok || pkg == "" {
		return nil
	}
	for _, file := range goFiles(r.root, path.Join("labs/internal", pkg)) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(r.root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, d := range f.Decls {
			types, ok := d.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, spec := range types.Specs {
				if t := spec.(*ast.TypeSpec); t.Name.Name == name.Name {
					if s, ok := t.Type.(*ast.StructType); ok {
						return r.metrics(s, pkg)
					}
				}
			}
		}
	}
	return nil
}

// function returns a declaration with its comment, its text and the lines that count.
func (r *reader) function(d *ast.FuncDecl) Func {
	from := d.Pos()
	if d.Doc != nil {
		from = d.Doc.Pos()
	}
	start, end := r.set.Position(from), r.set.Position(d.End())
	f := Func{Name: d.Name.Name, File: r.file, Line: start.Line, Text: string(r.text[start.Offset:end.Offset])}
	ast.Inspect(d, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if metric, ok := counted(call); ok {
				f.Counts = append(f.Counts, Count{r.set.Position(call.Pos()).Line, "lab." + metric})
			}
		}
		return true
	})
	return f
}

// counted returns the metric that a call like m.ShortWrites.Inc() counts.
func counted(call *ast.CallExpr) (string, bool) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Inc", "Dec", "Add", "Set", "Observe"}, method.Sel.Name) || !selects(method.X, "m", "") {
		return "", false
	}
	return telemetry.Name(method.X.(*ast.SelectorExpr).Sel.Name), true
}

// selects says whether e is x.name; any name when name is empty.
func selects(e ast.Expr, x, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || name != "" && sel.Sel.Name != name {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == x
}

func (r *reader) at(p token.Pos) string {
	return r.file + ":" + strconv.Itoa(r.set.Position(p).Line)
}

var durations = map[string]time.Duration{
	"Nanosecond": time.Nanosecond, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
	"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
}

// eval evaluates a flag's constant: literals, true and false, time.Second, and
// arithmetic of these.
func eval(e ast.Expr) (constant.Value, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), nil
	case *ast.ParenExpr:
		return eval(e.X)
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return constant.MakeBool(e.Name == "true"), nil
		}
	case *ast.SelectorExpr:
		if d, ok := durations[e.Sel.Name]; ok && selects(e, "time", "") {
			return constant.MakeInt64(int64(d)), nil
		}
	case *ast.BinaryExpr:
		x, err := eval(e.X)
		if err != nil {
			return nil, err
		}
		y, err := eval(e.Y)
		if err != nil {
			return nil, err
		}
		return binary(x, e.Op, y)
	}
	return nil, errors.New("a flag's name, default and usage are constants: literals, time.Second, and arithmetic of these")
}

func binary(x constant.Value, op token.Token, y constant.Value) (constant.Value, error) {
	switch op {
	case token.SHL, token.SHR:
		if x.Kind() == constant.Int && y.Kind() == constant.Int {
			if n, exact := constant.Uint64Val(y); exact && n < 63 {
				return constant.Shift(x, op, uint(n)), nil
			}
		}
	case token.ADD, token.SUB, token.MUL:
		if x.Kind() == y.Kind() && (x.Kind() != constant.String || op == token.ADD) && x.Kind() != constant.Bool {
			return constant.BinaryOp(x, op, y), nil
		}
	}
	return nil, fmt.Errorf("a flag's constant cannot use %s like this", op)
}
