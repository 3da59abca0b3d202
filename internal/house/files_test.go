package house

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
)

// maxLines is generous: at 300, look for the second idea in a file.
const maxLines = 450

func checkLength(t *tree) []violation {
	var out []violation
	for _, f := range t.files {
		if f.lines > maxLines {
			out = append(out, violation{f.path, fmt.Sprintf("has %d lines, of at most %d", f.lines, maxLines),
				"nobody sees the second idea in it, and it grows a third"})
		}
	}
	return out
}

func checkPackageComments(t *tree) []violation {
	var out []violation
	for _, files := range t.packages() {
		said := func(f *file) bool { return f.syntax.Doc != nil }
		if !slices.ContainsFunc(files, said) {
			out = append(out, violation{files[0].path, "package " + files[0].syntax.Name.Name + " has no comment",
				"a newcomer has to read all of it to learn what it is for"})
		}
	}
	return out
}

var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "types", "errors"}

func checkPackageNames(t *tree) []violation {
	var out []violation
	for _, files := range t.packages() {
		if name := path.Base(files[0].dir); slices.Contains(emptyNames, name) {
			out = append(out, violation{files[0].dir, "is called " + name,
				"a name that says nothing keeps nothing out, until everybody imports it"})
		}
	}
	return out
}

var mark = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

func checkMarks(t *tree) []violation {
	var out []violation
	for _, f := range t.files {
		for _, group := range f.syntax.Comments {
			for _, c := range group.List {
				if m := mark.FindString(c.Text); m != "" {
					out = append(out, violation{t.at(c), "says " + m, "what is left to do is forgotten in a comment: do it, or open an issue"})
				}
			}
		}
	}
	return out
}

// callRule refuses functions of the standard library where they do harm.
type callRule struct {
	pkg   string
	calls []string
	holds func(*file) bool
	why   string
}

var callRules = []callRule{
	{
		"time", []string{"Sleep"}, func(f *file) bool { return f.test },
		"a test that sleeps is slow on a fast machine and red on a slow one: wait for the thing itself",
	},
	{
		"time", []string{"Sleep"}, func(f *file) bool {
			return !f.test && matchAny([]string{"workflows", "activities", "internal/provider/...", "internal/store"}, f.dir)
		},
		"a worker that sleeps holds its slot, cannot be stopped and is shown nowhere: waiting belongs to Temporal",
	},
	{
		"net/http", []string{"Get", "Head", "Post", "PostForm", "DefaultClient", "DefaultTransport"}, func(f *file) bool {
			return !f.test && match("internal/provider/...", f.dir)
		},
		"a request that passes the guard by may reach what no provider has declared, such as a whole cluster",
	},
	{
		// The environment is read once, by the programs, through internal/config. What
		// starts other programs hands part of it on, and looks for them in its $PATH.
		"os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, func(f *file) bool {
			return !f.test && !matchAny([]string{"internal/config", "internal/dev/..."}, f.dir)
		},
		"a variable that is read on the side is missing from the list of missing ones, and a test cannot set it without setting it for all",
	},
}

func checkCalls(t *tree) []violation {
	var out []violation
	for _, f := range t.files {
		for _, rule := range callRules {
			if rule.holds(f) {
				out = append(out, rule.check(t, f)...)
			}
		}
	}
	return out
}

func (r callRule) check(t *tree, f *file) []violation {
	local := f.nameOf(r.pkg)
	if local == "" {
		return nil
	}
	var out []violation
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains(r.calls, s.Sel.Name) {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
			out = append(out, violation{t.at(s), "uses " + path.Base(r.pkg) + "." + s.Sel.Name, r.why})
		}
		return true
	})
	return out
}
