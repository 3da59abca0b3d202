package chaos

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// logPrefix is how the target begins the lines of its log: the time, the process, who.
const logPrefix = "%n|%p|%u|"

var (
	logLine  = regexp.MustCompile(`^(\d+\.\d+)\|(\d+)\|([^|]*)\|(LOG|DETAIL|ERROR|STATEMENT|FATAL|WARNING|HINT|CONTEXT|NOTICE):  (.*)$`)
	executed = regexp.MustCompile(`^(?:statement|execute [^:]*): `)
	mutating = regexp.MustCompile(`(?is)^\s*(alter|revoke|drop|reassign|grant|create|comment|delete|update|insert)\b|pg_terminate_backend`)
	actingAs = regexp.MustCompile(`(?i)^set local role "?([^"]+)"?$`)
	valued   = regexp.MustCompile(`\$\d+ = ('(?:[^']|'')*'|NULL)`)
)

// statements are what a login sent, by the target's own log. Accounts are found by
// name, by a number that oids knows, or because the login acts as one: what it does then
// is about that one, for the server lets it do no more.
func statements(log, login string, oids map[string]string) []seen {
	var out []seen
	var last *seen // the statement that lines may follow
	acting := map[string]string{}
	for line := range strings.Lines(log) {
		line = strings.TrimRight(line, "\n")
		m := logLine.FindStringSubmatch(line)
		switch {
		case m == nil && strings.HasPrefix(line, "\t"):
			if last != nil {
				last.What += "\n" + line[1:]
			}
			continue
		case m == nil || m[3] != login:
			last = nil
			continue
		}
		switch text := m[5]; {
		case m[4] == "LOG" && executed.MatchString(text):
			what := executed.ReplaceAllString(text, "")
			if as := actingAs.FindStringSubmatch(what); as != nil {
				acting[m[2]] = as[1]
			} else if what == "commit" || what == "rollback" {
				delete(acting, m[2])
			}
			out = append(out, seen{At: epoch(m[1]), On: Target, What: what, Names: names(acting[m[2]])})
			last = &out[len(out)-1]
		case m[4] == "DETAIL" && last != nil:
			last.What += "\n" + text
		default:
			last = nil
		}
	}
	for i := range out {
		out[i].Changes = mutating.MatchString(out[i].What)
		text := out[i].What + " " + strings.Join(out[i].Names, " ")
		for _, v := range valued.FindAllStringSubmatch(text, -1) {
			text += " " + oids[strings.Trim(v[1], "'")]
		}
		out[i].Names = names(text)
	}
	return out
}

func epoch(text string) time.Time {
	f, _ := strconv.ParseFloat(text, 64)
	return time.UnixMilli(int64(f * 1000))
}

// tail is what a log has behind a mark.
func tail(path string, mark int64) string {
	b, err := os.ReadFile(path)
	if err != nil || int64(len(b)) < mark {
		return ""
	}
	return string(b[mark:])
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
