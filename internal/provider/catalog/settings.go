package catalog

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/plan"
)

// settings are common to the connections of every provider. They are read as text
// so that a problem is told by the name of its variable.
type settings struct {
	// Owner is the person who gets the tasks of the connection.
	Owner string `env:"OWNER"`
	// Protected are the names that may never be touched: "svc_*,deploy,*-bot".
	Protected string `env:"PROTECTED"`
	// Names are the naming rules: "{{.Login}},{{.Hosting}}_{{.Login}}".
	Names string `env:"NAMES"`
	// TasksPerSecond and Parallel narrow the provider's limits and never widen them.
	TasksPerSecond string `env:"TASKS_PER_SECOND"`
	Parallel       string `env:"PARALLEL"`
	// Settle is for how long what was sent may take effect unseen: see provider.Limits.
	Settle string `env:"SETTLE"`
	// Simulated says that a simulator on this machine answers, which needs none of the
	// consideration that the real system asks for: TasksPerSecond does not apply.
	Simulated bool `env:"SIMULATED"`
}

// configure fills what is common to all connections, and returns all problems.
func (c *Connection) configure(vars config.Vars) []error {
	prefix := Prefix(c.Name)
	set, err := config.Parse[settings](vars, prefix)
	if err != nil {
		return each(err)
	}
	var problems []error
	problem := func(variable, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s%s "+format, append([]any{prefix, variable}, args...)...))
	}
	c.Owner = strings.TrimSpace(set.Owner)
	for pattern := range strings.SplitSeq(set.Protected, ",") {
		pattern = strings.TrimSpace(pattern)
		if !strings.Contains(strings.TrimSuffix(strings.TrimPrefix(pattern, "*"), "*"), "*") {
			if pattern != "" {
				c.Protected = append(c.Protected, pattern)
			}
			continue
		}
		problem("PROTECTED", "has %q: a * may only stand first or last", pattern)
	}
	if c.Names, err = plan.ParseRules(set.Names); err != nil {
		problem("NAMES", "cannot be used: %w", err)
	}
	if set.Simulated {
		if err := leadsHere(vars, prefix); err != nil {
			problem("SIMULATED", "is set, and %v", err)
		}
		c.Limits.TasksPerSecond = 0
	}
	if set.Settle != "" {
		if c.Limits.Settle, err = time.ParseDuration(set.Settle); err != nil || c.Limits.Settle < 0 {
			problem("SETTLE", "is %q: it must be a duration such as 90s", set.Settle)
		}
	}
	if set.TasksPerSecond != "" {
		rate, err := strconv.ParseFloat(set.TasksPerSecond, 64)
		most := c.Limits.TasksPerSecond
		switch {
		case err != nil || !(rate > 0 && rate < 1e6):
			problem("TASKS_PER_SECOND", "is %q: it must be a number above 0", set.TasksPerSecond)
		case most > 0 && rate > most:
			problem("TASKS_PER_SECOND", "is %v: %s allows %v at most", rate, c.Kind, most)
		default:
			c.Limits.TasksPerSecond = rate
		}
	}
	if set.Parallel != "" {
		n, err := strconv.Atoi(set.Parallel)
		most := c.Spec.Limits.Parallel
		switch {
		case err != nil || n < 1:
			problem("PARALLEL", "is %q: it must be a whole number above 0", set.Parallel)
		case most > 0 && n > most:
			problem("PARALLEL", "is %d: %s allows %d at most", n, c.Kind, most)
		default:
			c.Limits.Parallel = n
		}
	}
	return problems
}

// leadsHere makes sure that every address of a connection is one of this machine: the
// pace of a real system is never lifted by mistake.
func leadsHere(vars config.Vars, prefix string) error {
	here := false
	for name, value := range vars {
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, "URL") {
			continue
		}
		u, err := url.Parse(value)
		if err != nil {
			return fmt.Errorf("%s cannot be read", name)
		}
		if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%s leads to another machine", name)
		}
		here = true
	}
	if !here {
		return errors.New("no address of this machine is")
	}
	return nil
}
