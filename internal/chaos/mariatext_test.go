package chaos

import (
	"fmt"
	"regexp"
	"strings"
)

// The commands of MySQL's protocol that our driver uses.
const (
	comQuit    = 0x01
	comQuery   = 0x03
	comPing    = 0x0e
	comPrepare = 0x16
	comForget  = 0x19 // a prepared statement
	comReset   = 0x1f
)

var (
	// reading is what changes nothing on the server. Whatever is not this is a change.
	reading = regexp.MustCompile(`(?is)^\s*(?:(?:select|show|use)\b|set (?:names|session sql_mode|sql_mode|lock_wait_timeout|time_zone)\b)`)
	// listing names nobody and reads everybody.
	listing = regexp.MustCompile(`(?is)^\s*select .* from mysql\.global_priv\s*$`)
	killing = regexp.MustCompile(`(?i)^\s*kill (?:hard |soft )?(?:connection |query )?(\d+)\s*$`)
	hosted  = regexp.MustCompile("`chaos\\d+p\\dx?`@`([^`]*)`")
	hashed  = regexp.MustCompile(`\*[0-9A-Fa-f]{40}`)
	// owned are the things of a person, which are not named after one: what keeps such a
	// name when the person is gone would count as left.
	owned = regexp.MustCompile(`papers_(\d+)_(\d)`)
)

// statement is what a command asks for; nil where that is neither a change nor a look at
// an account or at all of them. A statement about a thing of somebody is about its owner.
func (t *tap) statement(command byte, text string) *seen {
	switch command {
	case comQuit, comPing, comForget, comReset:
		return nil
	case comQuery, comPrepare:
	default:
		return &seen{On: Maria, Changes: true, What: fmt.Sprintf("a command %#x, which may do anything", command)}
	}
	s := &seen{On: Maria, Changes: !reading.MatchString(text), Names: names(owned.ReplaceAllString(text, "chaos${1}p${2}")),
		What: hashed.ReplaceAllString(text, "*")}
	if m := hosted.FindStringSubmatch(text); m != nil {
		s.Where = m[1]
	} else if owned.MatchString(text) {
		s.Where = MariaHosts[0]
	}
	if m := killing.FindStringSubmatch(text); m != nil {
		who := t.whose(m[1])
		if who == "" {
			return nil // it is over: numbers are not given out again
		}
		s.Names, s.What = names(who), s.What+" of "+who
	}
	if !s.Changes && len(s.Names) == 0 && !listing.MatchString(strings.TrimRight(text, "; \n")) {
		return nil
	}
	return s
}
