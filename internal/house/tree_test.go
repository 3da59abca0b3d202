package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is the source of the product, with the modules that are nested in it.
type tree struct {
	module string // "github.com/severhq/sever"
	set    *token.FileSet
	files  []*file
}

// file is one Go file. What is in a folder named "...test" is there for tests.
type file struct {
	path    string // "internal/plan/make.go"
	dir     string // "internal/plan"
	test    bool
	lines   int
	syntax  *ast.File
	imports []imported
}

// imported is one import, with what is ours written as a folder: "internal/plan".
type imported struct {
	path string
	ours bool
	line int
}

// load parses every Go file below root, except what the go command leaves out too.
func load(root fs.FS) (*tree, error) {
	t := &tree{set: token.NewFileSet()}
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return nil, err
	}
	first, _, _ := bytes.Cut(mod, []byte("\n"))
	t.module = strings.TrimSpace(strings.TrimPrefix(string(first), "module"))
	return t, fs.WalkDir(root, ".", func(at string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && at != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || slices.Contains([]string{"bin", "node_modules", "testdata"}, name)):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		source, err := fs.ReadFile(root, at)
		if err != nil {
			return err
		}
		return t.add(at, source)
	})
}

func (t *tree) add(at string, source []byte) error {
	syntax, err := parser.ParseFile(t.set, at, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := &file{path: at, dir: path.Dir(at), lines: bytes.Count(source, []byte("\n")), syntax: syntax}
	f.test = strings.HasSuffix(at, "_test.go") || match("...test", f.dir)
	for _, spec := range syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		folder, ours := strings.CutPrefix(name, t.module+"/")
		f.imports = append(f.imports, imported{folder, ours, t.set.Position(spec.Pos()).Line})
	}
	t.files = append(t.files, f)
	return nil
}

// declares reports whether the file has a package-level variable, constant or
// function of that name.
func (f *file) declares(name string) bool {
	named := func(n *ast.Ident) bool { return n.Name == name }
	for _, d := range f.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && named(d.Name) {
				return true
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && slices.ContainsFunc(v.Names, named) {
					return true
				}
			}
		}
	}
	return false
}

// nameOf is the name that the file gives to an imported package, "" if it does not
// import it.
func (f *file) nameOf(pkg string) string {
	for _, spec := range f.syntax.Imports {
		switch {
		case strings.Trim(spec.Path.Value, `"`) != pkg:
		case spec.Name != nil:
			return spec.Name.Name
		default:
			return path.Base(pkg)
		}
	}
	return ""
}

// at names a place in a file.
func (t *tree) at(n ast.Node) string {
	p := t.set.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// packages groups the files by folder, in order.
func (t *tree) packages() [][]*file {
	var all [][]*file
	for _, f := range t.files { // the walk gives one folder after the other, but for its subfolders
		i := slices.IndexFunc(all, func(p []*file) bool { return p[0].dir == f.dir })
		if i < 0 {
			all = append(all, []*file{f})
			continue
		}
		all[i] = append(all[i], f)
	}
	return all
}

// match reports whether a package matches a pattern: itself, or "folder/..." with all
// below, or "...test" for all that end so, or "..." for everything.
func match(pattern, pkg string) bool {
	if end, ok := strings.CutPrefix(pattern, "..."); ok {
		return strings.HasSuffix(pkg, end)
	}
	folder, tree := strings.CutSuffix(pattern, "...")
	if !tree {
		return pattern == pkg
	}
	return pkg+"/" == folder || strings.HasPrefix(pkg, folder)
}

func matchAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, pkg) })
}
