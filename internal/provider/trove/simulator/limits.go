package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// bucket leaks one request in every minute's share.
type bucket struct {
	level float64
	at    time.Time
}

// throttle counts a request, and refuses it when there were too many.
func (s *Server) throttle(method string) (reply, bool) {
	if s.o.PerMinute <= 0 {
		return reply{}, false
	}
	now, b := s.o.Now(), s.spent[method]
	rate := float64(s.o.PerMinute) / 60
	b.level = max(b.level-now.Sub(b.at).Seconds()*rate, 0)
	b.at = now
	if b.level+1 > float64(s.o.PerMinute) {
		s.spent[method] = b
		wait := int((b.level + 1 - float64(s.o.PerMinute)) / rate)
		return s.tooMany(method, max(wait, 1)), true
	}
	b.level++
	s.spent[method] = b
	return reply{}, false
}

// tooMany is a 413 in the shape of the switch.
func (s *Server) tooMany(method string, seconds int) reply {
	over := object{
		"code": http.StatusRequestEntityTooLarge, "message": "This request was rate-limited.",
		"details": fmt.Sprintf("Only %d %s request(s) can be made to * every minute.", s.o.PerMinute, method),
	}
	out := reply{status: http.StatusRequestEntityTooLarge, header: map[string]string{}, body: object{"overLimit": over}}
	until := s.o.Now().Add(time.Duration(seconds) * time.Second).UTC()
	out.header["Date"] = s.o.Now().UTC().Format(http.TimeFormat)
	switch s.o.ThrottleShape {
	case "date":
		out.header["Retry-After"] = until.Format(http.TimeFormat)
	case "retryAfter":
		over["retryAfter"] = strconv.Itoa(seconds)
	case "retryAt":
		over["retryAt"] = until.Format(time.RFC3339)
	case "silent":
	default:
		over["retryAfter"] = strconv.Itoa(seconds)
		out.header["Retry-After"] = strconv.Itoa(seconds)
	}
	return out
}
