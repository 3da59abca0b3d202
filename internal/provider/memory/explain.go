package memory

import (
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Explain is the step in the words of a made-up client.
func (s *System) Explain(step access.Step) []string {
	words := []string{string(step.Action), step.Account.String()}
	add := func(word, value string) {
		if value != "" {
			words = append(words, word, value)
		}
	}
	add("from", step.Object)
	add("in", step.Database)
	add("by", string(step.Mode))
	add("to", step.Successor)
	line := strings.Join(words, " ")
	if step.Action == access.Contain {
		return []string{line, "end sessions " + step.Account.String()}
	}
	return []string{line}
}
