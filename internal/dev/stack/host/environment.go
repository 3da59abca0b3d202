package host

import "os"

// inherited are the variables that a child gets to see. Everything else stays here: PG* variables would
// redirect a database server, and our own may hold the keys to other people's systems.
var inherited = []string{
	"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
}

// Environment is the environment for a child that needs none of our settings, followed by extra.
func Environment(extra ...string) []string {
	var env []string
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, extra...)
}
